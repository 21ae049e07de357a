/**
 * Reads a bot's updates. Updates are stored before the next request confirms them, and nothing else confirms them, so an update may
 * be read twice but is never lost. Only one request is open at a time.
 */
import { type Clock, pause } from '../../../../shared/clock.js';
import type { LogPort } from '../../../../shared/log/log-port.js';
import { sayOfChannel } from '../../../../shared/text/sentences/channel.js';
import { MIN_VALID_MS } from '../../store/liveness.js';
import type { ButtonPress, ChannelIntake, IncomingMessage, PressAnswer } from '../host.js';
import { countParts, gatherAlbums, type GatheredUpdate } from './albums.js';
import type { Update } from './api/bot-answers.js';
import { askedWaitMs, type BotApi, type BotFailure, type BotResult, describeFailure, isTokenRefused, POLL_SECONDS } from './api/bot-api.js';

export interface UpdatePollOptions {
  readonly api: Pick<BotApi, 'call'>;
  readonly intake: ChannelIntake;
  readonly clock: Clock;
  readonly logger: LogPort;
  /** Ids of updates are unique within this scope. */
  readonly scope: string;
  /** 0 ≤ x < 1. */
  readonly random: () => number;
  /** Returns the message to store for an update; undefined for none. */
  read(gathered: GatheredUpdate): IncomingMessage | undefined;
  /** Returns the decision of an update; undefined for none. */
  readPress(update: Update): ButtonPress | undefined;
  /** Shows people who pressed buttons the outcome. */
  answer(presses: readonly PressAnswer[]): void;
  /** Undefined: no problem. */
  readonly onState: (problem: string | undefined) => void;
}

const BATCH = 100;
/** Minimum time between the starts of two requests if the first returned nothing new, because a server may not hold a request open. */
const MIN_POLL_MS = 1_000;
const FIRST_WAIT_MS = 1_000;
const LAST_WAIT_MS = 60_000;
/** Each attempt aborts the request of the other program, which retries too. */
const LAST_CONFLICT_WAIT_MS = 30_000;
/** The parts of an album, at most ten, arrive within a moment of each other. */
const ALBUM_WAIT_MS = 500;
const ALBUM_LOOKS = 4;
/** After a week without updates, their ids restart at a random number: https://core.telegram.org/bots/api#update. */
const OFFSET_TTL_MS = 6 * 24 * 60 * 60 * 1_000;

const CONFLICT = sayOfChannel('telegram-conflict');
const UNREADABLE = sayOfChannel('telegram-unreadable');
const WEBHOOK = sayOfChannel('telegram-webhook');

/** How reading ended. */
export type PollEnd = 'stopped' | 'refused';

/** @param failures  how many in a row, at least 1 */
export function waitMs(failures: number, random: number, lastMs = LAST_WAIT_MS): number {
  return Math.round(Math.min(FIRST_WAIT_MS * 2 ** Math.min(failures - 1, 10), lastMs) * (1 + random / 4));
}

export class UpdatePoll {
  readonly #options: UpdatePollOptions;
  #offset: number | undefined;
  #readAtMs = 0;
  #failures = 0;

  constructor(options: UpdatePollOptions) {
    this.#options = options;
  }

  /** Reads until the signal stops it, or the token is refused. Never rejects. */
  async run(signal: AbortSignal): Promise<PollEnd> {
    const { clock, intake, onState } = this.#options;
    await this.#resume(signal);
    while (!signal.aborted) {
      const askedAtMs = clock.now();
      const { offset = 0 } = this.#position();
      const validMs = intake.validForMs();
      if (validMs < MIN_VALID_MS) {
        onState(sayOfChannel('waits-for-database'));
        await pause(FIRST_WAIT_MS, clock, signal);
        continue;
      }
      const result = await this.#ask(Math.min(POLL_SECONDS, Math.floor(validMs / 1_000)), signal);
      if (result.ok) {
        await this.#take(await this.#complete(result.value, signal), signal);
        const hasNew = result.value.some(({ update_id: id }) => id >= offset);
        // At most a second, even when the clock is set back.
        const restMs = Math.min(askedAtMs + MIN_POLL_MS - clock.now(), MIN_POLL_MS);
        if (!hasNew && restMs > 0) await pause(restMs, clock, signal);
      } else if (isTokenRefused(result.failure)) {
        return 'refused';
      } else {
        await this.#recover(result.failure, signal);
      }
    }
    return 'stopped';
  }

  #ask(timeout: number, signal: AbortSignal): Promise<BotResult<Update[]>> {
    const payload = { timeout, limit: BATCH, allowed_updates: ['message', 'callback_query'], ...this.#position() };
    return this.#options.api.call('getUpdates', payload, signal);
  }

  /**
   * Waits for the other parts of albums, whose first part ends a request, until no more arrive. Returns no updates when stopped,
   * because all of them will be read again.
   */
  async #complete(updates: Update[], signal: AbortSignal): Promise<Update[]> {
    let known = updates;
    let parts = 0;
    for (let looks = 0; looks < ALBUM_LOOKS && countParts(known) > parts && known.length < BATCH; looks += 1) {
      parts = countParts(known);
      await pause(ALBUM_WAIT_MS, this.#options.clock, signal);
      if (signal.aborted) return [];
      const result = await this.#ask(0, signal);
      if (!result.ok || result.value.length <= known.length) break;
      known = result.value;
    }
    return known;
  }

  /** Loads the position of the previous worker. Without it, stored updates are read once more. */
  async #resume(signal: AbortSignal): Promise<void> {
    const { intake, scope, clock, logger } = this.#options;
    while (!signal.aborted) {
      try {
        const cursor = await intake.readCursor(scope);
        if (cursor === undefined) return;
        this.#offset = cursor.position + 1;
        this.#readAtMs = cursor.updatedAtMs;
        return;
      } catch (error) {
        logger.warn({ err: error }, 'failed to read the position of the updates; retrying');
        await pause(FIRST_WAIT_MS, clock, signal);
      }
    }
  }

  #position(): { offset?: number } {
    const isFresh = this.#options.clock.now() - this.#readAtMs < OFFSET_TTL_MS;
    return this.#offset === undefined || !isFresh ? {} : { offset: this.#offset };
  }

  /** Stores updates. When that fails, they are read again after a pause. */
  async #take(updates: readonly Update[], signal: AbortSignal): Promise<void> {
    const { onState } = this.#options;
    if (updates.length > 0 && !(await this.#store(updates, signal))) return;
    this.#failures = 0;
    onState(updates.some(({ problem }) => problem !== undefined) ? UNREADABLE : undefined);
  }

  async #store(updates: readonly Update[], signal: AbortSignal): Promise<boolean> {
    const { intake, scope, clock, logger, onState, random } = this.#options;
    const position = Math.max(...updates.map(({ update_id: id }) => id));
    try {
      const answers = await intake.store({
        messages: gatherAlbums(updates).flatMap((gathered) => this.#read(gathered.update, () => this.#options.read(gathered)) ?? []),
        presses: updates
          .filter(({ callback_query: press }) => press !== undefined)
          .flatMap((update) => this.#read(update, () => this.#options.readPress(update)) ?? []),
        cursor: { scope, position },
      });
      this.#options.answer(answers);
    } catch (error) {
      this.#failures += 1;
      logger.warn({ err: error }, 'failed to store updates; they will be read again');
      onState(sayOfChannel('telegram-not-stored'));
      await pause(waitMs(this.#failures, random()), clock, signal);
      return false;
    }
    this.#offset = position + 1;
    this.#readAtMs = clock.now();
    return true;
  }

  /** An update that cannot be parsed is skipped; otherwise Telegram would return it forever. */
  #read<Content>({ update_id: updateId, problem }: Update, read: () => Content | undefined): Content | undefined {
    if (problem !== undefined) {
      this.#options.logger.error({ updateId, place: problem }, UNREADABLE);
      return undefined;
    }
    try {
      return read();
    } catch (error) {
      this.#options.logger.error({ updateId, err: error }, 'failed to interpret an update; it is skipped');
      return undefined;
    }
  }

  async #recover(failure: BotFailure, signal: AbortSignal): Promise<void> {
    if (failure.type === 'aborted') return;
    const { api, clock, logger, onState, random } = this.#options;
    this.#failures += 1;
    const isConflict = failure.type === 'answered' && failure.code === 409;
    const isWebhook = isConflict && /webhook/i.test(failure.description);
    if (isWebhook) await api.call('deleteWebhook', {}, signal);
    const problem = isWebhook ? WEBHOOK : isConflict ? CONFLICT : describeFailure(failure);
    onState(problem);
    logger.warn({ failures: this.#failures }, `updates cannot be read: ${problem}`);
    const backoffMs = waitMs(this.#failures, random(), isConflict ? LAST_CONFLICT_WAIT_MS : LAST_WAIT_MS);
    await pause(Math.max(backoffMs, askedWaitMs(failure)), clock, signal);
  }
}
