import assert from 'node:assert/strict';
import { bundleCode } from '../support/bundle.ts';
import { killPrograms, runProgram } from '../support/programs.ts';
import { projectRoot } from '../support/spawn-script.ts';
import { suite } from '../support/suite.ts';
import { type Complaint, compile } from './compile.ts';
import { isProgram, moduleOf, places } from './fragments.ts';
import { type Block, type Page, pages } from './pages.ts';

const test = suite('the code of pages', { timeout: 60_000 });
test.after.each(killPrograms);

interface Code {
  readonly page: Page;
  readonly block: Block;
  /** The module of each place. */
  readonly names: readonly string[];
}

const all: Code[] = pages.flatMap((page) =>
  page.blocks
    .filter(({ language }) => /^(ts|typescript|js|javascript)$/.test(language))
    .map((block) => {
      const name = `${page.path.replaceAll(/\W/g, '-')}-${block.line}`;
      return { page, block, names: places.map((place) => `${name}.${place}.ts`) };
    }),
);

/** Those of the place where a fragment fits best. */
function complaintsOf(code: Code, given: ReadonlyMap<string, Complaint[]>): string[] {
  const [fewest = []] = code.names
    .map((name) => given.get(name) ?? [])
    .toSorted((one, other) => one.length - other.length);
  return fewest.map(({ line, message }) => `${code.page.path}:${line}: ${message}`);
}

test('compiles against the package, with what a reader has: spec/docs/surroundings', async () => {
  assert.ok(all.length > 40);
  const modules = all.flatMap(({ block, names }) =>
    places.map((place, at) => [names[at] ?? '', moduleOf(block, place)] as const),
  );
  const given = await compile(new Map(modules));
  assert.deepEqual(
    all.flatMap((code) => complaintsOf(code, given)),
    [],
  );
});

/** What is wrong with a program that ends by itself, or that is visited and then told to stop. */
async function run({ page, block }: Code): Promise<string[]> {
  const place = `${page.path}:${block.line}`;
  const isTold = block.code.includes('shutdownSignal');
  const visitor = isTold ? `import './spec/fixtures/docs/visitor.ts';` : '';
  const file = bundleCode(projectRoot, place, `${visitor}\n${block.code}`);
  const { code, signal, stdout, stderr } = await runProgram(process.execPath, [file]);
  const isRight = code === 0 && signal === null && stderr === '';
  return isRight ? [] : [`${place}: ended with ${code ?? signal}\n${stdout}${stderr}`];
}

test('runs where it imports the package: answers, and ends at SIGTERM, or by itself', async () => {
  const programs = all.filter(({ block }) => isProgram(block));
  assert.ok(programs.length > 5);
  // One that puts its shutdown off takes seconds, and no time of the processor.
  const wrong = await Promise.all(programs.map(run));
  assert.deepEqual(wrong.flat(), []);
});

test.run();
