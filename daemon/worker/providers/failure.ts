/** Failures of providers: their kinds, and messages for people about who failed, what was answered and what to do. */
import { GatewayError, type ErrorCode } from '../../../shared/errors.js';
import { type AnswerReason, sayOfAnswer } from '../../../shared/text/sentences/answer.js';
import type { ContextLimit } from './context-limit.js';

/**
 * Why a provider did not answer. `auth` 401, or 403 because of the key; `quota` no credit left; `rateLimited` 429; `notFound`
 * unknown model or path; `tooLong` more context than the model supports; `rejected` another 4xx; `overloaded` 5xx; `unreachable` no
 * connection; `cut` the connection ended during the answer; `timeout` silence; `notTheApi` another program answered (a page);
 * `protocol` an invalid answer; `invalidCall` the model wrote a tool call that is malformed or was not allowed; `empty` an answer
 * without text;
 * `filtered` the provider withheld it; `unconfigured` the provider or model is not configured here.
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
  | 'invalidCall'
  | 'empty'
  | 'filtered'
  | 'unconfigured';

export interface ProviderFailure {
  readonly kind: FailureKind;
  /** HTTP status, if there was an answer. */
  readonly status: number | null;
  /** What the provider or the network said: one line, shortened. May be empty. */
  readonly detail: string;
  /** How long the provider asks to wait. */
  readonly retryAfterMs: number | null;
  /** Only for `tooLong`. */
  readonly context?: ContextLimit;
}

/** Temporary kinds. Timeouts are not retried, because the caller has already waited for minutes. */
const TRANSIENT: ReadonlySet<FailureKind> = new Set<FailureKind>(['rateLimited', 'overloaded', 'unreachable', 'cut', 'invalidCall']);

/** Whether the same request may succeed soon without a change. */
export function isTransient(failure: ProviderFailure): boolean {
  return TRANSIENT.has(failure.kind);
}

/** Kinds that a retry cannot fix. */
const LASTING = ['auth', 'quota', 'notFound', 'notTheApi', 'unconfigured', 'filtered', 'tooLong', 'rejected'] as const;

export type LastingKind = (typeof LASTING)[number] & FailureKind;

const LASTING_REASONS: ReadonlySet<unknown> = new Set([...LASTING, 'toolLoop']);

/** Whether the turn that ended with this error may succeed later without a change. */
export function mayPass({ code, spec, details }: GatewayError): boolean {
  return spec.retryable && !(code === 'AGENT_ERROR' && LASTING_REASONS.has(details?.['reason']));
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
  /** The environment variable that contains `baseUrl`, if one does. */
  readonly addressVariable?: string | undefined;
}

/** The caller: a chat, a program with a session, a scheduled job, or a program that sends its whole conversation. */
export type Asker = 'chat' | 'program' | 'job' | 'stateless';

/** What each caller can do about a conversation that is too long. */
const SHORTEN = {
  chat: 'shorten-chat',
  program: 'shorten-program',
  job: 'shorten-job',
  stateless: 'shorten-stateless',
} as const satisfies Record<Asker, AnswerReason>;

const SENTENCES: Readonly<Record<FailureKind, AnswerReason>> = {
  auth: 'model-refused-key',
  quota: 'model-no-credit',
  rateLimited: 'model-rate-limited',
  notFound: 'model-not-found',
  tooLong: 'model-too-long',
  rejected: 'model-rejected',
  overloaded: 'model-overloaded',
  unreachable: 'model-unreachable',
  cut: 'model-cut',
  timeout: 'model-timeout',
  notTheApi: 'model-not-the-api',
  protocol: 'model-invalid-response',
  invalidCall: 'model-invalid-call',
  empty: 'model-empty-response',
  filtered: 'model-filtered',
  unconfigured: 'model-unconfigured',
};

const keyPlace = ({ source }: FailingModel): string =>
  /^[A-Z_]+$/.test(source) ? sayOfAnswer('key-variable', { variable: source }) : sayOfAnswer('key-in-file');

/** Returns what contains the address: an environment variable, or else the place that `file` names. */
const addressPlace = ({ addressVariable: variable }: FailingModel, file: AnswerReason): string =>
  variable === undefined ? sayOfAnswer(file) : sayOfAnswer('key-variable', { variable });

const secondsOf = (retryAfterMs: number): number => Math.max(1, Math.ceil(retryAfterMs / 1_000));

function sentence({ kind, status, retryAfterMs }: ProviderFailure, model: FailingModel, asker: Asker): string {
  const provider = model.providerName;
  if (kind === 'rateLimited' && retryAfterMs !== null)
    return sayOfAnswer('model-rate-limited-for', { provider, seconds: secondsOf(retryAfterMs) });
  return sayOfAnswer(SENTENCES[kind], {
    provider,
    model: model.modelId,
    address: model.baseUrl,
    http: status === null ? '' : ` (HTTP ${status})`,
    place: kind === 'auth' ? keyPlace(model) : addressPlace(model, kind === 'protocol' ? 'api-in-file' : 'address-in-file'),
    advice: sayOfAnswer(SHORTEN[asker]),
  });
}

/** The error that callers see: AGENT_ERROR, or RATE_LIMITED with `details.retryAfterSeconds` where the provider named a time. */
export function describeFailure(failure: ProviderFailure, model: FailingModel, asker: Asker): GatewayError {
  const code: ErrorCode = failure.kind === 'rateLimited' ? 'RATE_LIMITED' : 'AGENT_ERROR';
  const { detail, retryAfterMs } = failure;
  const what = sentence(failure, model, asker);
  return new GatewayError(code, {
    message: detail === '' ? what : sayOfAnswer('with-detail', { what, detail }),
    details: {
      provider: model.providerName,
      reason: failure.kind,
      ...(failure.status === null ? {} : { status: failure.status }),
      ...(retryAfterMs === null ? {} : { retryAfterSeconds: secondsOf(retryAfterMs) }),
    },
  });
}
