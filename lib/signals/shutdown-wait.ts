import { onIpcMessage } from './on-ipc-message.ts';
import { onProcessSignal, type SignalMeaning } from './on-process-signal.ts';
import { onWorkerDisconnect } from './on-worker-disconnect.ts';
import { warnOfOtherListeners } from './other-listeners.ts';
import { quietController } from '../primitives/quiet-controller.ts';
import { StopRequest } from './stop-request.ts';

/** What process managers send over IPC where there are no signals: pm2, for one. */
const MESSAGE = 'shutdown';

interface ShutdownWaitOptions {
  readonly signals: readonly NodeJS.Signals[];
  readonly endOnSecond: readonly NodeJS.Signals[];
  readonly warnOfOthers: boolean;
}

/** The wait behind one `shutdownSignal`. It stays on after the abort, until it is disposed. */
export class ShutdownWait {
  /** A whole program may listen to its signal. */
  readonly #controller = quietController();
  readonly #endOnSecond: ReadonlySet<NodeJS.Signals>;
  readonly #warnsOfOthers: boolean;
  readonly #signals: ReadonlySet<NodeJS.Signals>;
  /** Requests from just before this wait began: what repeats them is not for it. */
  readonly #earlier: readonly StopRequest[];
  readonly #stopWaiting: (() => void)[] = [];
  readonly #stopHearingMessages: () => void;
  #request: StopRequest | undefined;

  constructor({ signals, endOnSecond, warnOfOthers }: ShutdownWaitOptions) {
    this.#signals = new Set(signals);
    this.#endOnSecond = new Set(endOnSecond);
    this.#warnsOfOthers = warnOfOthers;
    this.#earlier = StopRequest.recent(this.#signals);
    this.#stopHearingMessages = onIpcMessage((message) => {
      if (message === MESSAGE) this.#hear(`The message '${MESSAGE}' was received`);
    });
    for (const name of this.#signals) {
      this.#stopWaiting.push(onProcessSignal(name, () => this.#hearSignal(name)));
    }
    this.#stopWaiting.push(
      this.#stopHearingMessages,
      onWorkerDisconnect((message) => this.#hear(message)),
    );
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  readonly dispose = (): void => {
    for (const stopWaiting of this.#stopWaiting) stopWaiting();
  };

  #hearSignal(name: NodeJS.Signals): SignalMeaning {
    if (this.#isRepetition) return 'repetition';
    if (this.#request) return this.#endOnSecond.has(name) ? 'end' : 'ignored';
    if (this.#warnsOfOthers) warnOfOtherListeners(name);
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
