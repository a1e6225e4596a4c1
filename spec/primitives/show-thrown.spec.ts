import assert from 'node:assert/strict';
import { EventEmitter } from 'node:events';
import { acceptLoop } from 'accept-loop';
import { isAcceptError } from '../../lib/listening/accept-error.ts';
import { isOrdinaryError, showThrown } from '../../lib/primitives/show-thrown.ts';
import { oddErrors } from '../support/odd-errors.ts';
import { suite } from '../support/suite.ts';

const test = suite('what was thrown');

class Failure extends TypeError {
  override readonly name = 'Failure';
  readonly code = 'ERR_FAILURE';
}

test('is handed on as it is if it is an ordinary error', () => {
  const system = Object.assign(new Error('x'), { code: 'ENOENT', errno: -2, detail: 'no file' });
  const errors = [new Error('x'), new Failure('x'), system, new AggregateError([1], 'x')];
  for (const error of [...errors, Object.freeze(new RangeError())]) {
    assert.ok(isOrdinaryError(error), error.message);
  }
});

for (const [what, make] of Object.entries(oddErrors)) {
  test(`is shown, though it may resist: ${what}`, () => {
    const thrown = make();
    assert.equal(typeof isOrdinaryError(thrown), 'boolean');
    assert.match(showThrown(thrown), /./);
    assert.equal(isAcceptError(thrown), false);
  });
}

test('is told from an error of accept(2) that the listener survives', () => {
  assert.equal(isAcceptError(Object.assign(new Error('x'), { syscall: 'accept' })), true);
});

test('is shown another way if its own way throws', () => {
  const error = oddErrors['its way to be inspected throws']?.();
  assert.match(showThrown(error), /Error/);
});

test("rejects next(), as it is, if it is an emitter's error", async () => {
  for (const [what, make] of Object.entries(oddErrors)) {
    const thrown = make();
    const emitter = new EventEmitter();
    const loop = acceptLoop(emitter, { event: 'thing' });
    const rejected = loop.next().then(
      () => assert.fail(what),
      (reason: unknown) => Object.is(reason, thrown),
    );
    emitter.emit('error', thrown);
    assert.ok(await rejected, what);
  }
});

test.run();
