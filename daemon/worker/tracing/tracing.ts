/** Turns tracing on or off by the configuration in force. The code that creates and sends traces is loaded with the first span. */
import type { Clock } from '../../../shared/clock.js';
import type { Config } from '../../../shared/config/schema.js';
import type { LogPort } from '../../../shared/log/log-port.js';
import type { Span, SpanStart, Tracer, TraceStarter } from './span.js';
import { readTraceSettings, type TraceSettings } from './trace-settings.js';

/** How many spans this worker has sent, and how many it has dropped. */
export interface SpanCounts {
  exported: number;
  dropped: number;
}

export interface TracerOptions {
  readonly settings: TraceSettings;
  /** Of this process, for `service.version` and `service.instance.id`. */
  readonly service: { readonly version: string; readonly instanceId: string };
  readonly counts: SpanCounts;
  readonly clock: Clock;
  readonly logger: LogPort;
}

export interface RunningTracer extends Tracer {
  /** Sends the remaining spans, for at most `timeoutMs`. Never rejects. */
  close(timeoutMs: number): Promise<void>;
}

/** Exports of the bundle that has the tracer (`daemon/worker/lazy/late.ts`). */
export interface TracerModule {
  createTracer(options: TracerOptions): RunningTracer;
}

export interface TracingOptions extends Omit<TracerOptions, 'settings' | 'counts'> {
  readonly config: () => Config;
  readonly lookup: (name: string) => string | undefined;
  readonly load: () => TracerModule;
}

/** For the last spans of an exporter that is replaced, or of a worker that ends. */
const FLUSH_MS = 1_000;

export class Tracing implements TraceStarter {
  readonly counts: SpanCounts = { exported: 0, dropped: 0 };
  readonly #options: TracingOptions;
  /** Undefined: traces are off. */
  #settings: TraceSettings | undefined;
  #tracer: RunningTracer | undefined;

  constructor(options: TracingOptions) {
    this.#options = options;
    this.#settings = this.#read();
  }

  begin(describe: () => SpanStart, traceparent?: string): Span | undefined {
    return this.#settings === undefined ? undefined : this.#load(this.#settings)?.begin(describe(), traceparent);
  }

  /** Called when the configuration has changed. */
  reconfigure(): void {
    const settings = this.#read();
    if (JSON.stringify(settings) === JSON.stringify(this.#settings)) return;
    void this.close(FLUSH_MS);
    this.#settings = settings;
  }

  /** Sends the remaining spans, for at most a second. Spans that end later are dropped. */
  async close(timeoutMs: number): Promise<void> {
    const tracer = this.#tracer;
    this.#tracer = undefined;
    this.#settings = undefined;
    await tracer?.close(Math.min(timeoutMs, FLUSH_MS));
  }

  #read(): TraceSettings | undefined {
    const { config, lookup } = this.#options;
    return readTraceSettings(config().telemetry.traces, lookup);
  }

  #load(settings: TraceSettings): Tracer | undefined {
    const { load, logger } = this.#options;
    try {
      return (this.#tracer ??= load().createTracer({ ...this.#options, settings, counts: this.counts }));
    } catch (error) {
      this.#settings = undefined;
      logger.error({ err: error }, 'failed to load the bundle that sends traces');
      return undefined;
    }
  }
}
