/**
 * What happens in the gateway, for whoever follows it: the last events are kept, so that a follower who was away for a
 * moment misses none. A slow follower is not waited for and costs no memory: it reads from the same ring.
 */
import type { Clock } from '../../../shared/clock.js';
import type { EventService, FollowedEvent, GatewayEvent } from '../contracts.js';
import { Waiters } from '../../../shared/waiters.js';

const CAPACITY = 1_000;

/** As it was published: mostly nobody follows, and then it is never put into words. Otherwise that is done once for all. */
interface KeptEvent {
  readonly event: GatewayEvent;
  readonly atMs: number;
  told: FollowedEvent | undefined;
}

export interface EventLogOptions {
  readonly instanceId: string;
  readonly version: string;
  readonly buildId: string;
  readonly clock: Clock;
  /** For tests. Default 1000. */
  readonly capacity?: number;
}

export class EventLog implements EventService {
  readonly #options: EventLogOptions;
  readonly #capacity: number;
  /** The event number `n` is at `n % capacity`. Numbers begin with 1. */
  readonly #ring: KeptEvent[] = [];
  readonly #followers = new Waiters();
  #last = 0;
  #isEnding = false;

  constructor(options: EventLogOptions) {
    this.#options = options;
    this.#capacity = options.capacity ?? CAPACITY;
  }

  publish(event: GatewayEvent): void {
    this.#last += 1;
    this.#ring[this.#last % this.#capacity] = { event, atMs: this.#options.clock.now(), told: undefined };
    if (event.type === 'draining') this.#isEnding = true;
    this.#followers.wake();
  }

  async *follow(lastEventId: string | undefined, signal: AbortSignal): AsyncGenerator<FollowedEvent> {
    const { instanceId, version, buildId } = this.#options;
    const resumed = lastEventId === undefined ? undefined : this.#numberOf(lastEventId);
    let seen = resumed ?? this.#last;
    yield { id: this.#idOf(seen), type: 'hello', data: { instanceId, version, buildId } };
    if (lastEventId !== undefined && resumed === undefined) yield this.#reset(seen, 'the event is of another worker, or none');
    // A follower who comes while this worker ends is sent to the next one at once.
    if (this.#isEnding && seen === this.#last)
      yield { id: this.#idOf(seen), type: 'draining', data: { at: new Date(this.#options.clock.now()).toISOString() } };
    while (!signal.aborted && !(this.#isEnding && seen === this.#last)) {
      if (seen === this.#last) await this.#followers.wait(signal);
      else if (seen < this.#last - this.#capacity) {
        seen = this.#last;
        yield this.#reset(seen, 'more has happened than is kept');
      } else {
        seen += 1;
        const kept = this.#ring[seen % this.#capacity];
        if (kept !== undefined) yield this.#told(seen, kept);
      }
    }
  }

  #told(number: number, kept: KeptEvent): FollowedEvent {
    if (kept.told !== undefined) return kept.told;
    const { type, ...data } = kept.event;
    return (kept.told = { id: this.#idOf(number), type, data: { at: new Date(kept.atMs).toISOString(), ...data } });
  }

  #idOf(number: number): string {
    return `${this.#options.instanceId}.${number}`;
  }

  /** @returns undefined for an id that is not one of this worker's */
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
