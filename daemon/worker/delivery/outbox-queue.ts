/**
 * The outbox as a lane queue: claims deliveries, attempts them and records the results. A
 * message's parts are sent one after another, and no message overtakes another of its chat.
 */
import type { OutgoingStatus } from '../../../shared/delivery-status.js';
import { sayOfChannel } from '../../../shared/text/sentences/channel.js';
import type { SendOutcome } from '../channels/channel.js';
import type { ChannelRegistry } from '../channels/registry.js';
import {
  changeMessage,
  changePart,
  type Lane,
  listOutboxLanes,
  type OutboxMessage,
  readOpenPart,
  readOutboxHead,
  readOutboxMessage,
  readSending,
} from '../store/delivery/outbox.js';
import type { Transaction } from '../store/transaction.js';
import type { SpanStart, TraceStarter } from '../tracing/span.js';
import { decide, decideInterrupted, type DeliveryDecision } from './delivery-policy.js';
import type { FoundLane } from './lane-schedule.js';
import type { Attempt, Claim, LaneQueue } from './lane-worker.js';
import { Pacer } from './pacer.js';
import { type EndedMessage, markDead, type OnMessageEnd, recordAttempt } from './record-attempt.js';
import { leftByTheDead, type Liveness, MIN_VALID_MS } from '../store/liveness.js';
import { keepOwnLanes, takeAccount } from '../store/delivery/account-leases.js';
import type { Deps } from '../store/tasks/worker-deps.js';

/** The interface of the channels used by the outbox. */
export type OutboxChannels = Pick<ChannelRegistry, 'isReady' | 'isIdempotent' | 'paceOf' | 'compose' | 'send'>;

/** A delivery that this worker has claimed. */
export interface ClaimedDelivery extends Lane {
  readonly seq: number;
  readonly part: number;
  /** The same at every attempt: the message's id, from the second part on with the part's number appended. */
  readonly id: string;
  readonly messageId: string;
  readonly body: string;
  readonly attempts: number;
  readonly expiresAtMs: number;
}

export interface OutboxQueueOptions extends Deps<'clock' | 'logger' | 'instanceId' | 'liveness'> {
  readonly channels: OutboxChannels;
  /** Default: nothing is traced. */
  readonly tracing?: TraceStarter | undefined;
  /** 0 ≤ x < 1. */
  random(): number;
  /** Called with the new state of a message, or of a part of one, once that is on disk. */
  readonly onRecorded: (delivery: Lane & { readonly messageId: string }, state: OutgoingStatus) => void;
}

function sendSpan({ channel, accountId, messageId, attempts }: ClaimedDelivery): SpanStart {
  const attributes = {
    'messaging.system': channel,
    'messaging.operation.name': 'send',
    'messaging.operation.type': 'send',
    'messaging.message.id': messageId,
    'xopc.account.id': accountId,
    'xopc.delivery.attempt': attempts + 1,
  };
  return { name: `send ${channel}`, kind: 'producer', attributes };
}

export class OutboxQueue implements LaneQueue<ClaimedDelivery> {
  readonly name = 'outbox';
  readonly #options: OutboxQueueOptions;
  readonly #onEnd: OnMessageEnd;
  readonly #pacer = new Pacer();

  constructor(options: OutboxQueueOptions, onEnd: OnMessageEnd) {
    this.#options = options;
    this.#onEnd = onEnd;
  }

  async listLanes(tx: Transaction, liveness: Liveness): Promise<FoundLane[]> {
    return keepOwnLanes(tx, await listOutboxLanes(tx), { owner: this.#options.instanceId, liveness });
  }

  async hasOrphans(tx: Transaction, liveness: Liveness): Promise<boolean> {
    return (await leftByTheDead(tx, await readSending(tx), liveness)).length > 0;
  }

  async recover(tx: Transaction, liveness: Liveness): Promise<() => void> {
    const { channels, clock, logger } = this.#options;
    const reports: (() => void)[] = [];
    for (const message of await leftByTheDead(tx, await readSending(tx), liveness)) {
      const part = await readOpenPart(tx, message.seq);
      const isRepeatable = channels.isIdempotent(message.channel, message.accountId, part?.body);
      const decision = decideInterrupted(isRepeatable, sayOfChannel('worker-ended'));
      if (part?.state === 'sending')
        reports.push(await this.#ended(tx, await recordAttempt(tx, message, { part: part.part, decision, nowMs: clock.now() })));
      const fields = { messageId: message.id, channel: message.channel };
      reports.push(() => {
        if (decision.state === 'queued') logger.info(fields, 'a message was being sent when its worker ended; it is sent again');
        else logger.warn(fields, 'a message was being sent when its worker ended; whether it arrived is unknown, so it is not sent again');
        this.#tell(message, decision.state);
      });
    }
    return () => reports.forEach((report) => report());
  }

  async claim(tx: Transaction, lane: Lane): Promise<Claim<ClaimedDelivery>> {
    const reports: (() => void)[] = [];
    const claim = await this.#claim(tx, lane, reports);
    return { ...claim, committed: () => reports.forEach((report) => report()) };
  }

  /** @param reports  collects functions to call once the claim is on disk */
  async #claim(tx: Transaction, lane: Lane, reports: (() => void)[]): Promise<Claim<ClaimedDelivery>> {
    const { channels, clock, instanceId, liveness } = this.#options;
    const nowMs = clock.now();
    for (;;) {
      const message = await readOutboxHead(tx, lane);
      if (message === undefined) {
        this.#pacer.release(lane);
        return { type: 'empty' };
      }
      if (message.state === 'sending') return { type: 'held' };
      if (message.expiresAtMs <= nowMs) {
        const ended = await markDead(tx, message, { error: expiryReason(message), nowMs });
        reports.push(await this.#ended(tx, ended), () => this.#reportExpired(message));
        continue;
      }
      if (!channels.isReady(lane.channel, lane.accountId)) return { type: 'wait', untilMs: message.expiresAtMs };
      if (!(await takeAccount(tx, lane, { owner: instanceId, liveness, nowMs }))) return { type: 'held' };
      if (!isDue(message, nowMs)) return { type: 'wait', untilMs: message.dueAtMs };
      const pace = channels.paceOf(lane.channel, lane.chatId);
      const freeAtMs = pace === undefined ? nowMs : this.#pacer.ask(lane, pace, nowMs);
      if (freeAtMs > nowMs) return { type: 'wait', untilMs: freeAtMs };
      const next = await readOpenPart(tx, message.seq);
      if (next === undefined) throw new Error(`message ${message.id} is unfinished but has no part to send`);
      const { part, body, attempts } = next;
      await changePart(tx, { seq: message.seq, part, state: 'sending', attempts: 0 });
      await changeMessage(tx, message, { state: 'sending', instanceId, attemptedAtMs: nowMs, nowMs });
      const { seq, id: messageId, expiresAtMs } = message;
      const id = part === 1 ? messageId : `${messageId}.${part}`;
      return { type: 'item', item: { ...lane, seq, part, id, messageId, body, attempts, expiresAtMs } };
    }
  }

  async attempt(delivery: ClaimedDelivery, signal: AbortSignal): Promise<Attempt> {
    const pace = this.#options.channels.paceOf(delivery.channel, delivery.chatId);
    if (pace !== undefined) this.#pacer.count(delivery, pace, this.#options.clock.now());
    const span = this.#options.tracing?.begin(() => sendSpan(delivery));
    const decision = this.#decide(delivery, { outcome: await this.#send(delivery, signal), isAborted: signal.aborted });
    span?.end({ attributes: { 'xopc.delivery.status': decision.state }, error: 'error' in decision ? decision.state : undefined });
    this.#report(delivery, decision);
    let committed: (() => void) | undefined;
    return {
      record: async (tx) => {
        committed = await this.#record(tx, delivery, decision);
      },
      recorded: () => {
        committed?.();
        if (committed === undefined)
          this.#options.logger.warn({ messageId: delivery.messageId }, 'another worker has taken over this delivery');
        this.#options.onRecorded(delivery, decision.state);
      },
    };
  }

  /** Runs in a transaction. @returns a function to call after the commit */
  async #ended(tx: Transaction, message: EndedMessage | undefined): Promise<() => void> {
    return (message && (await this.#onEnd(tx, message))) ?? (() => undefined);
  }

  #tell({ id: messageId, ...message }: OutboxMessage, state: OutgoingStatus): void {
    this.#options.onRecorded({ ...message, messageId }, state);
  }

  #reportExpired(message: OutboxMessage): void {
    const { channel, accountId, id: messageId } = message;
    this.#options.logger.warn(
      { channel, accountId, messageId, reason: expiryReason(message) },
      'a message has expired and is not sent any more',
    );
    this.#tell(message, 'dead');
  }

  async #send({ channel, id, accountId, chatId, body }: ClaimedDelivery, signal: AbortSignal): Promise<SendOutcome> {
    if (signal.aborted || this.#options.liveness.validForMs() < MIN_VALID_MS) return { type: 'interrupted' };
    try {
      return await this.#options.channels.send(channel, { id, accountId, chatId, body }, signal);
    } catch (error) {
      this.#options.logger.error({ channel, accountId, err: error }, 'unexpected channel error');
      return { type: 'unknown', reason: sayOfChannel('channel-failed', { cause: error instanceof Error ? error.message : String(error) }) };
    }
  }

  #decide(delivery: ClaimedDelivery, { outcome, isAborted }: { outcome: SendOutcome; isAborted: boolean }): DeliveryDecision {
    const { channels, clock } = this.#options;
    const isIdempotent = channels.isIdempotent(delivery.channel, delivery.accountId);
    if (outcome.type === 'unknown' && isAborted) return decideInterrupted(isIdempotent, sayOfChannel('gateway-stopped'));
    const { attempts, expiresAtMs } = delivery;
    return decide(outcome, { attempts, isIdempotent, nowMs: clock.now(), expiresAtMs, random: this.#options.random() });
  }

  /**
   * Returns a function to call after the commit; undefined, without a change, when another worker considered this one dead and took
   * over the delivery.
   */
  async #record(tx: Transaction, { seq, part }: ClaimedDelivery, decision: DeliveryDecision): Promise<(() => void) | undefined> {
    const { instanceId, clock } = this.#options;
    const message = await readOutboxMessage(tx, seq);
    if (message?.state !== 'sending' || message.instanceId !== instanceId) return undefined;
    const open = await readOpenPart(tx, seq);
    if (open?.part !== part || open.state !== 'sending') return undefined;
    return this.#ended(tx, await recordAttempt(tx, message, { part, decision, nowMs: clock.now() }));
  }

  #report({ channel, accountId, messageId, attempts }: ClaimedDelivery, decision: DeliveryDecision): void {
    const { logger } = this.#options;
    const fields = { channel, accountId, messageId, attempts: attempts + 1 };
    switch (decision.state) {
      case 'dead':
        return logger.warn({ ...fields, reason: decision.error }, 'a message was refused and is not sent again');
      case 'unknown':
        return logger.warn({ ...fields, reason: decision.error }, 'whether a message arrived is unknown, so it is not sent again');
      case 'retry_wait': {
        const dueAt = new Date(decision.dueAtMs).toISOString();
        return logger.info({ ...fields, reason: decision.error, dueAt }, 'a message will be sent again later');
      }
      case 'delivered':
        return logger.debug(fields, 'a message was delivered');
      case 'queued':
    }
  }
}

/** Smaller steps count as clock synchronization, or come from a last attempt by a worker whose clock was ahead by that much. */
const STEP_MS = 2_000;

/** A retry is also due when the clock was set back after the last attempt: its time could be far away. */
function isDue(message: OutboxMessage, nowMs: number): boolean {
  return message.dueAtMs <= nowMs || (message.attemptedAtMs !== null && message.attemptedAtMs > nowMs + STEP_MS);
}

function expiryReason({ lastError }: OutboxMessage): string {
  return lastError === null ? sayOfChannel('delivery-expired') : sayOfChannel('delivery-expired-after', { cause: lastError });
}
