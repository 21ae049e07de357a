/** Transcribes a recording with a model. Independent of chats: used by turns and by programs. */
import { pause } from '../../../../shared/clock.js';
import type { Config } from '../../../../shared/config/schema.js';
import { GatewayError } from '../../../../shared/errors.js';
import { type AnswerReason, sayOfAnswer } from '../../../../shared/text/sentences/answer.js';
import { describeFailure, type ProviderFailure } from '../../providers/failure.js';
import type { Provider, TranscriptionEvent } from '../../providers/provider.js';
import type { ProviderRegistry, ResolvedModel } from '../../providers/registry.js';
import { costOf } from '../../providers/token-cost.js';
import type { Account, Spending } from '../../spending/spending.js';
import { waitBefore } from './ask.js';
import { callModel } from './call-model.js';
import type { Deps } from '../../store/tasks/worker-deps.js';
import { type CompletionChange, completionChange } from './completion-change.js';

export interface TranscriberOptions extends Deps<'clock' | 'logger' | 'config'> {
  readonly spending: Pick<Spending, 'purse'>;
  readonly registry: () => ProviderRegistry;
  /** 0 ≤ x < 1. */
  readonly random: () => number;
  readonly publish: (change: CompletionChange) => void;
}

export interface Recording {
  readonly name: string;
  readonly mediaType: string;
  readonly bytes: Uint8Array;
  /** Undefined: unknown. */
  readonly seconds?: number | undefined;
}

export interface TranscriptionCall {
  readonly recording: Recording;
  /** `provider/model`. */
  readonly model: string;
  /** Further fields of OpenAI's form. */
  readonly fields?: Readonly<Record<string, string>>;
  /** Who pays. */
  readonly account: Account;
}

/** Tokens per second of sound at OpenAI, for the maximum cost of a call. */
const TOKENS_PER_SECOND = 10;
/** Assumed length of a voice message, if unknown. */
const BYTES_PER_SECOND = 2_000;

const refusal = (reason: AnswerReason, values: Record<string, string | number>): GatewayError =>
  new GatewayError('INVALID_REQUEST', { message: sayOfAnswer(reason, values) });

/** A model whose provider can transcribe. */
type HearingModel = ResolvedModel & { readonly transcribe: NonNullable<Provider['transcribe']> };

const NO_ANSWER: ProviderFailure = { kind: 'protocol', status: null, detail: 'no answer', retryAfterMs: null };

export class Transcriber {
  readonly #options: TranscriberOptions;

  constructor(options: TranscriberOptions) {
    this.#options = options;
  }

  /** Returns the settings, with the model that transcribes recordings of chats. */
  get settings(): Config['transcription'] {
    return this.#options.config().transcription;
  }

  /**
   * Returns the transcript, which may be empty. A call that fails temporarily is retried, like a step of a turn.
   * @throws INVALID_REQUEST for a recording beyond the limits; MODEL_NOT_FOUND; the provider's failure; RATE_LIMITED when a limit is used up;
   * the signal's reason
   */
  async transcribe(call: TranscriptionCall, signal: AbortSignal): Promise<string> {
    const { clock, logger, random } = this.#options;
    this.#check(call.recording);
    const model = this.#resolve(call.model);
    for (let attempts = 1; ; attempts += 1) {
      signal.throwIfAborted();
      const end = await this.#attempt(model, call, signal);
      if (end.type === 'finish') return this.#finish(model, end);
      signal.throwIfAborted();
      const failure = end.type === 'failed' ? end.failure : NO_ANSWER;
      const waitMs = waitBefore(failure, { attempts, random: random() });
      if (waitMs === undefined) throw this.#describe(failure, model);
      logger.info({ model: model.ref, reason: failure.kind, detail: failure.detail, waitMs }, 'retrying the transcription');
      await pause(waitMs, clock, signal);
    }
  }

  #check({ seconds = 0, bytes }: Recording): void {
    const { maxSeconds, maxBytes } = this.settings;
    if (seconds > maxSeconds) throw refusal('voice-too-long', { seconds: Math.round(seconds), limit: maxSeconds });
    if (bytes.length > maxBytes) throw refusal('voice-too-large', { limit: maxBytes });
  }

  #resolve(ref: string): HearingModel {
    const model = this.#options.registry().resolve(ref);
    const { provider, api, failing } = model;
    if (provider.transcribe === undefined || api?.startsWith('openai-') !== true)
      throw refusal('voice-not-the-api', { provider: failing.providerName });
    // It sends a single event at its end, so its silence lasts the whole call.
    return { ...model, transcribe: provider.transcribe.bind(provider), silenceTimeoutMs: this.settings.timeoutMs };
  }

  async #attempt(
    model: HearingModel,
    { recording, fields = {}, account }: TranscriptionCall,
    signal: AbortSignal,
  ): Promise<TranscriptionEvent> {
    const { clock, spending, publish } = this.#options;
    const { name, mediaType, bytes, seconds = bytes.length / BYTES_PER_SECOND } = recording;
    const request = { modelId: model.modelId, name, mediaType, bytes, fields };
    const open = (limited: AbortSignal): AsyncIterable<TranscriptionEvent> => model.transcribe(request, limited);
    const inputTokens = (): number => Math.ceil(seconds * TOKENS_PER_SECOND);
    let end: TranscriptionEvent = { type: 'failed', failure: NO_ANSWER };
    const purse = spending.purse({ ...account, kind: 'transcription' });
    for await (const event of callModel(model, open, { signal, clock, purse, inputTokens })) end = event;
    publish(completionChange(model, end));
    return end;
  }

  #finish({ ref, prices }: ResolvedModel, { text, usage, seconds }: Extract<TranscriptionEvent, { type: 'finish' }>): string {
    this.#options.logger.info({ model: ref, seconds, ...usage, costUsd: costOf(usage, prices) }, 'a recording was transcribed');
    return text.toWellFormed();
  }

  #describe(failure: ProviderFailure, { failing }: ResolvedModel): GatewayError {
    if (failure.kind !== 'timeout') return describeFailure(failure, failing, 'stateless');
    const seconds = Math.ceil(this.settings.timeoutMs / 1_000);
    return new GatewayError('AGENT_ERROR', {
      message: sayOfAnswer('voice-timeout', { provider: failing.providerName, seconds }),
      details: { provider: failing.providerName, reason: failure.kind },
    });
  }
}
