import { parseArgs } from 'node:util';
import { shutdownSignal } from 'accept-loop';
import { history } from './storm/history.ts';
import type { Kind } from './storm/plan.ts';
import { possibleKinds as allKinds } from './storm/possible-kinds.ts';
import { type RoundResult, storm } from './storm/storm.ts';
import { Summary } from './storm/summary.ts';

// npm run chaos -- [--seconds 30] [--seed 1] [--round 7] [--rounds 100] [--kinds net,tls] [--together 4]

/** How long what keeps the process running may take to end, in milliseconds. */
const LEFT_MS = 2000;

const print = (text: string): void => void process.stdout.write(`${text}\n`);

function whole(name: string, value: string): number {
  const number = Number(value);
  if (!Number.isInteger(number) || number < 0)
    throw new Error(`--${name} wants a number: ${value}`);
  return number;
}

function readKinds(list: string): readonly Kind[] {
  return list.split(',').map((name) => {
    const kind = allKinds.find((candidate) => candidate === name);
    if (kind === undefined) throw new Error(`--kinds wants some of ${allKinds.join()}: ${name}`);
    return kind;
  });
}

function readOptions() {
  const { values } = parseArgs({
    options: {
      seconds: { type: 'string', default: '30' },
      seed: { type: 'string', default: String(Math.floor(Math.random() * 1e9)) },
      round: { type: 'string' },
      rounds: { type: 'string' },
      kinds: { type: 'string', default: allKinds.join() },
      together: { type: 'string', default: '4' },
    },
  });
  return {
    seconds: whole('seconds', values.seconds),
    seed: whole('seed', values.seed),
    round: values.round === undefined ? undefined : whole('round', values.round),
    rounds: values.rounds === undefined ? Infinity : whole('rounds', values.rounds),
    kinds: readKinds(values.kinds),
    together: whole('together', values.together),
  };
}

async function main(): Promise<void> {
  const { seconds, seed, round, rounds, kinds, together } = readOptions();
  const signal = shutdownSignal();
  const end = performance.now() + seconds * 1000;
  const summary = new Summary();
  const failed: RoundResult[] = [];
  let begun = 0;
  const next = (): number | undefined => {
    if (signal.aborted || begun >= (round === undefined ? rounds : 1)) return undefined;
    if (round === undefined && performance.now() >= end) return undefined;
    begun += 1;
    return round ?? begun - 1;
  };
  print(`seed ${seed}`);
  const onRound = (result: RoundResult): void => {
    summary.add(result);
    if (result.violations.length === 0) return;
    failed.push(result);
    print(`${history(result)}\n`);
  };
  await storm({ seed, kinds, together, next, onRound });
  print(`\n${summary.toString()}\n`);
  for (const { round: number, violations } of failed)
    print(`round ${number}: ${violations.join('; ')}`);
  print(`${begun} rounds, ${failed.length} violations, seed ${seed}`);
  if (failed.length > 0) process.exitCode = 1;
  setTimeout(failOpen, LEFT_MS).unref();
}

/** The process should have ended by itself. */
function failOpen(): void {
  print(`left open: ${process.getActiveResourcesInfo().join()}`);
  process.exit(1);
}

await main();
