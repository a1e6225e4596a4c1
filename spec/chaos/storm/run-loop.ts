import { acceptLoop } from 'accept-loop';
import type { ServerResponse } from 'node:http';
import type { Arena } from './arena.ts';
import type { RoundPlan } from './plan.ts';
import { beginCall, type OnCall, type Running } from './running.ts';

export function runLoop(arena: Arena, plan: RoundPlan, onCall: OnCall): Running {
  const { subject, handle, ledger } = arena;
  const { maxQueued, consumers } = plan;
  const stop = new AbortController();
  arena.markListeners();
  const loop = acceptLoop(subject, { signal: stop.signal, maxQueued });
  let leaves: 'break' | 'throw' | undefined;
  const start = async (connection: unknown): Promise<void> => {
    try {
      beginCall(arena, plan, connection);
      await handle(connection, { ledger, isServed: false });
    } catch {
      endFailed(connection);
    }
  };
  const consume = async (): Promise<void> => {
    for await (const connection of loop) {
      onCall();
      void start(connection);
      if (leaves === 'break') break;
      if (leaves === 'throw') throw new Error('A consumer leaves');
    }
  };
  const consuming = Promise.allSettled(Array.from({ length: consumers }, consume));
  return {
    stop,
    settled: consuming.then(() => ({ loop: loop.stats })),
    dispose: () => void loop[Symbol.asyncDispose](),
    leave(how) {
      if (how === 'return') void loop.return();
      // With its next connection.
      else leaves = how;
    },
  };
}

interface Destroyable {
  destroy(error?: Error): void;
}

/** What an owner does whose handler has failed. */
export function endFailed(connection: unknown): void {
  const [first, second] = [connection].flat() as [
    Destroyable & { terminate?: () => void },
    (Destroyable & { stream?: Destroyable } & Partial<ServerResponse>)?,
  ];
  if (first.terminate) first.terminate();
  else if (second?.headersSent === false) second.writeHead?.(500).end();
  // Without an error half an answer of HTTP/2 would pass for a whole one.
  else if (second?.stream) second.stream.destroy(new Error('The handler has failed'));
  else (second ?? first).destroy();
}
