/** Selects tests: only those whose suite and title contain this text are run. */
export const selection = { only: '' };
