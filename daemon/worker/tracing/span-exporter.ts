/**
 * Sends spans to a collector: in batches, one request at a time, after growing pauses while it fails. Nobody waits for it, and its
 * memory use is bounded. Part of the bundle that is loaded with the first span.
 */
import { mergeHeaders } from '../../../shared/node/merge-headers.js';
import { oneLine } from '../../../shared/text/one-line.js';
import { readStart } from '../providers/read-start.js';
import { type FinishedSpan, toRequest } from './otlp.js';
import type { TracerOptions } from './tracing.js';

/** How long a span waits for others. */
export const DELAY_MS = 5_000;
const BATCH = 512;
export const MAX_QUEUE = 2_048;
const TIMEOUT_MS = 10_000;
const FIRST_PAUSE_MS = 1_000;
const MAX_PAUSE_MS = 60_000;
/** Maximum bytes read of an answer; more is not needed. */
const MAX_ANSWER_BYTES = 65_536;
const MAX_REASON = 200;

/** Answers after which the same spans may be sent again. Source: the OTLP specification, "Retryable Response Codes". */
const RETRYABLE: ReadonlySet<number> = new Set([429, 502, 503, 504]);

type Sent = { readonly rejected: number } | { readonly problem: string; readonly isRetryable: boolean; readonly pauseMs?: number };

/** Returns how many spans the collector rejected. */
function rejectedIn(text: string, count: number): number {
  try {
    const { partialSuccess } = JSON.parse(text) as { partialSuccess?: { rejectedSpans?: unknown } };
    const rejected = Number(partialSuccess?.rejectedSpans ?? 0);
    return Number.isSafeInteger(rejected) ? Math.min(Math.max(rejected, 0), count) : 0;
  } catch {
    return 0;
  }
}

function pauseIn(headers: Headers): { pauseMs?: number } {
  const seconds = Number(headers.get('retry-after') ?? NaN);
  return seconds > 0 ? { pauseMs: Math.min(seconds * 1_000, MAX_PAUSE_MS) } : {};
}

/** `fetch` quotes a header that it cannot send, and headers are secrets. Such an error has no cause; those of the network have one. */
function describe(error: unknown): string {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  if (cause === error && error instanceof TypeError) return 'a header has a value that cannot be sent';
  return oneLine(String(cause), MAX_REASON);
}

export class SpanExporter {
  readonly #options: TracerOptions;
  readonly #queue: FinishedSpan[] = [];
  /** Ends the wait for more spans, or for the next attempt. */
  #cancelWait: (() => void) | undefined;
  #sending: Promise<void> | undefined;
  /** Ends the request. */
  #stop: AbortController | undefined;
  /** In a row. */
  #failures = 0;
  /** After the last failure. */
  #pauseMs = 0;
  #droppedBefore = 0;
  #isClosed = false;

  constructor(options: TracerOptions) {
    this.#options = options;
  }

  add(span: FinishedSpan): void {
    if (this.#isClosed || this.#queue.length >= MAX_QUEUE) {
      this.#options.counts.dropped += 1;
      return;
    }
    this.#queue.push(span);
    if (this.#sending !== undefined) return;
    if (this.#queue.length >= BATCH && this.#failures === 0) this.#send();
    else this.#wait(Math.max(DELAY_MS, this.#pauseMs));
  }

  /** A collector that already fails is not waited for. */
  async close(timeoutMs: number): Promise<void> {
    this.#isClosed = true;
    this.#cancelWait?.();
    const isOver = new AbortController();
    isOver.signal.addEventListener('abort', () => this.#stop?.abort());
    const cancel = this.#options.clock.after(timeoutMs, () => isOver.abort());
    while (this.#queue.length > 0) {
      if (this.#failures > 0 || timeoutMs <= 0) isOver.abort();
      if (this.#sending === undefined && isOver.signal.aborted) break;
      if (this.#sending === undefined) this.#send();
      await this.#sending;
    }
    cancel();
    this.#drop(this.#queue.length);
  }

  #wait(delayMs: number): void {
    this.#cancelWait ??= this.#options.clock.after(delayMs, () => this.#send());
  }

  #send(): void {
    this.#cancelWait?.();
    this.#cancelWait = undefined;
    this.#sending = this.#sendBatch().then(() => {
      this.#sending = undefined;
      if (this.#isClosed || this.#queue.length === 0) return;
      this.#wait(this.#failures > 0 ? this.#pauseMs : this.#queue.length >= BATCH ? 0 : DELAY_MS);
    });
  }

  /** Never rejects. */
  async #sendBatch(): Promise<void> {
    const { counts } = this.#options;
    const batch = this.#queue.slice(0, BATCH);
    const sent = await this.#post(batch);
    if ('problem' in sent) {
      this.#noteFailure(sent);
      if (!sent.isRetryable) this.#drop(batch.length);
      return;
    }
    this.#queue.splice(0, batch.length);
    counts.exported += batch.length - sent.rejected;
    counts.dropped += sent.rejected;
    this.#noteSuccess();
  }

  async #post(batch: readonly FinishedSpan[]): Promise<Sent> {
    const { settings, service, clock } = this.#options;
    const stop = new AbortController();
    this.#stop = stop;
    const cancel = clock.after(TIMEOUT_MS, () => stop.abort());
    try {
      const response = await fetch(settings.url, {
        method: 'POST',
        headers: mergeHeaders(settings.headers, { 'content-type': 'application/json' }),
        body: toRequest(batch, service),
        // A followed redirect would send the headers to another server.
        redirect: 'manual',
        signal: stop.signal,
      });
      const { text } = await readStart(response, MAX_ANSWER_BYTES, stop.signal);
      if (response.ok) return { rejected: rejectedIn(text, batch.length) };
      const { status, headers } = response;
      return { problem: `HTTP ${status} ${oneLine(text, MAX_REASON)}`.trim(), isRetryable: RETRYABLE.has(status), ...pauseIn(headers) };
    } catch (error) {
      return { problem: stop.signal.aborted ? 'it did not answer in time' : describe(error), isRetryable: true };
    } finally {
      cancel();
      this.#stop = undefined;
    }
  }

  #drop(count: number): void {
    this.#queue.splice(0, count);
    this.#options.counts.dropped += count;
  }

  /** Writes one line for each outage. */
  #noteFailure({ problem, pauseMs }: Extract<Sent, { problem: string }>): void {
    const { settings, logger, counts } = this.#options;
    this.#failures += 1;
    if (this.#failures === 1 && !this.#isClosed) {
      this.#droppedBefore = counts.dropped;
      logger.warn({ collector: new URL(settings.url).host, problem }, 'failed to send traces; trying again until it works');
    }
    this.#pauseMs = pauseMs ?? Math.min(FIRST_PAUSE_MS * 2 ** Math.min(this.#failures - 1, 10), MAX_PAUSE_MS);
  }

  #noteSuccess(): void {
    if (this.#failures === 0) return;
    this.#failures = 0;
    this.#pauseMs = 0;
    const { logger, counts } = this.#options;
    logger.info({ dropped: counts.dropped - this.#droppedBefore }, 'traces are sent again');
  }
}
