import { onIpcMessage } from './on-ipc-message.ts';
import { onProcessSignal, type SignalMeaning } from './on-process-signal.ts';
import { onWorkerDisconnect } from './on-worker-disconnect.ts';
import { quietController } from '../primitives/quiet-controller.ts';
import { StopRequest } from './stop-request.ts';

/** The IPC message that process managers such as PM2 send where there are no signals. */
const MESSAGE = 'shutdown';

interface ShutdownWaitOptions {
  readonly signals: readonly NodeJS.Signals[];
  readonly endOnSecond: readonly NodeJS.Signals[];
  /**
   * Called when the first signal comes, before the abort. If it returns `false`, the signal is not
   * a request to stop, and is left to its other listeners from then on.
   */
  readonly onFirst: (name: NodeJS.Signals) => boolean;
  /** Whether the IPC message `'shutdown'` is a request to stop as well. */
  readonly hearsMessages: boolean;
}

const nothing = (): void => {};

/**
 * The wait behind one `shutdownSignal`. Its listeners for signals stay after the abort, until it is
 * disposed.
 */
export class ShutdownWait {
  /** Quiet, because a whole program may listen to its signal. */
  readonly #controller = quietController();
  readonly #endOnSecond: ReadonlySet<NodeJS.Signals>;
  readonly #onFirst: (name: NodeJS.Signals) => boolean;
  readonly #signals: ReadonlySet<NodeJS.Signals>;
  /** Requests from just before this wait began. A repetition of them is not a request to it. */
  readonly #earlier: readonly StopRequest[];
  readonly #stopHearing = new Map<NodeJS.Signals, () => void>();
  readonly #stopHearingMessages: () => void;
  readonly #stopWatchingWorker: () => void;
  #request: StopRequest | undefined;

  constructor({ signals, endOnSecond, onFirst, hearsMessages }: ShutdownWaitOptions) {
    this.#signals = new Set(signals);
    this.#endOnSecond = new Set(endOnSecond);
    this.#onFirst = onFirst;
    this.#earlier = StopRequest.recent(this.#signals);
    const onMessage = (message: unknown): void => {
      if (message === MESSAGE) this.#hear(`The message '${MESSAGE}' was received`);
    };
    this.#stopHearingMessages = hearsMessages ? onIpcMessage(onMessage) : nothing;
    for (const name of this.#signals) {
      this.#stopHearing.set(
        name,
        onProcessSignal(name, () => this.#hearSignal(name)),
      );
    }
    this.#stopWatchingWorker = onWorkerDisconnect((message) => this.#hear(message));
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  readonly dispose = (): void => {
    for (const stopHearing of this.#stopHearing.values()) stopHearing();
    this.#stopHearingMessages();
    this.#stopWatchingWorker();
  };

  #hearSignal(name: NodeJS.Signals): SignalMeaning {
    if (this.#isRepetition) return 'repetition';
    if (this.#request) return this.#endOnSecond.has(name) ? 'end' : 'ignored';
    if (!this.#onFirst(name)) {
      this.#stopHearing.get(name)?.();
      return 'left to others';
    }
    this.#hear(`${name} was received`);
    return 'stop';
  }

  #hear(message: string): void {
    if (this.#request || this.#isRepetition) return;
    this.#request = new StopRequest(this.#signals);
    this.#stopHearingMessages();
    this.#controller.abort(new DOMException(message, 'AbortError'));
  }

  get #isRepetition(): boolean {
    return this.#request?.isRecent || this.#earlier.some((request) => request.isRecent);
  }
}
