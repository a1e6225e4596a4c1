import assert from 'node:assert/strict';
import { urlOf, requestLineOf } from '../../../lib/protocols/http/request-line.ts';
import { SHOWN_URL } from '../../../lib/bounds.ts';
import { cpuTime } from '../../support/cpu-time.ts';
import { suite } from '../../support/suite.ts';
import { collectWarnings } from '../../support/warnings.ts';
import { turns } from '../../support/turns.ts';

const test = suite('the request line that is shown');

const shown: Readonly<Record<string, string>> = {
  '/': '/',
  '*': '*',
  '': '',
  '/reports/7?token=secret': '/reports/7',
  '/reports/7#secret': '/reports/7',
  '/?secret': '/',
  '/users/@me': '/users/@me',
  '//user:secret@host/': '//host/',
  '//users/@me': '//users/@me',
  'localhost:443': 'localhost:443',
  '[::1]:443': '[::1]:443',
  'user:secret@localhost:443': 'localhost:443',
  'http://host/path?secret': 'http://host/path',
  'http://host?secret': 'http://host',
  'http://host#secret': 'http://host',
  'http://user:secret@host:80/path?secret': 'http://host:80/path',
  'http://secret@host': 'http://host',
  'http://a@secret@host/@': 'http://host/@',
  'http://user:secret@host/a@b': 'http://host/a@b',
  'http://host/a@b': 'http://host/a@b',
  'http://user:se?cret@host/': 'http://',
  'http://user:se#cret@host/': 'http://',
  'http://host?mail=secret@host': 'http://',
  'http:/user:secret@host/': 'http:/host/',
  'http:\\\\user:secret@host/': 'http:\\\\host/',
  'http:user:secret@host/': 'host/',
  'HTTPS://user:secret@host/': 'HTTPS://host/',
};

for (const [target, url] of Object.entries(shown)) {
  test(`of ${JSON.stringify(target)} has ${JSON.stringify(url)}`, () => {
    assert.equal(urlOf(target), url);
  });
}

test('has no character that a terminal would obey', () => {
  assert.equal(
    urlOf('/a\u001B[2J\u009Bx\r\n\u202Eb\u2028c\0'),
    '/a\uFFFD[2J\uFFFDx\uFFFD\uFFFD\uFFFDb\uFFFDc\uFFFD',
  );
});

test('is cut at a bound, behind a password that is longer, too', () => {
  const long = `/${'a'.repeat(SHOWN_URL)}`;
  assert.equal(urlOf(long), `${long.slice(0, SHOWN_URL)}…`);
  assert.equal(urlOf(long.slice(1)), long.slice(1));
  assert.equal(urlOf(`http://user:${'secret'.repeat(5000)}@host/`), 'http://host/');
});

test('is found in linear time, whatever the client has sent', () => {
  const hostile = ['@', '/', '?', ':', 'http://', 'a@', '\\', '#@'].map(
    (part) => `http:${part.repeat(1 << 20)}`,
  );
  const elapsed = cpuTime(() => {
    for (const target of hostile) assert.ok(urlOf(target).length <= SHOWN_URL + 1);
  });
  assert.ok(elapsed < 2000, `${elapsed} ms`);
});

test('has what the router has cut off', () => {
  const request = { method: 'GET', url: '/7', originalUrl: '/reports/7?secret' };
  assert.deepEqual(requestLineOf(request), { method: 'GET', url: '/reports/7' });
});

test('leaves out what is no text', () => {
  assert.deepEqual(requestLineOf({ method: 7, url: {} }), {});
  assert.deepEqual(requestLineOf({}), {});
  assert.deepEqual(requestLineOf(undefined), {});
});

test('costs the field whose getter throws, and is told of once', async () => {
  const { warnings, stopCollecting } = collectWarnings();
  const request = {
    method: 'GET',
    get url(): string {
      throw new Error('url throws');
    },
  };
  for (let count = 0; count < 2; count += 1)
    assert.deepEqual(requestLineOf(request), { method: 'GET' });
  await turns(2);
  stopCollecting();
  assert.equal(warnings.length, 1);
});

test.run();
