/** Linux' own `somaxconn`: no more are let wait here than the kernel lets wait in its queue. */
export const MAX_QUEUED: number = 4096;

/** Less than the half minute that supervisors wait between SIGTERM and SIGKILL. */
export const GRACE_MS: number = 10_000;
/** An idle client's next request has come by then, if it was about to cross the shutdown. */
export const IDLE_MS: number = 1000;
/** Some round trips, for a client that has still to read what the kernel holds for it. */
export const LINGER_MS: number = 1000;
/** For the last megabytes of a slow client. */
export const FLUSH_MS: number = 60_000;
