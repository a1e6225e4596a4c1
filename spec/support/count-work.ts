import { EventEmitter } from 'node:events';
import { Session } from 'node:inspector/promises';

/**
 * Measures work in steps: a block of lib/ that ran, or an element that a built-in method went
 * through.
 */
export interface WorkCounter {
  /** The steps since the last call, or since the counting began. */
  readonly take: () => Promise<number>;
  readonly stop: () => void;
}

/** How many functions of Node's may be between lib/ and a counted method. */
const DEPTH = 6;

/** Files whose code runs by the clock or in each turn of the event loop, not because of clients. */
const byTime = /last-call\.ts$|sweeper\.ts$|listener\.ts$/;

/** Methods that go through all elements. */
const walks = {
  Array: [
    Array.prototype,
    ['concat', 'every', 'filter', 'find', 'findIndex', 'flatMap', 'forEach', 'includes', 'indexOf'],
    ['join', 'lastIndexOf', 'map', 'reduce', 'shift', 'slice', 'some', 'sort', 'splice'],
    ['unshift', 'values', Symbol.iterator],
  ],
  Set: [Set.prototype, ['forEach', 'keys', 'values', Symbol.iterator]],
  Map: [Map.prototype, ['entries', 'forEach', 'keys', 'values', Symbol.iterator]],
} as const;

/** Methods of emitters that go through the listeners of an event. */
const emitterWalks = ['off', 'removeListener'] as const;

/**
 * Counts the work of lib/ in this process. The process must do nothing else. The counts are the
 * profiler's counts of blocks, so each round of a loop counts. Time is not measured.
 */
export async function countWork(): Promise<WorkCounter> {
  let walked = 0;
  for (const [prototype, ...names] of Object.values(walks)) {
    for (const name of names.flat()) {
      count(prototype, name, (self) => {
        const { length, size = length } = self as { length?: number; size?: number };
        walked += size ?? 0;
      });
    }
  }
  for (const name of emitterWalks) {
    count(EventEmitter.prototype, name, (self, [event]) => {
      walked += (self as EventEmitter).listenerCount(event as string);
    });
  }
  const session = new Session();
  session.connect();
  await session.post('Profiler.enable');
  await session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: true });
  const take = async (): Promise<number> => {
    const { result } = await session.post('Profiler.takePreciseCoverage');
    let steps = walked;
    for (const { url, functions } of result) {
      if (!isOfLib(url)) continue;
      for (const { ranges } of functions) for (const range of ranges) steps += range.count;
    }
    walked = 0;
    return steps;
  };
  await take();
  return { take, stop: () => session.disconnect() };
}

/** The file of the function at a place of the stack. The counted methods must not be used here. */
let place = 0;
function fileAt(_error: Error, sites: readonly NodeJS.CallSite[]): string {
  return sites[place]?.getFileName() ?? '';
}

/** Whether lib/ has called the counted method, directly or through code of Node. */
function isCalledByLib(counting: unknown): boolean {
  const { stackTraceLimit } = Error;
  const prepareStackTrace: unknown = Reflect.get(Error, 'prepareStackTrace');
  Reflect.set(Error, 'prepareStackTrace', fileAt);
  let file = 'node:';
  for (place = 0; place < DEPTH && file.startsWith('node:'); place += 1) {
    const trace: { stack?: string } = {};
    // A long trace takes its time, and most of these calls are of no code of Node.
    Error.stackTraceLimit = place + 1;
    Error.captureStackTrace(trace, counting as () => void);
    file = trace.stack ?? '';
  }
  Error.stackTraceLimit = stackTraceLimit;
  Reflect.set(Error, 'prepareStackTrace', prepareStackTrace);
  return isOfLib(file);
}

function isOfLib(file: string): boolean {
  return file.includes('/lib/') && !file.includes('node_modules') && !byTime.test(file);
}

function count(
  prototype: object,
  name: string | symbol,
  walk: (self: unknown, args: unknown[]) => void,
): void {
  const method = Reflect.get(prototype, name) as (...args: unknown[]) => unknown;
  const counting = function (this: unknown, ...args: unknown[]): unknown {
    if (isCalledByLib(counting)) walk(this, args);
    return Reflect.apply(method, this, args);
  };
  Object.defineProperty(prototype, name, { value: counting, configurable: true, writable: true });
}
