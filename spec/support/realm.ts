import { createRequire } from 'node:module';
import { join } from 'node:path';
import { type Context, createContext, runInContext } from 'node:vm';
import { buildSync } from 'esbuild';
import type * as Package from 'accept-loop';
import { projectRoot } from './spawn-script.ts';

/** Another realm of this process, such as a test runner makes for each file, with the package in it. */
export interface Realm extends Context {
  /** Its own; in a new realm without `dispose` and `asyncDispose`, as in one of Node 20. */
  readonly Symbol: SymbolConstructor;
  readonly Error: ErrorConstructor;
  readonly Promise: PromiseConstructor;
  readonly acceptLoop: typeof Package;
}

/** What a runtime gives its realms, and a language does not. */
const globals = {
  AbortController,
  AbortSignal,
  Buffer,
  DOMException,
  clearImmediate,
  clearInterval,
  clearTimeout,
  performance,
  process,
  queueMicrotask,
  setImmediate,
  setInterval,
  setTimeout,
};

/** Where every realm has the symbols, they cannot be deleted: it gets another `Symbol`. */
const forget = `
  const own = Symbol;
  const properties = Object.getOwnPropertyDescriptors(own);
  delete properties.dispose;
  delete properties.asyncDispose;
  globalThis.Symbol = Object.defineProperties((description) => own(description), properties);
`;

let bundle: string | undefined;

function build(): string {
  const { outputFiles } = buildSync({
    entryPoints: [join(projectRoot, 'lib/index.ts')],
    bundle: true,
    platform: 'node',
    format: 'cjs',
    target: 'es2022',
    write: false,
  });
  return outputFiles[0]?.text ?? '';
}

/**
 * @param others - More globals, or others in the place of the runtime's.
 * @param prelude - Run in it before the package is.
 */
export function makeRealm(others: object = {}, prelude = ''): Realm {
  bundle ??= build();
  const realm = createContext({ ...globals, ...others });
  runInContext(`(() => {${forget}${prelude}})()`, realm);
  const module = { exports: {} };
  const load = runInContext(`(function (module, exports, require) {${bundle}\n})`, realm) as (
    ...given: unknown[]
  ) => void;
  load(module, module.exports, createRequire(import.meta.url));
  const own = runInContext('({ Symbol, Error, Promise })', realm) as object;
  return Object.assign(realm, own, { acceptLoop: module.exports }) as unknown as Realm;
}
