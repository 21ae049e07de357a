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

type EventOf<Name extends GatewayEvent['type']> = Extract<GatewayEvent, { type: Name }>;
type Labels = Readonly<Record<string, string>>;

/** A model's name is a caller's text where its server takes any. */
const MAX_LABEL_SETS = 200;

/** Sums by labels. Beyond {@link MAX_LABEL_SETS}, the others are one. */
class Sums {
  readonly #byLabels = new Map<string, { readonly labels: Labels; value: number }>();

  add(labels: Labels, value: number): void {
    const key = JSON.stringify(Object.values(labels));
    const known = this.#byLabels.get(key);
    if (known !== undefined) known.value += value;
    else if (this.#byLabels.size < MAX_LABEL_SETS) this.#byLabels.set(key, { labels, value });
    else this.#other(labels).value += value;
  }

  get values(): CounterSample['values'] {
    return [...this.#byLabels.values()];
  }

  #other(labels: Labels): { value: number } {
    const others = Object.fromEntries(Object.keys(labels).map((name) => [name, 'other']));
    const key = JSON.stringify(Object.values(others));
    const known = this.#byLabels.get(key) ?? { labels: others, value: 0 };
    this.#byLabels.set(key, known);
    return known;
  }
}

/** Counts events since this worker started. */
export class ActivityCounters {
  readonly #turns = new Sums();
  readonly #completions = new Sums();
  readonly #tokens = new Sums();
  readonly #costUsd = new Sums();
  readonly #deliveries = new Sums();
  readonly #configurations = new Sums();

  note(event: GatewayEvent): void {
    if (event.type === 'turn' && event.state !== 'started') this.#noteTurn(event);
    else if (event.type === 'completion') this.#noteCompletion(event);
    else if (event.type === 'message' && event.status !== 'queued')
      this.#deliveries.add({ outcome: event.status, channel: event.channel }, 1);
    else if (event.type === 'config') this.#configurations.add({ outcome: event.outcome }, 1);
  }

  read(): CounterSample[] {
    return [
      counter('xopc_agent_turns_total', 'Turns that have ended, by agent and state.', this.#turns),
      counter('xopc_completions_total', 'Stateless model calls, by model and state.', this.#completions),
      counter('xopc_agent_tokens_total', 'Tokens reported by providers, by agent (none: a stateless call) and model.', this.#tokens),
      counter(
        'xopc_agent_cost_usd_total',
        'Cost of turns and completions in US dollars, by agent and model, by the prices in models.json.',
        this.#costUsd,
      ),
      counter('xopc_outbox_attempts_total', 'Attempts to deliver a message or a part of one, by outcome and channel.', this.#deliveries),
      counter('xopc_config_changes_total', 'Configuration changes, by outcome.', this.#configurations),
    ];
  }

  #noteTurn({ agentId: agent, model, state, usage }: EventOf<'turn'>): void {
    this.#turns.add({ state, agent }, 1);
    this.#noteUsage({ agent, model: model ?? '' }, usage);
  }

  #noteCompletion({ model, state, usage }: EventOf<'completion'>): void {
    this.#completions.add({ state, model }, 1);
    this.#noteUsage({ agent: '', model }, usage);
  }

  #noteUsage(labels: Labels, usage: EventOf<'turn'>['usage']): void {
    if (usage === null) return;
    this.#tokens.add({ direction: 'input', ...labels }, usage.inputTokens ?? 0);
    this.#tokens.add({ direction: 'output', ...labels }, usage.outputTokens ?? 0);
    this.#costUsd.add(labels, usage.costUsd ?? 0);
  }
}

function counter(name: string, help: string, { values }: Sums): CounterSample {
  return { name, help, kind: 'counter', values };
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
