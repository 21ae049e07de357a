/** Publishes events to `/api/events`, and counts them for `/metrics`. */
import type { GatewayEvent } from '../../../shared/api/gateway/events.js';
import type { Clock } from '../../../shared/clock.js';
import type { ChannelStatus } from '../../../shared/api/gateway/status.js';
import type { ModelCall } from '../../../shared/turn-usage.js';
import { ChannelHistory, type ChannelTimes } from '../delivery/accounts/channel-times.js';
import { ActivityCounters, type CounterService } from './counters.js';
import { EventLog, type EventService } from './event-log.js';
import type { Metric } from './metric.js';

export interface ActivityOptions {
  readonly instanceId: string;
  readonly build: { readonly version: string; readonly buildId: string };
  readonly clock: Clock;
}

export class Activity {
  readonly #log: EventLog;
  readonly #counts = new ActivityCounters();
  readonly #history: ChannelHistory;
  #channels: Readonly<Record<string, ChannelStatus>> = {};

  constructor({ instanceId, build, clock }: ActivityOptions) {
    this.#log = new EventLog({ instanceId, ...build, clock });
    this.#history = new ChannelHistory(clock);
  }

  get events(): EventService {
    return this.#log;
  }

  publish(event: GatewayEvent): void {
    this.#counts.note(event);
    this.#log.publish(event);
  }

  noteCall(call: ModelCall): void {
    this.#counts.noteCall(call);
  }

  /** Publishes the channels whose state has changed since the last call. */
  noteChannels(channels: Readonly<Record<string, ChannelStatus>>): void {
    for (const [channel, { state, message = null }] of Object.entries(channels)) {
      const before = this.#channels[channel];
      if (before?.state !== state || (before.message ?? null) !== message) this.publish({ type: 'channel', channel, state, message });
    }
    this.#channels = channels;
    this.#history.note(channels);
  }

  /** @param label  label of an account: `telegram:personal` */
  channelTimes(label: string): ChannelTimes {
    return this.#history.of(label);
  }

  /** @param gauges  reads the current values */
  counters(gauges: () => Promise<Metric[]>): CounterService {
    return { read: async () => [...this.#counts.read(), ...(await gauges())] };
  }
}
