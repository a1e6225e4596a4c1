import assert from 'node:assert/strict';
import type { Server } from 'node:net';
import { listen } from 'accept-loop';
import { abortListeners, listenersOn } from '../../support/listeners.ts';
import { turns } from '../../support/turns.ts';
import type { Running, StartOptions } from '../implementation.ts';
import { createNodeServer, NodeListener, whereOf } from './node-listener.ts';

/** Milliseconds that an idle HTTP client has for one more request. */
export const idle = 50;

/** A server that listens by `listen`, before something of this package is put on it. */
export interface OurListener {
  readonly server: Server;
  readonly errors: unknown[];
  readonly signal: AbortSignal;
  readonly running: Running;
  /** Ends it, when its end has been brought about, and asserts that nothing is left of it. */
  readonly clear: (over: Promise<unknown>) => Promise<void>;
}

/** @param prepare - What the server's owner does with it. */
export async function startListener(
  options: StartOptions,
  prepare: (server: Server) => void = () => {},
): Promise<OurListener> {
  const server = createNodeServer(options, { allowHalfOpen: true });
  const node = new NodeListener(server, options);
  prepare(server);
  const before = listenersOn(server);
  const stop = new AbortController();
  const { signal = stop.signal } = options;
  const others = abortListeners(signal);
  await listen(server, whereOf(options));
  const running = { ...node.running(), stop: () => stop.abort() };
  const clear = async (over: Promise<unknown>): Promise<void> => {
    await over;
    await running.clear();
    if (running.stats().closes === 0) await new Promise((done) => server.once('close', done));
    // What guards a server that is closed before it listens stays for a turn.
    await turns(2);
    assert.deepEqual(listenersOn(server), before);
    assert.ok(abortListeners(signal) <= others);
  };
  return { server, errors: node.errors, signal, running, clear };
}
