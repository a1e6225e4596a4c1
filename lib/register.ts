import { isMainThread } from 'node:worker_threads';
import { delaySignal } from './delay-signal.ts';
import { tellsListening } from './primitives/runtime.ts';
import { Registration } from './registering/registration.ts';
import { readSettings } from './registering/settings.ts';

/**
 * To be preloaded: `node --import accept-loop/register server.js`. Every server that the process
 * opens is drained at SIGTERM or SIGINT, without a line of code. docs/register.md has the contract.
 *
 * @throws `RangeError` for a bad environment variable, `Error` on a runtime that does not tell of
 * servers that listen: the program does not start.
 */
const settings = readSettings(process.env);
if (!tellsListening) {
  throw new Error(
    'Cannot register: this runtime does not tell of servers that listen, call drain() in the program',
  );
}
// Signals come to the main thread alone.
if (isMainThread) {
  new Registration(settings, (told) => delaySignal(told, settings.delay)).start();
}
