/** Channels whose every send waits until the test answers it. */
import type { Composition, Delivery, Pace, SendOutcome } from '../../daemon/worker/channels/channel.js';
import type { OutboxChannels } from '../../daemon/worker/delivery/outbox-queue.js';

export interface PendingSend {
  readonly channel: string;
  readonly delivery: Delivery;
  readonly signal: AbortSignal;
  answer(outcome: SendOutcome): void;
}

export class ScriptedChannels implements OutboxChannels {
  /** Accounts that are not ready. */
  readonly unready = new Set<string>();
  /** Accounts, and bodies. */
  readonly idempotent = new Set<string>();
  pace: Pace | undefined;
  /** Everything that was ever sent, as `chat:body`. */
  readonly sent: string[] = [];
  /** What comes of a send that is cut. */
  cutOutcome: SendOutcome = { type: 'interrupted' };
  readonly #pending: PendingSend[] = [];
  readonly #waiting: ((send: PendingSend) => void)[] = [];

  isReady(_channel: string, accountId: string): boolean {
    return !this.unready.has(accountId);
  }

  isIdempotent(_channel: string, accountId: string, body = ''): boolean {
    return this.idempotent.has(accountId) || this.idempotent.has(body);
  }

  paceOf(): Pace | undefined {
    return this.pace;
  }

  /** A text is as many parts as it has lines. */
  compose(_channel: string, { content }: Composition): string[] {
    return content === '' ? [] : content.split('\n');
  }

  send(channel: string, delivery: Delivery, signal: AbortSignal): Promise<SendOutcome> {
    this.sent.push(`${delivery.chatId}:${delivery.body}`);
    return new Promise((resolve) => {
      signal.addEventListener('abort', () => resolve(this.cutOutcome), { once: true });
      const send: PendingSend = { channel, delivery, signal, answer: resolve };
      const waiter = this.#waiting.shift();
      if (waiter === undefined) this.#pending.push(send);
      else waiter(send);
    });
  }

  /** Sends that nobody has taken yet. */
  get pending(): number {
    return this.#pending.length;
  }

  /** The next send, as soon as there is one. */
  next(): Promise<PendingSend> {
    const send = this.#pending.shift();
    return send === undefined ? new Promise((resolve) => this.#waiting.push(resolve)) : Promise.resolve(send);
  }

  async answer(outcome: SendOutcome): Promise<PendingSend> {
    const send = await this.next();
    send.answer(outcome);
    return send;
  }
}
