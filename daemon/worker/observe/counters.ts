/** Values for `/metrics`: counters of events, and gauges of the current state. */
import type { GatewayEvent } from '../../../shared/api/gateway/events.js';
import type { ChannelStatus } from '../../../shared/api/gateway/status.js';
import { isUnavailable } from '../../../shared/errors.js';
import type { LogPort } from '../../../shared/log/log-port.js';
import type { ModelCall } from '../../../shared/turn-usage.js';
import { countPending } from '../store/approvals/approvals.js';
import { countUndelivered } from '../store/delivery/outbox-pages.js';
import type { Store } from '../store/store.js';
import type { SpanCounts } from '../tracing/tracing.js';
import { ByLabels, counter, gauge, Histogram, histogram, type Labels, type Metric, Sums } from './metric.js';

/** Metrics other than those of HTTP. */
export interface CounterService {
  /** Metrics that cannot be read now are omitted. */
  read(): Promise<Metric[]>;
}

type EventOf<Name extends GatewayEvent['type']> = Extract<GatewayEvent, { type: Name }>;

/** From a short answer of a fast model to a long one with reasoning, in seconds. */
const CALL_BUCKETS = [0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600] as const;

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
      counter('xopc_agent_turns_total', 'Turns that have ended, by agent and state.', this.#turns.all),
      counter('xopc_completions_total', 'Stateless model calls, by model and state.', this.#completions.all),
      counter('xopc_agent_tokens_total', 'Tokens reported by providers, by agent (none: a stateless call) and model.', this.#tokens.all),
      counter(
        'xopc_agent_cost_usd_total',
        'Cost of turns and completions in US dollars, by agent and model, by the prices in models.json.',
        this.#costUsd.all,
      ),
      histogram('xopc_model_call_seconds', 'Time until a model call ended, by agent, model and state.', this.#calls),
      histogram('xopc_model_first_token_seconds', 'Time until a model began its answer, by agent and model.', this.#firstTokens),
      counter(
        'xopc_outbox_attempts_total',
        'Attempts to deliver a message or a part of one, by outcome and channel.',
        this.#deliveries.all,
      ),
      counter('xopc_config_changes_total', 'Configuration changes, by outcome.', this.#configurations.all),
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

/** Of traces, whether or not they are on. */
export function spanMetrics({ exported, dropped }: SpanCounts): Metric[] {
  return [
    counter('xopc_trace_spans_exported_total', 'Spans that the trace collector has accepted.', exported),
    counter('xopc_trace_spans_dropped_total', 'Spans that were dropped: the collector refused them, or failed for too long.', dropped),
  ];
}

export interface GaugeOptions {
  readonly store: Store;
  readonly logger: LogPort;
  readonly channels: () => Readonly<Record<string, ChannelStatus>>;
}

/** Returns the current values. Without a usable store, its gauges are omitted. */
export async function readGauges({ store, logger, channels }: GaugeOptions): Promise<Metric[]> {
  const running = Object.entries(channels()).map(([channel, { state }]) => ({ labels: { channel }, value: state === 'running' ? 1 : 0 }));
  const gauges = [gauge('xopc_channel_up', '1 if the channel is running.', running)];
  try {
    const [counts, pending] = await store.read(async (tx) => [await countUndelivered(tx), await countPending(tx)] as const);
    const values = counts.map(({ state, count }) => ({ labels: { status: state }, value: count }));
    return [
      ...gauges,
      gauge('xopc_outbox_messages', 'Undelivered messages to chats, by status.', values),
      gauge('xopc_approvals_pending', 'Tool calls that wait for a decision.', pending),
    ];
  } catch (error) {
    // The store reports its own failures, and this runs every few seconds.
    if (!isUnavailable(error)) logger.warn({ err: error }, 'failed to count the outbox');
    return gauges;
  }
}
