/** The inbox as a lane queue: claims messages and recovers interrupted ones. */
import type { GatewayError } from '../../../shared/errors.js';
import { isStop } from '../../../shared/sessions/stop-request.js';
import {
  beginInboxAttempt,
  type InboxMessage,
  listInboxLanes,
  putBackInbox,
  readInboxHead,
  readInboxMessage,
  readRunningInbox,
} from '../store/delivery/inbox.js';
import { countTakenBack, listInboxBefore, listInboxStops, TAKEN_BACK } from '../store/delivery/inbox-stops.js';
import type { Lane } from '../store/delivery/outbox.js';
import type { Transaction } from '../store/transaction.js';
import { hasParkedInbox, listInboxCommands, listParkedLanes } from '../store/turns/waiting-turns.js';
import { isDecision } from '../turns/commands/approval-commands.js';
import { MESSAGE_TTL_MS } from './delivery-policy.js';
import { type End, ERRORS, giveUpMessage, isPoisoned } from './inbox-ends.js';
import { laneKey } from './lane-schedule.js';
import type { Attempt, Claim, LaneQueue } from './lane-worker.js';
import { leftByTheDead, type Liveness, type Need } from '../store/liveness.js';
import type { Deps } from '../store/tasks/worker-deps.js';

/** A message to handle. */
export interface TakenMessage extends InboxMessage {
  /** How many messages a stop request took back: they came before it and were not being answered. */
  readonly withdrawn: number;
}

/** Handles messages; the interface to the turns. */
export interface InboxHandler {
  /**
   * Handles a message to its end. Never rejects.
   * @returns undefined when the message was finished or requeued in the transaction that ended its turn; otherwise the reason why
   * it could not be handled
   */
  handle(message: TakenMessage): Promise<GatewayError | undefined>;
  /** Whether the text is a command of the gateway, which is answered at once. */
  isCommand(content: string): boolean;
  /** Whether the chat's account is configured in this gateway. */
  hasAccount(lane: Lane): boolean;
  /** Whether the chat's account and agent are configured in this gateway. */
  canHandle(lane: Lane): boolean;
  /** What a gateway needs for this, as far as it is known here. */
  needsOf(lane: Lane): Need[];
  /** Keeps a message that gets no answer in its session, followed by the reason. Runs in a transaction. */
  note(tx: Transaction, message: InboxMessage, text: string): Promise<void>;
  /** Does the same, and sends the reason to the chat. Runs in a transaction. */
  notify(tx: Transaction, message: InboxMessage, text: string): Promise<void>;
  /** To be called when either is committed. */
  noted(message: InboxMessage): void;
  /** Stops the answer that was in progress in a chat at that time. */
  interrupt(lane: Lane, atMs: number): void;
  /** Aborts all answers; the next worker restarts them. */
  stop(): void;
}

export interface InboxQueueOptions extends Deps<'clock' | 'logger' | 'instanceId' | 'liveness'> {
  readonly outbox: { wake(lane: Lane): void };
}

const RETRY_MS = 1_000;

/** Why a message is not handled again: for the chat. */
export const NOTICES = {
  poisoned: 'This message could not be answered: the gateway failed each time it tried. It was set aside.',
  withdrawn: 'Stopped before the answer was complete.',
} as const;

export class InboxQueue implements LaneQueue<TakenMessage> {
  readonly name = 'inbox';
  /** Commands do not use the places of answers, so a chat can stop, decide or ask for help while all places are taken. */
  readonly extraPlaces = 4;
  readonly #options: InboxQueueOptions;
  readonly #handler: InboxHandler;
  /** By chat whose account is not configured: since when its messages wait for the account. */
  readonly #heldSince = new Map<string, number>();
  #setAside = 0;

  constructor(options: InboxQueueOptions, handler: InboxHandler) {
    this.#options = options;
    this.#handler = handler;
  }

  /** How many messages this worker has set aside. */
  get setAside(): number {
    return this.#setAside;
  }

  async listLanes(tx: Transaction, liveness: Liveness): Promise<Lane[]> {
    await this.#obeyStops(tx, liveness);
    const lanes: Lane[] = [];
    const parked = new Set((await listParkedLanes(tx)).map(laneKey));
    for (const lane of await listInboxLanes(tx)) {
      const isBlocked = parked.has(laneKey(lane)) && (await firstOf(tx, lane, isAlwaysHandled)) === undefined;
      if (!isBlocked && !(await this.#isLeftToOthers(tx, lane))) lanes.push(lane);
    }
    return lanes;
  }

  /** Another gateway may have the account and its agent. If none has, the messages wait here, or the missing agent is reported. */
  async #isLeftToOthers(tx: Transaction, lane: Lane): Promise<boolean> {
    const isLeft = !this.#handler.canHandle(lane) && (await this.#options.liveness.isServedElsewhere(tx, this.#handler.needsOf(lane)));
    if (isLeft || this.#handler.hasAccount(lane)) this.#heldSince.delete(laneKey(lane));
    return isLeft;
  }

  /** A stop request received by this worker itself takes effect at once. */
  async #obeyStops(tx: Transaction, liveness: Liveness): Promise<void> {
    if (liveness.isAlone()) return;
    for (const { content, receivedAtMs, ...lane } of await listInboxStops(tx))
      if (isStop(content)) this.#handler.interrupt(lane, receivedAtMs);
  }

  async hasOrphans(tx: Transaction, liveness: Liveness): Promise<boolean> {
    return (await leftByTheDead(tx, await readRunningInbox(tx), liveness)).length > 0;
  }

  async recover(tx: Transaction, liveness: Liveness): Promise<() => void> {
    const reports: (() => void)[] = [];
    for (const message of await leftByTheDead(tx, await readRunningInbox(tx), liveness)) {
      const { seq, instanceId } = message;
      if (isPoisoned(message)) {
        const end = { instanceId, state: 'poisoned', error: ERRORS.poisoned, nowMs: this.#options.clock.now() } as const;
        await giveUpMessage(tx, message, end);
        await this.#handler.notify(tx, message, NOTICES.poisoned);
      } else await putBackInbox(tx, { seq, instanceId, countsAttempt: true });
      reports.push(() => this.#reportRecovered(message));
    }
    return () => reports.forEach((report) => report());
  }

  /** Counts the attempt before it is made, so that an attempt that crashes the worker counts too. */
  async claim(tx: Transaction, lane: Lane, hasPlace: boolean): Promise<Claim<TakenMessage>> {
    if (await this.#isLeftToOthers(tx, lane)) return { type: 'held' };
    if (!this.#handler.hasAccount(lane)) return this.#hold(tx, lane);
    const isWaiting = await hasParkedInbox(tx, lane);
    // While a message waits for a person, only decisions and stop requests are handled after it; the end of the wait wakes the
    // lane.
    const message = isWaiting ? await firstOf(tx, lane, isAlwaysHandled) : await nextMessage(tx, lane);
    if (message === undefined) return { type: 'empty' };
    if (message.state === 'running') return { type: 'held' };
    if (message.error !== null) return this.#endRestored(tx, message, message.error);
    if (!hasPlace && !this.#handler.isCommand(message.content)) return { type: 'full' };
    const withdrawn = isStop(message.content) ? await this.#withdrawBefore(tx, message) : 0;
    await beginInboxAttempt(tx, { seq: message.seq, instanceId: this.#options.instanceId });
    return { type: 'item', item: { ...message, withdrawn }, ...(withdrawn > 0 && { committed: () => this.#noted(message) }) };
  }

  /** Takes back the messages before a stop request, also those whose answer a restart interrupted. @returns how many */
  async #withdrawBefore(tx: Transaction, stop: InboxMessage): Promise<number> {
    let count = 0;
    for (const { seq } of await listInboxBefore(tx, stop)) {
      const message = await readInboxMessage(tx, { seq });
      if (message === undefined) continue;
      if (message.error !== null) {
        await this.#endRestored(tx, message, message.error);
        continue;
      }
      count += 1;
      await this.#endPending(tx, message, { state: 'done', error: TAKEN_BACK });
      if (message.previewId !== null) await this.#handler.notify(tx, message, NOTICES.withdrawn);
    }
    // An earlier attempt took them back in its claim, and its worker died before it could say so.
    return stop.attempts === 0 ? count : countTakenBack(tx, stop);
  }

  /** Ends a message that may have been answered elsewhere. Nothing is sent. */
  async #endRestored(tx: Transaction, message: InboxMessage, error: string): Promise<Claim<TakenMessage>> {
    await this.#endPending(tx, message, { state: 'interrupted', error });
    await this.#handler.note(tx, message, `Not answered: ${error}. Send it again if it still matters.`);
    return { type: 'wait', untilMs: this.#options.clock.now(), committed: () => this.#noted(message) };
  }

  /** Ends a message that nobody handles. */
  async #endPending(tx: Transaction, message: InboxMessage, end: Pick<End, 'state' | 'error'>): Promise<void> {
    const { clock, instanceId } = this.#options;
    await beginInboxAttempt(tx, { seq: message.seq, instanceId });
    await giveUpMessage(tx, message, { ...end, instanceId, nowMs: clock.now() });
  }

  /**
   * Lets the messages of an account that is not configured wait for it, as long as a message may wait to be sent. A message may have
   * waited for something else before.
   */
  async #hold(tx: Transaction, lane: Lane): Promise<Claim<TakenMessage>> {
    const { clock, logger } = this.#options;
    const nowMs = clock.now();
    const heldSinceMs = this.#heldSince.get(laneKey(lane)) ?? nowMs;
    this.#heldSince.set(laneKey(lane), heldSinceMs);
    const expired: string[] = [];
    const committed = (): void => {
      for (const messageId of expired) logger.warn({ ...lane, messageId }, `a message was not handled: ${ERRORS.expired}`);
    };
    for (;;) {
      const message = await readInboxHead(tx, lane);
      if (message === undefined) {
        this.#heldSince.delete(laneKey(lane));
        return { type: 'empty', committed };
      }
      if (message.state === 'running') return { type: 'held', committed };
      const untilMs = Math.max(message.receivedAtMs, heldSinceMs) + MESSAGE_TTL_MS;
      if (untilMs > nowMs) return { type: 'wait', untilMs, committed };
      await this.#endPending(tx, message, { state: 'failed', error: ERRORS.expired });
      expired.push(message.id);
    }
  }

  async attempt(message: TakenMessage): Promise<Attempt> {
    const { logger, outbox } = this.#options;
    const error = await this.#handler.handle(message);
    if (error === undefined) {
      outbox.wake(message);
      return {};
    }
    const { retryable } = error.spec;
    const fields = { messageId: message.id, channel: message.channel, err: error };
    const record = (tx: Transaction): Promise<void> => this.#recordFailure(tx, message, error);
    if (retryable) {
      logger.warn(fields, 'a message cannot be handled now; retrying');
      return { record, pauseMs: RETRY_MS };
    }
    if (!isStopped(error)) logger.error(fields, 'a message could not be handled');
    return { record, recorded: () => this.#noted(message) };
  }

  async #recordFailure(tx: Transaction, message: InboxMessage, error: GatewayError): Promise<void> {
    const { clock, instanceId } = this.#options;
    if (error.spec.retryable) return putBackInbox(tx, { seq: message.seq, instanceId, countsAttempt: false });
    const end = { instanceId, error: error.message, nowMs: clock.now() };
    if (!(await giveUpMessage(tx, message, { ...end, state: isStopped(error) ? 'done' : 'failed' }))) return;
    // The chat has asked to stop, so only a preview is to be replaced.
    if (isStopped(error)) return this.#handler[message.previewId === null ? 'note' : 'notify'](tx, message, NOTICES.withdrawn);
    await this.#handler.notify(tx, message, `⚠️ ${error.spec.expose ? error.message : 'The gateway could not handle this message.'}`);
  }

  #reportRecovered(message: InboxMessage): void {
    const { logger, outbox } = this.#options;
    const fields = { messageId: message.id, channel: message.channel, attempts: message.attempts };
    if (isPoisoned(message)) {
      logger.error(fields, 'a message was set aside: the worker ended each time it was handled');
      this.#setAside += 1;
      this.#noted(message);
      return;
    }
    logger.info(fields, 'a message was being handled when its worker ended; it is handled again');
    outbox.wake(message);
  }

  #noted(message: InboxMessage): void {
    this.#options.outbox.wake(message);
    this.#handler.noted(message);
  }
}

/** Whether the chat, or a reader of its session, stopped an answer before it began. */
const isStopped = ({ code }: GatewayError): boolean => code === 'CONFLICT';

/** Whether a message is handled although another one of its chat waits for a person. */
const isAlwaysHandled = (content: string): boolean => isStop(content) || isDecision(content);

/** Returns the oldest of the waiting commands of a chat that `isWanted`. */
async function firstOf(tx: Transaction, lane: Lane, isWanted: (content: string) => boolean): Promise<InboxMessage | undefined> {
  const found = (await listInboxCommands(tx, lane)).find(({ content }) => isWanted(content));
  return found && readInboxMessage(tx, found);
}

/** Returns the next message of a chat: a stop request if there is one, else the oldest. */
async function nextMessage(tx: Transaction, lane: Lane): Promise<InboxMessage | undefined> {
  const head = await readInboxHead(tx, lane);
  if (head === undefined || head.state === 'running') return head;
  return (await firstOf(tx, lane, isStop)) ?? head;
}
