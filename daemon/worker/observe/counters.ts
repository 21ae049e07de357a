/** Values for `/metrics`: counters of events, and gauges of the current state. */
import type { GatewayEvent } from '../../../shared/api/gateway/events.js';
import type { ChannelStatus } from '../../../shared/control/messages.js';
import { isUnavailable } from '../../../shared/errors.js';
import type { LogPort } from '../../../shared/log/log-port.js';
import type { ModelCall } from '../../../shared/turn-usage.js';
import { countPending } from '../store/approvals/approvals.js';
import { countUndelivered } from '../store/delivery/outbox-pages.js';
import type { Store } from '../store/store.js';
import type { SpanCounts } from '../tracing/tracing.js';
import { Histogram, type Metric } from './metric.js';

/** Metrics other than those of HTTP. */
export interface CounterService {
  /** Metrics that cannot be read now are omitted. */
  read(): Promise<Metric[]>;
}

type EventOf<Name extends GatewayEvent['type']> = Extract<GatewayEvent, { type: Name }>;
type Labels = Readonly<Record<string, string>>;

/** A model's name may be any text of a caller, if its server accepts any. All other labels have few values. */
const MAX_LABEL_SETS = 200;
const OTHER = 'other';

/** From a short answer of a fast model to a long one with reasoning, in seconds. */
const CALL_BUCKETS = [0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600] as const;

/** One value for each set of labels. Beyond {@link MAX_LABEL_SETS}, further models are counted together. */
class ByLabels<Value> {
  readonly #known = new Map<string, { readonly labels: Labels; value: Value }>();
  readonly #create: () => Value;

  constructor(create: () => Value) {
    this.#create = create;
  }

  get all(): readonly { readonly labels: Labels; readonly value: Value }[] {
    return [...this.#known.values()];
  }

  of(labels: Labels): { value: Value } {
    const key = JSON.stringify(Object.values(labels));
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    const { model = OTHER } = labels;
    if (this.#known.size >= MAX_LABEL_SETS && model !== OTHER) return this.of({ ...labels, model: OTHER });
    const made = { labels, value: this.#create() };
    this.#known.set(key, made);
    return made;
  }
}

class Sums extends ByLabels<number> {
  constructor() {
    super(() => 0);
  }

  add(labels: Labels, value: number): void {
    this.of(labels).value += value;
  }
}

const histograms = (): ByLabels<Histogram> => new ByLabels(() => new Histogram(CALL_BUCKETS));

/** Counts events since this worker started. */
export class ActivityCounters {
  readonly #turns = new Sums();
  readonly #completions = new Sums();
  readonly #tokens = new Sums();
  readonly #costUsd = new Sums();
  readonly #deliveries = new Sums();
  readonly #configurations = new Sums();
  readonly #calls = histograms();
  readonly #firstTokens = histograms();

  noteCall({ agentId: agent, ref: model, durationMs, firstTokenMs, error }: ModelCall): void {
    this.#calls.of({ state: error === null ? 'done' : 'error', agent, model }).value.note(durationMs);
    if (firstTokenMs !== null) this.#firstTokens.of({ agent, model }).value.note(firstTokenMs);
  }

  note(event: GatewayEvent): void {
    if (event.type === 'turn' && event.state !== 'started' && event.state !== 'waiting') this.#noteTurn(event);
    else if (event.type === 'completion') this.#noteCompletion(event);
    else if (event.type === 'message' && event.status !== 'queued')
      this.#deliveries.add({ outcome: event.status, channel: event.channel }, 1);
    else if (event.type === 'config') this.#configurations.add({ outcome: event.outcome }, 1);
  }

  read(): Metric[] {
    return [
      counter('xopc_agent_turns_total', 'Turns that have ended, by agent and state.', this.#turns),
      counter('xopc_completions_total', 'Stateless model calls, by model and state.', this.#completions),
      counter('xopc_agent_tokens_total', 'Tokens reported by providers, by agent (none: a stateless call) and model.', this.#tokens),
      counter(
        'xopc_agent_cost_usd_total',
        'Cost of turns and completions in US dollars, by agent and model, by the prices in models.json.',
        this.#costUsd,
      ),
      histogram('xopc_model_call_seconds', 'Time until a model call ended, by agent, model and state.', this.#calls),
      histogram('xopc_model_first_token_seconds', 'Time until a model began its answer, by agent and model.', this.#firstTokens),
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

function counter(name: string, help: string, { all: values }: Sums): Metric {
  return { name, help, type: 'counter', values };
}

function histogram(name: string, help: string, { all }: ByLabels<Histogram>): Metric {
  return { name, help, type: 'histogram', values: all.flatMap(({ labels, value }) => value.samples(name, labels)) };
}

/** Of traces, whether or not they are on. */
export function spanMetrics({ exported, dropped }: SpanCounts): Metric[] {
  const count = (name: string, help: string, value: number): Metric => ({ name, help, type: 'counter', values: [{ labels: {}, value }] });
  return [
    count('xopc_trace_spans_exported_total', 'Spans that the trace collector has accepted.', exported),
    count('xopc_trace_spans_dropped_total', 'Spans that were dropped: the collector refused them, or failed for too long.', dropped),
  ];
}

export interface GaugeOptions {
  readonly store: Store;
  readonly logger: LogPort;
  readonly channels: () => Readonly<Record<string, ChannelStatus>>;
}

function channelGauge(channels: Readonly<Record<string, ChannelStatus>>): Metric {
  const values = Object.entries(channels).map(([channel, { state }]) => ({ labels: { channel }, value: state === 'running' ? 1 : 0 }));
  return { name: 'xopc_channel_up', help: '1 if the channel is running.', type: 'gauge', values };
}

/** Returns the current values. Without a usable store, its gauges are omitted. */
export async function readGauges({ store, logger, channels }: GaugeOptions): Promise<Metric[]> {
  const gauges = [channelGauge(channels())];
  try {
    const [counts, pending] = await store.read(async (tx) => [await countUndelivered(tx), await countPending(tx)] as const);
    const values = counts.map(({ state, count }) => ({ labels: { status: state }, value: count }));
    return [
      ...gauges,
      { name: 'xopc_outbox_messages', help: 'Undelivered messages to chats, by status.', type: 'gauge', values },
      {
        name: 'xopc_approvals_pending',
        help: 'Tool calls that wait for a decision.',
        type: 'gauge',
        values: [{ labels: {}, value: pending }],
      },
    ];
  } catch (error) {
    // The store reports its own failures, and this runs every few seconds.
    if (!isUnavailable(error)) logger.warn({ err: error }, 'failed to count the outbox');
    return gauges;
  }
}
