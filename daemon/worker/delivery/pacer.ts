/**
 * Paces sends so that a channel's limits are kept: after an outage, a full outbox is not sent in one burst. Times are kept in
 * memory only; a new worker begins with the bursts that the limits allow.
 */
import type { Pace, Rate } from '../channels/channel.js';
import type { Lane } from '../store/delivery/outbox.js';
import { accountKey, laneKey } from './lane-schedule.js';

/** Counts one limit (https://en.wikipedia.org/wiki/Generic_cell_rate_algorithm). */
class Meter {
  /** When everything counted so far would have been sent at the rate of the limit. */
  #doneAtMs = 0;

  /** Returns when the next may be sent, not before `nowMs`. */
  earliest({ intervalMs, burst }: Rate, nowMs: number): number {
    return Math.max(nowMs, this.#doneAtMs - (burst - 1) * intervalMs);
  }

  count({ intervalMs }: Rate, atMs: number): void {
    this.#doneAtMs = Math.max(this.#doneAtMs, atMs) + intervalMs;
  }

  isIdle(nowMs: number): boolean {
    return this.#doneAtMs <= nowMs;
  }
}

interface Account {
  /** Counts of sent messages. */
  readonly sent: Meter;
  /** The times assigned to chats. */
  readonly given: Meter;
}

const MAX_IDLE_CHATS = 1_000;
/** Smaller corrections of the clock do not matter. */
const CLOCK_SLACK_MS = 1_000;

export class Pacer {
  readonly #accounts = new Map<string, Account>();
  readonly #chats = new Map<string, Meter>();
  /** By lane: the time of its next send. Each has its own time, so that they do not all ask again at once. */
  readonly #given = new Map<string, number>();
  #lastMs = 0;

  /** Returns when a message of the lane may be sent: `nowMs` for now. Asking again changes nothing. */
  ask(lane: Lane, pace: Pace, nowMs: number): number {
    if (nowMs < this.#lastMs - CLOCK_SLACK_MS) this.#forget();
    this.#lastMs = nowMs;
    const key = laneKey(lane);
    const chat = this.#chatOf(lane, pace);
    const givenMs = this.#given.get(key);
    const chatAtMs = givenMs ?? chat.earliest(pace.chat, nowMs);
    if (chatAtMs > nowMs) return chatAtMs;
    const { sent, given } = this.#accountOf(lane);
    const freeAtMs = sent.earliest(pace.account, nowMs);
    // A time that has passed is invalid if other messages were sent in the meantime.
    if (givenMs !== undefined && freeAtMs <= nowMs) return nowMs;
    const atMs = given.earliest(pace.account, freeAtMs);
    given.count(pace.account, atMs);
    // Other topics of the group may ask before this message is sent.
    if (givenMs === undefined) chat.count(pace.chat, atMs);
    this.#given.set(key, atMs);
    return atMs;
  }

  /** Counts a send. */
  count(lane: Lane, pace: Pace, nowMs: number): void {
    const wasGiven = this.#given.delete(laneKey(lane));
    this.#accountOf(lane).sent.count(pace.account, nowMs);
    if (!wasGiven) this.#chatOf(lane, pace).count(pace.chat, nowMs);
    if (this.#chats.size > MAX_IDLE_CHATS) this.#removeIdle(nowMs);
  }

  /** The lane has nothing to send. */
  release(lane: Lane): void {
    this.#given.delete(laneKey(lane));
  }

  #accountOf(lane: Lane): Account {
    const key = accountKey(lane);
    const account = this.#accounts.get(key) ?? { sent: new Meter(), given: new Meter() };
    this.#accounts.set(key, account);
    return account;
  }

  #chatOf(lane: Lane, { chatId = lane.chatId }: Pace): Meter {
    const key = laneKey({ ...lane, chatId });
    const chat = this.#chats.get(key) ?? new Meter();
    this.#chats.set(key, chat);
    return chat;
  }

  #removeIdle(nowMs: number): void {
    for (const [key, chat] of this.#chats) if (chat.isIdle(nowMs)) this.#chats.delete(key);
  }

  /** The clock was set back, so all times are invalid. */
  #forget(): void {
    this.#accounts.clear();
    this.#chats.clear();
    this.#given.clear();
  }
}
