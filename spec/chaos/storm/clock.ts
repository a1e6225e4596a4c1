/** Milliseconds that server and clients read alike, in whatever process and runtime. */
export const now = (): number => Date.now();

export const sleep = (milliseconds: number): Promise<void> =>
  new Promise((resolve) => setTimeout(resolve, milliseconds));
