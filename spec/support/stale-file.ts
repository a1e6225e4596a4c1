import assert from 'node:assert/strict';
import { once } from 'node:events';
import { lstatSync, renameSync } from 'node:fs';
import { createServer } from 'node:net';

/**
 * Leaves a socket file, like a process that was killed. The file is renamed first, so that the
 * close of its server does not remove it.
 */
export async function leaveStaleFile(path: string): Promise<void> {
  const server = createServer().listen(`${path}.dead`);
  await once(server, 'listening');
  renameSync(`${path}.dead`, path);
  const ended = once(server, 'close');
  server.close();
  await ended;
  assert.equal(lstatSync(path).isSocket(), true);
}
