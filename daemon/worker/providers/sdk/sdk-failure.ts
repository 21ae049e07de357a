/** Converts errors of the AI SDK into plain data. Part of the bundle that speaks to vendors. */
import { APICallError, RetryError } from 'ai';
import type { FailureKind, ProviderFailure } from '../failure.js';

/** A 2xx answer that is not an event stream. */
export class NotAStreamError extends Error {
  readonly status: number;
  readonly contentType: string;
  readonly body: string;

  constructor(response: { status: number; contentType: string; body: string }) {
    super(`answered with ${response.contentType}`);
    this.name = 'NotAStreamError';
    this.status = response.status;
    this.contentType = response.contentType;
    this.body = response.body;
  }
}

/** A stream with an event that never ends. */
export class EndlessEventError extends Error {
  constructor() {
    super('an event of the answer is too large');
    this.name = 'EndlessEventError';
  }
}

const MAX_DETAIL_LENGTH = 300;
const MAX_RETRY_AFTER_MS = 24 * 60 * 60 * 1_000;

/** Codes and phrases of different providers for the same failures. */
const QUOTA = /insufficient_quota|billing|credit balance|payment required/i;
const TOO_LONG =
  /context_length_exceeded|context length|context window|maximum context|too many tokens|prompt is too long|token count .{0,40}exceeds/i;
/** Google answers a wrong key with 400. */
const WRONG_KEY = /API_KEY_INVALID/;
const UNSENDABLE_HEADER = /invalid header value|to a ByteString/i;
const RATE_LIMITED = /rate_limit|rate limit|too many requests/i;

function oneLine(text: string): string {
  const line = text.replace(/[\s\p{Cc}]+/gu, ' ').trim();
  return line.length <= MAX_DETAIL_LENGTH ? line : `${line.slice(0, MAX_DETAIL_LENGTH - 1).replace(/\p{Surrogate}$/u, '')}…`;
}

function isPage(body: string | undefined, contentType: string | undefined): boolean {
  return /^text\/html/i.test(contentType ?? '') || /^\s*<(!doctype|html)/i.test(body ?? '');
}

/** Returns the title of a page, which is more useful than its markup. */
function pageTitle(body: string): string {
  const title = /<title[^>]*>([^<]*)<\/title>/i.exec(body)?.[1]?.trim();
  return title === undefined || title === '' ? 'an HTML page' : `an HTML page titled "${title}"`;
}

/** The message inside `{"error": {"message": …}}` and its variants; undefined when there is none. */
function messageIn(value: unknown): string | undefined {
  if (typeof value === 'string') return value;
  if (typeof value !== 'object' || value === null) return undefined;
  const { error, message, detail } = value as Record<string, unknown>;
  return messageIn(error) ?? messageIn(message) ?? messageIn(detail);
}

function parse(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return undefined;
  }
}

/** Google puts the time into the body (google.rpc.RetryInfo), as `7s` or `0.5s`. */
function delayInBody(body: string): number {
  const seconds = /"retryDelay"\s*:\s*"(\d{1,9}(?:\.\d{1,9})?)s"/.exec(body)?.[1];
  return seconds === undefined ? NaN : Number(seconds) * 1_000;
}

function retryAfterMs(headers: Readonly<Record<string, string>> | undefined, body: string): number | null {
  const inMs = Number(headers?.['retry-after-ms'] ?? NaN);
  const text = headers?.['retry-after'];
  // RFC 9110, section 10.2.3: seconds, or a date.
  const fromText = text === undefined ? NaN : /^\d+(\.\d+)?$/.test(text.trim()) ? Number(text) * 1_000 : Date.parse(text) - Date.now();
  const wait = [inMs, fromText, delayInBody(body)].find((ms) => Number.isFinite(ms)) ?? NaN;
  return Number.isFinite(wait) ? Math.min(Math.max(0, Math.round(wait)), MAX_RETRY_AFTER_MS) : null;
}

function kindOfStatus(status: number, text: string): FailureKind {
  if (status === 401 || status === 403 || WRONG_KEY.test(text)) return 'auth';
  if (status === 402 || QUOTA.test(text)) return 'quota';
  if (status === 429) return 'rateLimited';
  if (status === 413 || TOO_LONG.test(text)) return 'tooLong';
  if (status === 404) return 'notFound';
  if (status === 408 || status === 409 || status === 425 || status >= 500) return 'overloaded';
  return 'rejected';
}

function fromAnswer(error: APICallError, status: number): ProviderFailure {
  const body = error.responseBody ?? '';
  const page = isPage(body, error.responseHeaders?.['content-type']);
  const kind = page && status < 500 && status !== 429 ? 'notTheApi' : kindOfStatus(status, body);
  const detail = page ? pageTitle(body) : (messageIn(parse(body)) ?? error.message);
  return { kind, status, detail: oneLine(detail), retryAfterMs: retryAfterMs(error.responseHeaders, body) };
}

/** The innermost error says what happened on the network. */
function innermost(error: Error): Error {
  let current = error;
  for (let depth = 0; depth < 8 && current.cause instanceof Error; depth += 1) current = current.cause;
  return current;
}

function fromNetwork(error: Error): ProviderFailure {
  const inner = innermost(error);
  const { code } = inner as NodeJS.ErrnoException;
  const isSilence = code === 'UND_ERR_HEADERS_TIMEOUT' || code === 'UND_ERR_BODY_TIMEOUT';
  const detail = [code, inner.message]
    .filter((part, index) => part !== undefined && (index === 1 || !inner.message.includes(part)))
    .join(' ');
  return { kind: isSilence ? 'timeout' : 'unreachable', status: null, detail: oneLine(detail), retryAfterMs: null };
}

/** An error object that came inside the stream, after the answer had begun with 200. */
function fromStream(error: unknown): ProviderFailure {
  const text = JSON.stringify(error) ?? '';
  const kind = QUOTA.test(text) ? 'quota' : TOO_LONG.test(text) ? 'tooLong' : RATE_LIMITED.test(text) ? 'rateLimited' : 'overloaded';
  return { kind, status: null, detail: oneLine(messageIn(error) ?? text), retryAfterMs: null };
}

function fromNotAStream(error: NotAStreamError): ProviderFailure {
  const page = isPage(error.body, error.contentType);
  const message = messageIn(parse(error.body));
  const detail = page ? pageTitle(error.body) : (message ?? 'the answer was not a stream');
  const kind = page ? 'notTheApi' : message === undefined ? 'protocol' : fromStream(message).kind;
  return { kind, status: error.status, detail: oneLine(detail), retryAfterMs: null };
}

/** @param error  whatever the SDK threw, or put into an `error` part */
export function toFailure(error: unknown): ProviderFailure {
  if (RetryError.isInstance(error)) return toFailure(error.lastError);
  if (error instanceof NotAStreamError) return fromNotAStream(error);
  if (!APICallError.isInstance(error)) {
    if (!(error instanceof Error)) return fromStream(error);
    // The platform's message about an invalid header contains the key.
    if (UNSENDABLE_HEADER.test(error.message))
      return { kind: 'auth', status: null, detail: 'the API key or a header has a character that cannot be sent', retryAfterMs: null };
    const kind = /without a finish reason/i.test(error.message) ? 'cut' : 'protocol';
    return { kind, status: null, detail: oneLine(error.message), retryAfterMs: null };
  }
  const { statusCode } = error;
  if (statusCode === undefined) return fromNetwork(error);
  if (statusCode >= 200 && statusCode < 300) {
    const inner = innermost(error);
    if (inner instanceof EndlessEventError) return { kind: 'protocol', status: statusCode, detail: inner.message, retryAfterMs: null };
    // The status was fine, so the body ended too early.
    const failure = fromNetwork(error);
    return { ...failure, kind: failure.kind === 'timeout' ? 'timeout' : 'cut', status: statusCode };
  }
  return fromAnswer(error, statusCode);
}
