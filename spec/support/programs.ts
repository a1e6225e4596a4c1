import { type ChildProcess, spawn } from 'node:child_process';
import { spawnScript } from './spawn-script.ts';

/** How a program ended. */
export interface Outcome {
  /** The exit code, or `null` if a signal has ended the program. */
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Program {
  readonly child: ChildProcess;
  /** Writes to its input. */
  readonly write: (text: string) => void;
  /** Ends its input. */
  readonly end: (text?: string) => void;
  readonly signal: (name: NodeJS.Signals) => void;
  /** Waits until its standard output matches. Rejects if the program ends before. */
  readonly printed: (pattern: RegExp) => Promise<RegExpExecArray>;
  readonly ending: Promise<Outcome>;
}

const running = new Set<ChildProcess>();

/** Kills the programs that a failed test has left. Call it in `after.each`. */
export async function killPrograms(): Promise<void> {
  const left = [...running].filter(
    ({ exitCode, signalCode }) => exitCode === null && signalCode === null,
  );
  const ended = left.map((child) => new Promise((resolve) => child.once('exit', resolve)));
  for (const child of left) child.kill('SIGKILL');
  await Promise.all(ended);
  // A child of such a program may still hold its pipes.
  for (const { stdout, stderr } of running) {
    stdout?.destroy();
    stderr?.destroy();
  }
  running.clear();
}

/** Starts a program on PATH, or at a path. */
export function startProgram(name: string, args: readonly string[], cwd?: string): Program {
  return watch(spawn(name, args, { cwd, stdio: 'pipe' }));
}

interface RunOptions {
  readonly input?: string;
  /** The folder to run the program in. */
  readonly cwd?: string;
}

/** Starts a program, writes all of its input, and waits for its end. */
export function runProgram(
  name: string,
  args: readonly string[],
  { input, cwd }: RunOptions = {},
): Promise<Outcome> {
  const program = startProgram(name, args, cwd);
  program.end(input);
  return program.ending;
}

/** Collects the output of a child process, whose three streams have to be pipes. */
export function watch(child: ChildProcess): Program {
  const { stdin, stdout, stderr } = child;
  if (!stdin || !stdout || !stderr) throw new Error('Cannot watch the process: no pipes');
  running.add(child);
  const text = { stdout: '', stderr: '' };
  stdout.setEncoding('utf8').on('data', (chunk: string) => (text.stdout += chunk));
  stderr.setEncoding('utf8').on('data', (chunk: string) => (text.stderr += chunk));
  // The program may end before it has read all of its input.
  stdin.on('error', () => {});
  const ending = new Promise<Outcome>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) => {
      running.delete(child);
      resolve({ code, signal, ...text });
    });
  });
  return {
    child,
    write: (input) => void stdin.write(input),
    end: (input = '') => void stdin.end(input),
    signal: (name) => sendSignal(child, name),
    printed: (pattern) =>
      new Promise((resolve, reject) => {
        const look = (): void => {
          const match = pattern.exec(text.stdout);
          if (match) resolve(match);
        };
        stdout.on('data', look);
        child.once('close', () => reject(new Error(`never printed ${pattern}: ${text.stdout}`)));
        look();
      }),
    ending,
  };
}

/**
 * Does not use `child.kill()`: if the child then handles the signal and exits by itself, Deno
 * reports that the signal has killed it.
 */
function sendSignal({ pid }: ChildProcess, name: NodeJS.Signals): void {
  if (pid === undefined) return;
  try {
    process.kill(pid, name);
  } catch (error) {
    // ESRCH: the program has already ended.
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

/** Starts a file of docs/examples under the current runtime, on a free port. */
export async function startExample(file: string): Promise<Program & { port: number }> {
  const program = watch(spawnScript(`docs/examples/${file}`, { env: { PORT: '0' } }));
  const [, port] = await program.printed(/^listening on 127\.0\.0\.1:(\d+)$/m);
  return { ...program, port: Number(port) };
}
