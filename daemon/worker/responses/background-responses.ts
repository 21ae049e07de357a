/**
 * Writes responses in the background, each from a database row with its request. A worker claims a row; events and the end are
 * stored before anyone sees them:
 *
 *   queued, released         → claimed by any active worker that has its agent
 *   written here             → left alone; aborted where its row is gone or has ended
 *   its worker is dead       → claimed, and written on from the steps that are stored; failed after its third worker
 *   not in the background    → failed with its worker
 *
 * A worker that stops lets a response finish within the drain time and then releases it, which does not count as an attempt.
 */
import type { ResponseEvent } from '../../../shared/api/responses/events.js';
import type { ResponseDocument } from '../../../shared/api/responses/document.js';
import { within } from '../../../shared/clock.js';
import { toGatewayError } from '../../../shared/error-document.js';
import { GatewayError } from '../../../shared/errors.js';
import { Waiters } from '../../../shared/waiters.js';
import type { CompletionService } from '../models/completions.js';
import { mustBeValid } from '../store/liveness.js';
import {
  claimResponse,
  insertEvents,
  nextSequence,
  type ClaimedResponse,
  type OpenResponse,
  readEvents,
  releaseResponse,
} from '../store/responses/background.js';
import { findResponse, finishResponse } from '../store/responses/responses.js';
import type { Store } from '../store/store.js';
import { WorkLoop } from '../store/tasks/work-loop.js';
import type { Deps } from '../store/tasks/worker-deps.js';
import { readContext } from './context.js';
import { failureOf, LeftResponses, openBatches } from './takeover.js';
import { stepsOf, toCall } from './response-call.js';
import { outputOf, ResponseWriter } from './response-writer.js';
import { StoredStream } from './stored-stream.js';

export interface BackgroundOptions extends Deps<'clock' | 'logger' | 'instanceId' | 'liveness' | 'config'> {
  readonly store: Pick<Store, 'read' | 'write'>;
  readonly completions: Pick<CompletionService, 'run'>;
}

interface Run {
  readonly stop: AbortController;
  readonly finished: Promise<void>;
}

/** The others wait. */
const MAX_RUNS = 16;
/** How often rows are polled while another worker may leave some. */
const LOOK_MS = 500;
/** How often a stream written by another worker is polled if there are no notifications. */
const POLL_MS = 250;
const HEARTBEAT_MS = 15_000;

const LOST = new GatewayError('UNAVAILABLE', { message: 'another worker has ended or taken this response' });
const STOPPING = new GatewayError('STOPPING', { message: 'the gateway is stopping' });

export class BackgroundResponses {
  readonly #options: BackgroundOptions;
  readonly #runs = new Map<string, Run>();
  readonly #loop: WorkLoop;
  readonly #changes = new Waiters();
  readonly #left: LeftResponses;
  readonly #closing = new AbortController();

  constructor(options: BackgroundOptions) {
    this.#options = options;
    this.#left = new LeftResponses(options);
    this.#loop = new WorkLoop({
      ...options,
      problem: 'responses in the background are waiting for the store',
      look: () => this.#look(),
      listen: (wake) =>
        options.liveness.onChange('responses', () => {
          this.#changes.wake();
          wake();
        }),
    });
  }

  /** Aborts when this worker ends what it writes. */
  get closing(): AbortSignal {
    return this.#closing.signal;
  }

  /** Claims and writes responses from now on. */
  start(): Promise<void> {
    return this.#loop.start();
  }

  /** Claims no more. */
  stop(): Promise<void> {
    return this.#loop.stop();
  }

  /** Lets responses end for `timeoutMs`, then releases the others. @returns how many */
  async drain(timeoutMs: number): Promise<number> {
    const running = [...this.#runs.values()].map(({ finished }) => finished);
    if (running.length > 0 && timeoutMs > 0) await within(Promise.all(running), timeoutMs, this.#options.clock);
    const released = [...this.#runs.values()];
    for (const { stop } of released) stop.abort(STOPPING);
    this.#closing.abort();
    await Promise.all(released.map(({ finished }) => finished));
    return released.length;
  }

  /** Looks for responses to write. Never rejects. */
  look(): Promise<void> {
    return this.#loop.wake();
  }

  /** Ends a response that has not ended; its output so far is kept. @returns whether it has ended with this */
  async cancel(document: ResponseDocument): Promise<boolean> {
    const { store, clock } = this.#options;
    const isCancelled = await store.write(async (tx) => {
      const { events } = await readEvents(tx, { id: document.id, after: -1 });
      const cancelled: ResponseDocument = { ...document, status: 'cancelled', output: outputOf(events) };
      return await finishResponse(tx, { document: cancelled, nowMs: clock.now() });
    });
    if (isCancelled) this.drop(document.id);
    return isCancelled;
  }

  /** Called when a response has ended or was deleted for another reason than this worker's writing. */
  drop(id: string): void {
    this.#runs.get(id)?.stop.abort(LOST);
    this.#changes.wake();
  }

  /**
   * Yields the stored events after a number as they appear, and undefined when a heartbeat is due. @throws the signal's reason;
   * CONFLICT after the events of a response that was cancelled or deleted
   */
  async *follow(id: string, after: number, signal: AbortSignal): AsyncGenerator<ResponseEvent[] | undefined> {
    const { store, clock, liveness } = this.#options;
    let seen = after;
    let saidAt = clock.now();
    for (;;) {
      signal.throwIfAborted();
      const woken = new AbortController();
      const changed = this.#changes.wait(woken.signal);
      const { events, state } = await store.read((tx) => readEvents(tx, { id, after: seen }));
      const last = events.at(-1);
      if (last !== undefined) {
        seen = last.sequence_number;
        saidAt = clock.now();
        yield events;
      }
      if (state !== 'open') woken.abort();
      if (state === 'ended') return;
      if (state !== 'open') throw new GatewayError('CONFLICT', { message: `the response was ${state}` });
      const end = (): void => woken.abort();
      signal.addEventListener('abort', end, { once: true });
      const cancel = clock.after(liveness.lookAgainMs(POLL_MS) ?? HEARTBEAT_MS, end);
      await changed;
      cancel();
      signal.removeEventListener('abort', end);
      woken.abort();
      if (clock.now() - saidAt < HEARTBEAT_MS) continue;
      saidAt = clock.now();
      yield undefined;
    }
  }

  async #look(): Promise<number | undefined> {
    // Read before the rows are, so that rows left later are found by a later pass.
    const lookMs = this.#options.liveness.lookAgainMs(LOOK_MS);
    return (await this.#takeAll()) ? LOOK_MS : lookMs;
  }

  /** @returns whether some wait that this worker may take soon */
  async #takeAll(): Promise<boolean> {
    const { instanceId } = this.#options;
    const ids = new Set<string>();
    this.#left.begin();
    let isWaiting = false;
    for await (const { open, areAll, living } of openBatches(this.#options)) {
      for (const { id } of open) ids.add(id);
      if (areAll) this.#keepOnly(ids);
      for (const response of open) {
        const isHere = response.instanceId === instanceId;
        if (this.#runs.has(response.id)) continue;
        if (!isHere && living.has(response.instanceId)) isWaiting = true;
        else if (!(await this.#take(response))) isWaiting = true;
      }
      if (!areAll && this.#runs.size >= MAX_RUNS) return true;
    }
    return isWaiting;
  }

  #keepOnly(openIds: ReadonlySet<string>): void {
    this.#left.keep(openIds);
    for (const [id, { stop }] of this.#runs) if (!openIds.has(id)) stop.abort(LOST);
  }

  /** @returns false if it must wait for a free place */
  async #take(response: OpenResponse): Promise<boolean> {
    const { id, instanceId: previous, attempts } = response;
    const { store, instanceId, liveness, logger } = this.#options;
    const failure = failureOf(response);
    if (failure !== undefined) {
      logger.warn({ response: id, attempts }, 'a response was set aside');
      await this.#fail(id, previous, failure);
      return true;
    }
    if (this.#runs.size >= MAX_RUNS) return false;
    if (await this.#left.includes(id)) return true;
    mustBeValid(liveness);
    const claimed = await store.write((tx) => claimResponse(tx, { id, instanceId, previous }));
    if (claimed === undefined) return true;
    const stop = new AbortController();
    const finished = this.#run(claimed, stop).then(() => {
      this.#runs.delete(id);
      void this.look();
    });
    this.#runs.set(id, { stop, finished });
    return true;
  }

  async #fail(id: string, previous: string | null, error: GatewayError): Promise<void> {
    const { store, clock } = this.#options;
    await store.write(async (tx) => {
      const found = await findResponse(tx, { id, viewer: undefined });
      if (found === undefined) return;
      const writer = new ResponseWriter(found.document, await nextSequence(tx, id));
      const events = writer.fail(error, clock.now());
      const isEnded = await finishResponse(tx, { document: writer.document, instanceId: previous, nowMs: clock.now() });
      if (isEnded && found.document.background) await insertEvents(tx, id, events);
    });
    this.#changes.wake();
  }

  /** Never rejects. */
  async #run(claimed: ClaimedResponse, stop: AbortController): Promise<void> {
    const { document, sequence } = claimed;
    const { store, clock, logger, instanceId } = this.#options;
    const writer = new ResponseWriter(document, sequence);
    const stream = new StoredStream({
      id: document.id,
      writer,
      store,
      clock,
      logger,
      instanceId,
      closing: this.#closing.signal,
      onStored: () => this.#changes.wake(),
      onLost: () => stop.abort(LOST),
    });
    this.#changes.wake();
    try {
      await this.#write(claimed, stream, { writer, signal: stop.signal });
    } catch (thrown) {
      const { reason } = stop.signal as { reason: unknown };
      if (reason === LOST) return;
      if (reason === STOPPING) return await this.#release(document.id);
      const error = toGatewayError(thrown);
      logger.info({ response: document.id, code: error.code, err: error }, 'a response in the background failed');
      await stream.end((nowMs) => writer.fail(error, nowMs));
    }
  }

  async #write(
    { document: { id }, request, input, previousId, conversationId, owner, steps: stored }: ClaimedResponse,
    stream: StoredStream,
    { writer, signal }: { writer: ResponseWriter; signal: AbortSignal },
  ): Promise<void> {
    const { store, completions, instanceId } = this.#options;
    const place = { previousId, conversationId, viewer: undefined };
    const before = await store.read((tx) => readContext(tx, place));
    const call = {
      ...toCall(request, { before, items: input }),
      continues: previousId !== null || conversationId !== null,
      tokenId: owner ?? undefined,
      steps: stepsOf({ id, instanceId }, stored),
    };
    for await (const output of completions.run(call, signal)) {
      if (output.type === 'error') throw output.error;
      if (output.type !== 'finish') stream.write(output);
      else return void (await stream.end((nowMs) => writer.write(output, nowMs)));
    }
    throw new GatewayError('INTERNAL_ERROR', { message: 'the completion stream closed without a terminal event' });
  }

  /** Never rejects: rows that cannot be released are taken over after this worker has ended. */
  async #release(id: string): Promise<void> {
    const { store, instanceId } = this.#options;
    await store.write((tx) => releaseResponse(tx, { id, instanceId })).catch(() => undefined);
  }
}
