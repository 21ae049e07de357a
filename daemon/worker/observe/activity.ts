/** What happens since this worker started: followed at `/api/events`, counted at `/metrics`. */
import type { Clock } from '../../../shared/clock.js';
import type { ChannelStatus } from '../../../shared/control/messages.js';
import type { CounterSample, CounterService, EventService, GatewayEvent } from '../contracts.js';
import { ChannelHistory, type ChannelTimes } from '../delivery/channel-times.js';
import { EventLog } from './event-log.js';

type TurnEvent = Extract<GatewayEvent, { type: 'turn' }>;

/** Labels are few and never a caller's own words. */
class ActivityCounters {
  readonly #turns = new Map<string, number>();
  readonly #completions = new Map<string, number>();
  readonly #tokens = { input: 0, output: 0 };
  readonly #deliveries = new Map<string, number>();
  #costUsd = 0;
  readonly #configurations = new Map<string, number>();

  note(event: GatewayEvent): void {
    if (event.type === 'turn' && event.state !== 'started') this.#noteTurn(event);
    else if (event.type === 'completion') this.#noteCompletion(event);
    else if (event.type === 'message' && event.status !== 'queued') increment(this.#deliveries, event.status);
    else if (event.type === 'config') increment(this.#configurations, event.outcome);
  }

  read(): CounterSample[] {
    return [
      counter('xopc_agent_turns_total', 'Turns that have ended, by how.', by('state', this.#turns)),
      counter(
        'xopc_completions_total',
        'Calls of models for programs that keep their conversation themselves, by how they ended.',
        by('state', this.#completions),
      ),
      counter('xopc_agent_tokens_total', 'Tokens as the providers counted them.', by('direction', new Map(Object.entries(this.#tokens)))),
      counter('xopc_agent_cost_usd_total', 'Cost of turns and completions by the prices in models.json, in US dollars.', [
        { labels: {}, value: this.#costUsd },
      ]),
      counter(
        'xopc_outbox_attempts_total',
        'Attempts to deliver a message or a part of one, by what came of them.',
        by('outcome', this.#deliveries),
      ),
      counter(
        'xopc_config_changes_total',
        'Changed configurations that were looked at, by what came of them.',
        by('outcome', this.#configurations),
      ),
    ];
  }

  #noteTurn({ state, usage }: TurnEvent): void {
    increment(this.#turns, state);
    this.#noteUsage(usage);
  }

  #noteCompletion({ state, usage }: Extract<GatewayEvent, { type: 'completion' }>): void {
    increment(this.#completions, state);
    this.#noteUsage(usage);
  }

  #noteUsage(usage: TurnEvent['usage']): void {
    this.#tokens.input += usage?.inputTokens ?? 0;
    this.#tokens.output += usage?.outputTokens ?? 0;
    this.#costUsd += usage?.costUsd ?? 0;
  }
}

function counter(name: string, help: string, values: CounterSample['values']): CounterSample {
  return { name, help, kind: 'counter', values };
}

function by(label: string, counts: ReadonlyMap<string, number>): CounterSample['values'] {
  return [...counts].map(([value, count]) => ({ labels: { [label]: value }, value: count }));
}

function increment(counts: Map<string, number>, key: string): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}

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

  /** Publishes each channel whose state is another than when this was last called. */
  noteChannels(channels: Readonly<Record<string, ChannelStatus>>): void {
    for (const [channel, { state, message = null }] of Object.entries(channels)) {
      const before = this.#channels[channel];
      if (before?.state !== state || (before.message ?? null) !== message) this.publish({ type: 'channel', channel, state, message });
    }
    this.#channels = channels;
    this.#history.note(channels);
  }

  /** @param label  of an account: `telegram:personal` */
  channelTimes(label: string): ChannelTimes {
    return this.#history.of(label);
  }

  /** @param gauges  what is so at this moment. */
  counters(gauges: () => Promise<CounterSample[]>): CounterService {
    return { read: async () => [...this.#counts.read(), ...(await gauges())] };
  }
}
