/** A successor's side of a succession: talks to the supervisor that spawned it, until that one has left. */
import { setTimeout as delay } from 'node:timers/promises';
import type { Clock } from '../../../shared/clock.js';
import { GatewayError, toErrorDocument } from '../../../shared/errors.js';
import type { SuccessionMessage } from '../../../shared/ipc/messages.js';
import { isSameProcess, readStartTime } from '../../../shared/node/process/process-identity.js';

export const HAND_OVER_LIMIT_MS = 10_000;
/** Added to its drain deadline, by which its worker has quiesced or was killed. */
export const RETIRE_MARGIN_MS = 5_000;

const HASTENED_LIMIT_MS = 1_500;
const SEE_OFF_STEP_MS = 20;

interface HandedOver {
  readonly handle: object;
  readonly host: string;
  readonly port: number;
}

/** Our end of the IPC channel to the parent: `process`, as far as it is used here. */
export interface ParentChannel {
  readonly connected: boolean;
  send?(message: object, handle: undefined, options: undefined, callback: (error: Error | null) => void): boolean;
  on(event: 'message', listener: (message: unknown, handle: unknown) => void): unknown;
  on(event: 'disconnect', listener: () => void): unknown;
}

/** The parent as a process. */
interface ParentProcess {
  /** Sends SIGKILL, which also ends a stopped process; does nothing when it is gone. */
  kill(): void;
  isAlive(): boolean;
  /** Sends SIGTERM, which shortens its drain. */
  hasten(): void;
}

function ownParent(): ParentProcess {
  const pid = process.ppid;
  // On Windows asking would start a process; nothing waits for it there.
  const startTime = process.platform === 'win32' ? undefined : readStartTime(pid);
  const isAlive = (): boolean => startTime !== undefined && isSameProcess({ pid, startTime });
  return {
    isAlive,
    hasten() {
      if (isAlive()) process.kill(pid, 'SIGTERM');
    },
    kill() {
      // Once it has died this process has another parent, and the pid may be reused.
      if (process.ppid === pid && pid > 1) process.kill(pid, 'SIGKILL');
    },
  };
}

interface PendingHandOver {
  resolve(handed: HandedOver): void;
  reject(error: GatewayError): void;
}

export class PredecessorLink {
  readonly #clock: Clock;
  readonly #channel: ParentChannel;
  #handOver: PendingHandOver | undefined;
  #onQuiesced: (() => void) | undefined;
  #hasQuiesced = false;
  #hasHandedOver = false;
  #cancelLimit: (() => void) | undefined;
  readonly #parent: ParentProcess;

  /** @param from  the parent; default: this process's own */
  constructor(clock: Clock, from: { channel: ParentChannel; parent: ParentProcess } = { channel: process, parent: ownParent() }) {
    const { channel } = from;
    this.#clock = clock;
    this.#channel = channel;
    this.#parent = from.parent;
    channel.on('message', (message, handle) => this.#receive(message as SuccessionMessage, handle));
    channel.on('disconnect', () => this.#lost());
  }

  /** Whether its process has exited or disconnected. */
  get isGone(): boolean {
    return !this.#channel.connected;
  }

  get hasHandedOver(): boolean {
    return this.#hasHandedOver;
  }

  /** Asks for lock, control socket and listening handle. @throws SUCCESSION_FAILED when the predecessor does not answer or is gone */
  takeOver(): Promise<HandedOver> {
    return new Promise((resolve, reject) => {
      if (this.isGone) return reject(goneError());
      const cancel = this.#clock.after(HAND_OVER_LIMIT_MS, () => this.#handOver?.reject(silentError()));
      const settle = (): void => {
        cancel();
        this.#handOver = undefined;
      };
      this.#handOver = {
        resolve: (handed) => {
          settle();
          resolve(handed);
        },
        reject: (error) => {
          settle();
          reject(error);
        },
      };
      this.#send({ type: 'takeOver' });
    });
  }

  /**
   * Has the predecessor drain its worker. `onQuiesced` is called once, also when it has quiesced already or is gone.
   * One that hangs or was stopped (SIGSTOP) is killed {@link RETIRE_MARGIN_MS} after its drain deadline.
   */
  retire(drainTimeoutMs: number, onQuiesced: () => void): void {
    this.#onQuiesced = onQuiesced;
    if (this.#hasQuiesced || this.isGone) return this.#quiesced();
    this.#cancelLimit ??= this.#clock.after(drainTimeoutMs + RETIRE_MARGIN_MS, () => this.#end());
    this.#send({ type: 'retire' });
  }

  /** Has it stop for good. Resolves when it is gone; one that hangs is killed as in {@link retire}. */
  dismiss(timeoutMs: number): Promise<void> {
    if (this.isGone) return Promise.resolve();
    const cancel = this.#clock.after(timeoutMs + RETIRE_MARGIN_MS, () => this.#end());
    this.#send({ type: 'dismissed', timeoutMs });
    return new Promise((resolve) =>
      this.#channel.on('disconnect', () => {
        cancel();
        resolve();
      }),
    );
  }

  /**
   * Waits for a predecessor that has disconnected and may still finish requests on our port. Resolves when it has exited, or
   * {@link HASTENED_LIMIT_MS} after its drain was shortened.
   */
  async seeOff(timeoutMs: number): Promise<void> {
    if (await this.#ends(timeoutMs)) return;
    this.#parent.hasten();
    await this.#ends(HASTENED_LIMIT_MS);
  }

  async #ends(limitMs: number): Promise<boolean> {
    const deadlineMs = this.#clock.now() + limitMs;
    while (this.#parent.isAlive()) {
      if (this.#clock.now() >= deadlineMs) return false;
      await delay(SEE_OFF_STEP_MS); // an exit of a process that is not our child makes no event
    }
    return true;
  }

  succeeded(worker: { pid: number; instanceId: string }): void {
    this.#send({ type: 'succeeded', pid: process.pid, workerPid: worker.pid, instanceId: worker.instanceId });
  }

  /** Resolves when the message has been sent: this process exits right after. */
  failed(error: unknown): Promise<void> {
    return new Promise((resolve) => {
      if (this.#channel.send === undefined || !this.#channel.connected) return resolve();
      const message: SuccessionMessage = { type: 'failed', error: toErrorDocument(error, 'SUCCESSION_FAILED') };
      this.#channel.send(message, undefined, undefined, () => resolve());
    });
  }

  #receive(message: SuccessionMessage, handle: unknown): void {
    if (message.type === 'handOver') this.#receiveHandOver(message, handle);
    if (message.type === 'quiesced') this.#quiesced();
  }

  #receiveHandOver({ host, port }: Extract<SuccessionMessage, { type: 'handOver' }>, handle: unknown): void {
    this.#hasHandedOver = true;
    if (typeof handle === 'object' && handle !== null) return this.#handOver?.resolve({ handle, host, port });
    this.#handOver?.reject(new GatewayError('SUCCESSION_FAILED', { message: 'the running gateway did not pass a listening socket' }));
  }

  /** A predecessor that is gone has quiesced. */
  #lost(): void {
    this.#handOver?.reject(goneError());
    this.#quiesced();
  }

  /**
   * Its worker ends with it, and the channel's end reports it. SIGTERM would be a request to stop, which a process that was only stopped
   * (SIGSTOP) would carry out first: it would end the succession and this process.
   */
  #end(): void {
    this.#parent.kill();
  }

  #quiesced(): void {
    this.#hasQuiesced = true;
    this.#cancelLimit?.();
    this.#cancelLimit = undefined;
    this.#onQuiesced?.();
    this.#onQuiesced = undefined;
  }

  #send(message: SuccessionMessage): void {
    if (this.#channel.connected) this.#channel.send?.(message, undefined, undefined, () => undefined);
  }
}

function goneError(): GatewayError {
  return new GatewayError('SUCCESSION_FAILED', { message: 'the gateway to take over from is gone', hint: 'Start one with: xopc gateway' });
}

function silentError(): GatewayError {
  return new GatewayError('SUCCESSION_FAILED', {
    message: `the running gateway did not hand over within ${HAND_OVER_LIMIT_MS / 1000} s`,
    hint: 'Check it with: xopc gateway status',
  });
}
