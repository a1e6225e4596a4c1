import { shutdownSignal } from 'accept-loop';
import { readOptions, roundsOf } from './options.ts';
import { history } from './storm/history.ts';
import { possibleKinds as allKinds } from './storm/possible-kinds.ts';
import { type RoundResult, storm } from './storm/storm.ts';
import { Summary } from './storm/summary.ts';

// npm run chaos -- [--seconds 30] [--seed 1] [--round 7] [--rounds 100] [--kinds net,tls] [--together 4]

/** How long what keeps the process running may take to end, in milliseconds. */
const LEFT_MS = 2000;

const print = (text: string): void => void process.stdout.write(`${text}\n`);

async function main(): Promise<void> {
  const options = readOptions(allKinds, 4);
  const { seed, kinds, together } = options;
  const signal = shutdownSignal();
  const { next, begun } = roundsOf(options, signal);
  const summary = new Summary();
  const failed: RoundResult[] = [];
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
  print(`${begun()} rounds, ${failed.length} violations, seed ${seed}`);
  if (failed.length > 0) process.exitCode = 1;
  setTimeout(failOpen, LEFT_MS).unref();
}

/** The process should have ended by itself. */
function failOpen(): void {
  print(`left open: ${process.getActiveResourcesInfo().join()}`);
  process.exit(1);
}

await main();
