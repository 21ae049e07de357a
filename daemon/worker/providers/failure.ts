/** Failures of providers: their kinds, and their messages for people: who failed, what it answered, what to do. */
import { GatewayError, type ErrorCode } from '../../../shared/errors.js';
import type { ContextLimit } from './context-limit.js';

/**
 * Why a provider did not answer. `auth` 401/403; `quota` no credit left; `rateLimited` 429; `notFound` unknown model or
 * path; `tooLong` more context than the model takes; `rejected` another 4xx; `overloaded` 5xx; `unreachable` no
 * connection; `cut` the connection ended during the answer; `timeout` silence; `notTheApi` another program answered (a page);
 * `protocol` an invalid answer; `empty` an answer without text; `filtered` the provider withheld it;
 * `unconfigured` the provider or model is not set up here.
 */
export type FailureKind =
  | 'auth'
  | 'quota'
  | 'rateLimited'
  | 'notFound'
  | 'tooLong'
  | 'rejected'
  | 'overloaded'
  | 'unreachable'
  | 'cut'
  | 'timeout'
  | 'notTheApi'
  | 'protocol'
  | 'empty'
  | 'filtered'
  | 'unconfigured';

export interface ProviderFailure {
  readonly kind: FailureKind;
  /** HTTP status, where there was an answer. */
  readonly status: number | null;
  /** What the provider or the network said: one line, shortened. May be empty. */
  readonly detail: string;
  /** How long the provider asks to wait. */
  readonly retryAfterMs: number | null;
  /** Of `tooLong`. */
  readonly context?: ContextLimit;
}

/** Kinds that may pass soon. Timeouts are not repeated: the caller has waited for minutes already. */
const TRANSIENT: ReadonlySet<FailureKind> = new Set<FailureKind>(['rateLimited', 'overloaded', 'unreachable', 'cut']);

/** Whether the same request may succeed soon without a change. */
export function isTransient(failure: ProviderFailure): boolean {
  return TRANSIENT.has(failure.kind);
}

/** The failing model, in terms that people know. */
export interface FailingModel {
  /** `OpenAI`. */
  readonly providerName: string;
  readonly baseUrl: string;
  /** The model's name at the provider. */
  readonly modelId: string;
  /** `models.json`, the environment variable that holds the key, or `discovery`. */
  readonly source: string;
}

type Describe = (model: FailingModel, failure: ProviderFailure) => string;

/** Who asked: a chat, a program with a session, a scheduled job, or a program that sends its whole conversation. */
export type Asker = 'chat' | 'program' | 'job' | 'stateless';

/** What each can do about a conversation that is too long. */
const SHORTEN: Readonly<Record<Asker, string>> = {
  chat: 'Start a new one with /new, or send a shorter message.',
  program: 'Start a new one by sending /new as the message, name another session, or send a shorter message.',
  job: "Shorten the job's message, or start a new conversation in its chat with /new.",
  stateless: 'Send fewer or shorter messages.',
};

const keyPlace = ({ source }: FailingModel): string =>
  /^[A-Z_]+$/.test(source) ? `the environment variable ${source}` : `the provider's apiKey in models.json`;

const http = ({ status }: ProviderFailure): string => (status === null ? '' : ` (HTTP ${status})`);

const waiting = (failure: ProviderFailure): string =>
  failure.retryAfterMs === null ? 'Wait a moment and try again' : `Try again in ${Math.max(1, Math.ceil(failure.retryAfterMs / 1_000))} s`;

const SENTENCES: Readonly<Record<FailureKind, Describe>> = {
  auth: (model, failure) => `${model.providerName} refused the API key${http(failure)}. Check ${keyPlace(model)}.`,
  quota: (model) => `The account at ${model.providerName} has no credit left. Add credit there, or choose another model.`,
  rateLimited: (model, failure) =>
    `${model.providerName} is limiting requests (HTTP 429). ${waiting(failure)}, or configure a fallback model.`,
  notFound: (model, failure) =>
    `${model.providerName} does not know the model '${model.modelId}' at ${model.baseUrl}${http(failure)}. Check the model's name and the provider's baseUrl.`,
  tooLong: (model) => `The conversation is too long for '${model.modelId}' of ${model.providerName}.`,
  rejected: (model, failure) => `${model.providerName} rejected the request${http(failure)}.`,
  overloaded: (model, failure) =>
    `${model.providerName} failed or is overloaded${http(failure)}. Try again in a moment, or configure a fallback model.`,
  unreachable: (model) =>
    `${model.providerName} cannot be reached at ${model.baseUrl}. Check the address and the network, and that the server runs.`,
  cut: (model) => `The connection to ${model.providerName} closed in the middle of the answer. Try again.`,
  timeout: (model) =>
    `${model.providerName} sent nothing for too long. Try again, choose a faster model, or raise agents.defaults.silenceTimeoutMs.`,
  notTheApi: (model, failure) =>
    `${model.baseUrl} does not answer with the API of ${model.providerName}${http(failure)}. Check baseUrl; is there a proxy in between?`,
  protocol: (model) =>
    `${model.providerName} returned an invalid response. Try again; if that does not help, check the provider's api and baseUrl in models.json.`,
  empty: (model) => `${model.providerName} returned an empty response. Try again, or choose another model.`,
  filtered: (model) => `The content filter of ${model.providerName} blocked the answer.`,
  unconfigured: (model) => `The model '${model.modelId}' cannot be used.`,
};

/** The error that callers see: AGENT_ERROR, or RATE_LIMITED with `details.retryAfterSeconds` where the provider named a time. */
export function describeFailure(failure: ProviderFailure, model: FailingModel, asker: Asker): GatewayError {
  const code: ErrorCode = failure.kind === 'rateLimited' ? 'RATE_LIMITED' : 'AGENT_ERROR';
  const said = failure.detail === '' ? '' : ` It said: ${failure.detail}`;
  return new GatewayError(code, {
    message: SENTENCES[failure.kind](model, failure) + (failure.kind === 'tooLong' ? ` ${SHORTEN[asker]}` : '') + said,
    details: {
      provider: model.providerName,
      reason: failure.kind,
      ...(failure.status === null ? {} : { status: failure.status }),
      ...(failure.retryAfterMs === null ? {} : { retryAfterSeconds: Math.max(1, Math.ceil(failure.retryAfterMs / 1_000)) }),
    },
  });
}
