import { parseArgs } from 'node:util';
import { shutdownSignal } from 'accept-loop';
import { fuzz } from './fuzz.ts';
import { history, titleOf } from './history.ts';
import type { Result } from './judge/try-round.ts';
import type { Kind } from './plan.ts';
import { possibleKinds as allKinds } from './possible-kinds.ts';

// npm run chaos:fuzz -- [--seconds 30] [--seed 1] [--round 7] [--rounds 100] [--kinds http,h2c] [--together 4]

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
      together: { type: 'string', default: '6' },
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
  const failed: Result[] = [];
  let begun = 0;
  const next = (): number | undefined => {
    if (signal.aborted || begun >= (round === undefined ? rounds : 1)) return undefined;
    if (round === undefined && performance.now() >= end) return undefined;
    begun += 1;
    return round ?? begun - 1;
  };
  print(`seed ${seed}`);
  const onRound = (result: Result): void => {
    if (result.violations.length === 0) return;
    failed.push(result);
    print(`${history(result)}\n`);
  };
  await fuzz({ seed, kinds, together, next, onRound });
  for (const { ticket, plan, violations } of failed)
    print(`${titleOf(ticket, plan)}: ${violations.join('; ')}`);
  print(`${begun} rounds, ${failed.length} violations, seed ${seed}`);
  if (failed.length > 0) process.exitCode = 1;
}

await main();
