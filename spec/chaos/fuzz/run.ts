import { shutdownSignal } from 'accept-loop';
import { readOptions, roundsOf } from '../options.ts';
import { fuzz } from './fuzz.ts';
import { history, titleOf } from './history.ts';
import type { Result } from './judge/try-round.ts';
import { possibleKinds as allKinds } from './possible-kinds.ts';

// npm run chaos:fuzz -- [--seconds 30] [--seed 1] [--round 7] [--rounds 100] [--kinds http,h2c] [--together 4]

const print = (text: string): void => void process.stdout.write(`${text}\n`);

async function main(): Promise<void> {
  const options = readOptions(allKinds, 6);
  const { seed, kinds, together } = options;
  const signal = shutdownSignal();
  const { next, begun } = roundsOf(options, signal);
  const failed: Result[] = [];
  print(`seed ${seed}`);
  const onRound = (result: Result): void => {
    if (result.violations.length === 0) return;
    failed.push(result);
    print(`${history(result)}\n`);
  };
  await fuzz({ seed, kinds, together, next, onRound });
  for (const { ticket, plan, violations } of failed)
    print(`${titleOf(ticket, plan)}: ${violations.join('; ')}`);
  print(`${begun()} rounds, ${failed.length} violations, seed ${seed}`);
  if (failed.length > 0) process.exitCode = 1;
}

await main();
