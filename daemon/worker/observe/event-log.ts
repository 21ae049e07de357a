/**
 * Provides the gateway's events to followers. The last events are kept in a ring buffer, so that a reconnecting client misses none.
 * Slow followers read from the same buffer: they delay nobody and cost no memory.
 */
import { type Clock, isoTime } from '../../../shared/clock.js';
import type { FollowedEvent, GatewayEvent } from '../../../shared/api/gateway/events.js';
import { Waiters } from '../../../shared/waiters.js';

/** How many events are kept. */
export const CAPACITY = 1_000;

/** An event as published. Its document is made once, when the first follower reads it. */
interface KeptEvent {
  readonly event: GatewayEvent;
  readonly atMs: number;
  document: FollowedEvent | undefined;
}

export interface EventLogOptions {
  readonly instanceId: string;
  readonly version: string;
  readonly buildId: string;
  readonly clock: Clock;
}

/** The interface for followers. */
export type EventService = Pick<EventLog, 'follow'>;

export class EventLog {
  readonly #options: EventLogOptions;
  /** Event number `n` is at index `n % CAPACITY`. Numbers start at 1. */
  readonly #ring: KeptEvent[] = [];
  readonly #followers = new Waiters();
  #last = 0;
  #isEnding = false;

  constructor(options: EventLogOptions) {
    this.#options = options;
  }

  publish(event: GatewayEvent): void {
    this.#last += 1;
    this.#ring[this.#last % CAPACITY] = { event, atMs: this.#options.clock.now(), document: undefined };
    if (event.type === 'draining') this.#isEnding = true;
    this.#followers.wake();
  }

  /**
   * Yields events from now on, or from the one after `lastEventId`. Ends after `draining`, or when the signal aborts.
   * An id that is unknown, or too old, yields `reset` first.
   */
  async *follow(lastEventId: string | undefined, signal: AbortSignal): AsyncGenerator<FollowedEvent> {
    const { instanceId, version, buildId } = this.#options;
    const resumed = lastEventId === undefined ? undefined : this.#numberOf(lastEventId);
    let seen = resumed ?? this.#last;
    yield { id: this.#idOf(seen), type: 'hello', data: { instanceId, version, buildId } };
    if (lastEventId !== undefined && resumed === undefined) yield this.#reset(seen, 'unknown event id');
    // A follower that connects while this worker ends reconnects to the next worker at once.
    if (this.#isEnding && seen === this.#last)
      yield { id: this.#idOf(seen), type: 'draining', data: { at: isoTime(this.#options.clock.now()) } };
    while (!signal.aborted && !(this.#isEnding && seen === this.#last)) {
      if (seen === this.#last) await this.#followers.wait(signal);
      else if (seen < this.#last - CAPACITY) {
        seen = this.#last;
        yield this.#reset(seen, 'some events are no longer available');
      } else {
        seen += 1;
        const kept = this.#ring[seen % CAPACITY];
        if (kept !== undefined) yield this.#toDocument(seen, kept);
      }
    }
  }

  #toDocument(number: number, kept: KeptEvent): FollowedEvent {
    if (kept.document !== undefined) return kept.document;
    const { type, ...data } = kept.event;
    return (kept.document = { id: this.#idOf(number), type, data: { at: isoTime(kept.atMs), ...data } });
  }

  #idOf(number: number): string {
    return `${this.#options.instanceId}.${number}`;
  }

  /** Returns the number of an event id; undefined for an id of another worker. */
  #numberOf(id: string): number | undefined {
    const prefix = `${this.#options.instanceId}.`;
    const digits = id.startsWith(prefix) ? id.slice(prefix.length) : '';
    const number = /^\d{1,15}$/.test(digits) ? Number(digits) : Number.NaN;
    return number <= this.#last ? number : undefined;
  }

  #reset(number: number, reason: string): FollowedEvent {
    return { id: this.#idOf(number), type: 'reset', data: { reason } };
  }
}
