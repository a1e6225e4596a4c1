/** Milliseconds of a clock that all processes of the system share. */
export const systemTime = (): number => Number(process.hrtime.bigint()) / 1e6;
