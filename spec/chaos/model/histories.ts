import { randomInt } from 'node:crypto';

/** How many random histories are lived through in all, of the four. */
export const HISTORIES = Number(process.env['HISTORIES'] ?? 400);
/** From this many on the run is the one of CI: nothing is left out then. */
const ALL = 10_000;

export const isThorough: boolean = HISTORIES >= ALL;

/** The seed of this process: with the same one the histories are the same. */
export const SEED = Number(process.env['SEED'] ?? randomInt(2 ** 31));

/** Millions take longer than a test may by itself: the limit of the issue is three minutes. */
export const timeout = 170_000;
