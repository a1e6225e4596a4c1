import assert from 'node:assert/strict';
import type { OpenConnection } from 'accept-loop';

type Open = Omit<OpenConnection, 'age' | 'remoteAddress' | 'remotePort'>;

/**
 * Asserts that each client is listed exactly once, with an address and an age. Returns the rest of
 * each entry, in the order of `ports`.
 */
export function openOf(
  all: readonly OpenConnection[],
  ports: readonly (number | undefined)[],
): Open[] {
  assert.deepEqual(
    new Set(all.map(({ remotePort }) => remotePort)),
    new Set(ports),
    JSON.stringify(all),
  );
  assert.equal(all.length, ports.length);
  return ports.map((port) => {
    const found = all.find(({ remotePort }) => remotePort === port) ?? assert.fail();
    const { age, remoteAddress, remotePort: _port, ...others } = found;
    assert.equal(remoteAddress, '127.0.0.1');
    assert.ok(age >= 0 && age < 60_000, String(age));
    return others;
  });
}
