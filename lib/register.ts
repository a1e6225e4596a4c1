import { isMainThread } from 'node:worker_threads';
import { delaySignal } from './delay-signal.ts';
import { tellsListening } from './primitives/runtime.ts';
import { Registration } from './registering/registration.ts';
import { readSettings } from './registering/settings.ts';

/**
 * To be preloaded: `node --import accept-loop/register server.js`. Drains every server that the
 * process opens at SIGTERM or SIGINT, without a line of code. docs/register.md has the contract.
 *
 * @throws `RangeError` for a bad environment variable. `Error` on a runtime that does not report
 * which servers listen. In both cases the program does not start.
 */
const settings = readSettings(process.env);
if (!tellsListening) {
  throw new Error(
    'Cannot register: this runtime does not report listening servers. Call drain() in the program',
  );
}
/** The key of a property of the process that has been registered, by whichever copy of this file. */
const mark = Symbol.for('accept-loop.registered');
// Only the main thread receives signals. Two copies would each leave them to the other.
if (isMainThread && !Object.hasOwn(process, mark)) {
  Object.defineProperty(process, mark, { value: true });
  new Registration(settings, (told) => delaySignal(told, settings.delay)).start();
}
