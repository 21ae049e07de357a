/** Values for `/metrics`: counters of events, and gauges of the current state. */
import type { GatewayEvent } from '../../../shared/api/gateway/events.js';
import type { ChannelStatus } from '../../../shared/control/messages.js';
import { GatewayError } from '../../../shared/errors.js';
import type { LogPort } from '../../../shared/log/log-port.js';
import { countUndelivered } from '../store/delivery/outbox-pages.js';
import type { Store } from '../store/store.js';

/** A metric in the terms of Prometheus. */
export interface CounterSample {
  readonly name: string;
  readonly help: string;
  readonly kind: 'counter' | 'gauge';
  readonly values: readonly { readonly labels: Readonly<Record<string, string>>; readonly value: number }[];
}

/** Metrics other than those of HTTP. */
export interface CounterService {
  /** Metrics that cannot be read now are left out. */
  read(): Promise<CounterSample[]>;
}

type TurnEvent = Extract<GatewayEvent, { type: 'turn' }>;

/** Counts events since this worker started. Labels come from small fixed sets. */
export class ActivityCounters {
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
      counter('xopc_agent_turns_total', 'Turns that have ended, by state.', by('state', this.#turns)),
      counter('xopc_completions_total', 'Stateless model calls, by state.', by('state', this.#completions)),
      counter('xopc_agent_tokens_total', 'Tokens reported by providers.', by('direction', new Map(Object.entries(this.#tokens)))),
      counter('xopc_agent_cost_usd_total', 'Cost of turns and completions in US dollars, by the prices in models.json.', [
        { labels: {}, value: this.#costUsd },
      ]),
      counter('xopc_outbox_attempts_total', 'Attempts to deliver a message or a part of one, by outcome.', by('outcome', this.#deliveries)),
      counter('xopc_config_changes_total', 'Configuration changes, by outcome.', by('outcome', this.#configurations)),
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

export interface GaugeOptions {
  readonly store: Store;
  readonly logger: LogPort;
  readonly channels: () => Readonly<Record<string, ChannelStatus>>;
}

function channelGauge(channels: Readonly<Record<string, ChannelStatus>>): CounterSample {
  const values = Object.entries(channels).map(([channel, { state }]) => ({ labels: { channel }, value: state === 'running' ? 1 : 0 }));
  return { name: 'xopc_channel_up', help: '1 if the channel is running.', kind: 'gauge', values };
}

/** Returns the current values. Without a usable store, its gauges are left out. */
export async function readGauges({ store, logger, channels }: GaugeOptions): Promise<CounterSample[]> {
  const gauges = [channelGauge(channels())];
  try {
    const counts = await store.read(countUndelivered);
    const values = counts.map(({ state, count }) => ({ labels: { status: state }, value: count }));
    return [...gauges, { name: 'xopc_outbox_messages', help: 'Undelivered messages to chats, by status.', kind: 'gauge', values }];
  } catch (error) {
    // The store reports its own failures, and this runs every few seconds.
    const isUnavailable = error instanceof GatewayError && error.code === 'UNAVAILABLE';
    if (!isUnavailable) logger.warn({ err: error }, 'failed to count the outbox');
    return gauges;
  }
}
