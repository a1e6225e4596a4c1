import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { Behaviour } from '../behaviour.ts';
import { echo } from './handlers.ts';
import type { Running } from '../implementation.ts';

/** An error as libuv tells of one connection that it could not accept. */
function acceptError(code: string): Error {
  return Object.assign(new Error(`accept ${code}`), { code, syscall: 'accept' });
}

/** Has the listener tell of them. Where nobody listens for errors, `emit` throws. */
function emit(running: Running, errors: readonly Error[]): void {
  for (const error of errors) {
    try {
      running.emitError(error);
    } catch {
      assert.fail(`crashes the process by ${error.message}`);
    }
  }
}

async function answers(running: Running): Promise<void> {
  const { socket, ending } = await running.connect();
  socket.end('new');
  assert.equal((await ending).text, 'new', 'serves no client any more');
}

/** Errors of accept(2), told by the listener as Node tells them. */
export const acceptErrors: readonly Behaviour[] = [
  {
    number: 39,
    title: 'reports each of ten EMFILE errors once, as the same object, and goes on',
    needs: ['accept errors'],
    async holds(scene) {
      const serving = await scene.serve(echo);
      const errors = Array.from({ length: 10 }, () => acceptError('EMFILE'));
      emit(serving, errors);
      await answers(serving);
      assert.deepEqual(serving.stats().errors, errors);
    },
  },
  {
    number: 40,
    title: 'serves old and new clients when descriptors have run out for a while',
    needs: ['accept errors'],
    async holds(scene) {
      const serving = await scene.serve(echo);
      const { socket } = await serving.connect();
      await serving.arrived(1);
      const codes = Array.from({ length: 5 }, () => ['EMFILE', 'ENFILE']).flat();
      emit(serving, codes.map(acceptError));
      socket.write('old');
      assert.equal(String(await once(socket, 'data')), 'old');
      await answers(serving);
    },
  },
  {
    number: 41,
    title: 'goes on at once if a client has gone before it was accepted',
    needs: ['accept errors'],
    async holds(scene) {
      const serving = await scene.serve(echo);
      const codes = ['ECONNABORTED', 'EPERM', 'EPROTO', 'ENETDOWN', 'EHOSTUNREACH'];
      emit(serving, codes.map(acceptError));
      await answers(serving);
    },
  },
  {
    number: 42,
    title: 'ends with the error of a broken listener, and closes the listener',
    needs: ['accept errors', 'ends by errors'],
    async holds(scene) {
      const serving = await scene.serve(echo);
      const broken = new Error('the listener is broken');
      serving.emitError(broken);
      const { error } = await scene.happens(serving.over, 'does not end');
      assert.equal(error, broken);
      await scene.refuses(serving);
    },
  },
];
