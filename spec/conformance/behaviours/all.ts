import { acceptErrors } from './accept-errors.ts';
import type { Behaviour, Outside } from '../behaviour.ts';
import { draining } from './draining.ts';
import { goodbyes } from './goodbyes.ts';
import { groups } from './groups.ts';
import { httpDraining } from './http-draining.ts';
import type { Implementation } from '../implementation.ts';
import { outside } from './outside.ts';
import { processes } from './processes.ts';
import { stopping } from './stopping.ts';
import { tasks } from './tasks.ts';
import { waiting } from './waiting.ts';

/** Those that the adapter can ask about. */
export const behaviours: readonly Behaviour[] = [
  ...stopping,
  ...waiting,
  ...draining,
  ...goodbyes,
  ...httpDraining,
  ...tasks,
  ...groups,
  ...acceptErrors,
  ...processes,
];

/** All of them, in the order of the list. */
export const all: readonly (Behaviour | Outside)[] = [...behaviours, ...outside].toSorted(
  (one, other) => one.number - other.number,
);

/** Why a behaviour does not apply to an implementation; `undefined` when it does. */
export function whyNot(
  { needs }: Pick<Behaviour, 'needs'>,
  { lacks }: Implementation,
): string | undefined {
  const missing = needs.find((feature) => lacks[feature] !== undefined);
  return missing && lacks[missing];
}
