import assert from 'node:assert/strict';
import { once } from 'node:events';
import { lstatSync, renameSync } from 'node:fs';
import { createServer } from 'node:net';

/** Leaves a socket file as a process does that is killed: its server's close() looks elsewhere. */
export async function leaveStaleFile(path: string): Promise<void> {
  const server = createServer().listen(`${path}.dead`);
  await once(server, 'listening');
  renameSync(`${path}.dead`, path);
  const ended = once(server, 'close');
  server.close();
  await ended;
  assert.equal(lstatSync(path).isSocket(), true);
}
