import { createRequire } from 'node:module';
import { join } from 'node:path';
import { type Context, createContext, runInContext } from 'node:vm';
import { buildSync } from 'esbuild';
import type * as Package from 'accept-loop';
import { projectRoot } from './spawn-script.ts';

/**
 * Another realm of this process, with the package in it. Test runners make such a realm for each
 * file.
 */
export interface Realm extends Context {
  /** The realm's own. Without `dispose` and `asyncDispose`, like a new realm of Node 20. */
  readonly Symbol: SymbolConstructor;
  readonly Error: ErrorConstructor;
  readonly Promise: PromiseConstructor;
  readonly acceptLoop: typeof Package;
}

/** The globals of the runtime, which a new realm does not get from the language. */
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

/**
 * Newer runtimes define the symbols in every realm, and they cannot be deleted. So replaces
 * `Symbol`.
 */
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
 * @param others - More globals, or replacements for the runtime's.
 * @param prelude - Code that runs in the realm before the package is loaded.
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
