/** Converts errors of the AI SDK to plain data. Part of the vendor bundle. */
import { APICallError, JSONParseError, TypeValidationError, UnsupportedFunctionalityError } from 'ai';
import { isFields } from '../../../../shared/fields.js';
import { readContextLimit } from '../context-limit.js';
import type { FailureKind, ProviderFailure } from '../failure.js';

/** A 2xx answer with a content type that the API does not use. */
export class UnexpectedTypeError extends Error {
  readonly status: number;
  readonly contentType: string;
  readonly body: string;

  constructor(response: { status: number; contentType: string; body: string }) {
    super(response.contentType === '' ? 'the answer had no content type' : `the answer was ${response.contentType}`);
    this.name = 'UnexpectedTypeError';
    this.status = response.status;
    this.contentType = response.contentType;
    this.body = response.body;
  }
}

/** A stream, or one event of it, that does not end within its limit. */
export class EndlessAnswerError extends Error {
  constructor(what: string) {
    super(`${what} is too large`);
    this.name = 'EndlessAnswerError';
  }
}

const MAX_RETRY_AFTER_MS = 24 * 60 * 60 * 1_000;

/**
 * Codes and phrases of different providers for the same failures. The word "billing" alone proves nothing: ordinary rate limits of
 * Groq, Google and OpenAI link to a billing page.
 */
const QUOTA =
  /^(?:insufficient_quota|billing_error|billing_hard_limit_reached|billing_not_active)$|credit balance is too low|used all available credits|run out of credits|payment required/im;
/** Google answers a wrong key with 400. */
const WRONG_KEY = /API_KEY_INVALID/;
const ABOUT_KEY = /\bkeys?\b|permission|credential|authenticat|unauthori/i;
const MODERATED = /moderation|\bflagged\b/i;
const UNSENDABLE_HEADER = /invalid header value|to a ByteString/i;
const RATE_LIMITED = /rate_limit|rate limit|too many requests/i;

function isPage(body: string | undefined, contentType: string | undefined): boolean {
  return /^text\/html/i.test(contentType ?? '') || /^\s*<(!doctype|html)/i.test(body ?? '');
}

/** Returns the title of a page, which is more useful than its markup. */
function pageTitle(body: string): string {
  const title = /<title[^<>]{0,200}>([^<]{0,500})<\/title>/i.exec(body)?.[1]?.trim();
  return title === undefined || title === '' ? 'an HTML page' : `an HTML page titled "${title}"`;
}

/** Returns the failure for a text sent by a vendor. */
function failureOf(
  kind: FailureKind,
  said: { status: number | null; detail: string; retryAfterMs?: number | null; text: string },
): ProviderFailure {
  const { status, detail, retryAfterMs = null, text } = said;
  const context = kind === 'tooLong' && { context: readContextLimit(text) ?? { limitTokens: null, usedTokens: null } };
  return { kind, status, detail, retryAfterMs, ...context };
}

/** Reads a list of field errors, in FastAPI's format. */
const MAX_ISSUES = 3;

/** The message inside `{"error": {"message": …}}` and its variants, at most `depth` levels deep; undefined when there is none. */
function messageIn(value: unknown, depth = 4): string | undefined {
  if (typeof value === 'string') return value;
  if (depth === 0) return undefined;
  if (Array.isArray(value)) {
    const messages = value.slice(0, MAX_ISSUES).flatMap((entry) => messageIn(entry, depth - 1) ?? []);
    return messages.length === 0 ? undefined : messages.join('; ');
  }
  if (!isFields(value)) return undefined;
  const { error, message, detail, msg, loc } = value;
  const said = messageIn(error, depth - 1) ?? messageIn(message, depth - 1) ?? messageIn(detail, depth - 1) ?? messageIn(msg, depth - 1);
  const field = Array.isArray(loc) ? loc.filter((name) => name !== 'body').join('.') : '';
  return said === undefined || field === '' ? said : `${field}: ${said}`;
}

/** Fields with a vendor's own messages. Others may repeat the request, which says nothing about the failure. */
const SPOKEN: ReadonlySet<string> = new Set([
  'error',
  'errors',
  'message',
  'msg',
  'detail',
  'details',
  'code',
  'type',
  'status',
  'reason',
  // OpenRouter: the message of the underlying provider.
  'metadata',
  'raw',
]);

/** Returns a vendor's messages in a document, including codes, at most `depth` levels deep, one per line. */
function spokenIn(value: unknown, depth = 6): string {
  if (typeof value === 'string') return value;
  if (typeof value !== 'object' || value === null || depth === 0) return '';
  const said = Array.isArray(value)
    ? (value as unknown[])
    : Object.entries(value).flatMap(([name, field]) => (SPOKEN.has(name) ? [field] : []));
  return said
    .map((field) => spokenIn(field, depth - 1))
    .filter((text) => text !== '')
    .join('\n');
}

/** Returns a document as text; an empty one if it is nested too deeply for that. */
function textOf(value: unknown): string {
  try {
    return JSON.stringify(value) ?? '';
  } catch {
    return '';
  }
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

/** A vendor also uses 403 for moderated content, and for countries that it does not serve. */
function kindOfForbidden(text: string): FailureKind {
  if (MODERATED.test(text)) return 'filtered';
  return ABOUT_KEY.test(text) ? 'auth' : 'rejected';
}

/** @param text  the vendor's message */
function kindOfStatus(status: number, text: string): FailureKind {
  if (status === 401 || WRONG_KEY.test(text)) return 'auth';
  if (status === 402 || QUOTA.test(text)) return 'quota';
  if (status === 403) return kindOfForbidden(text);
  if (status === 429) return 'rateLimited';
  if (status === 413 || readContextLimit(text) !== undefined) return 'tooLong';
  if (status === 404) return 'notFound';
  if (status === 408 || status === 409 || status === 425 || status >= 500) return 'overloaded';
  return 'rejected';
}

function fromAnswer(error: APICallError, status: number): ProviderFailure {
  const body = error.responseBody ?? '';
  const page = isPage(body, error.responseHeaders?.['content-type']);
  const document = parse(body);
  const text = document === undefined ? body : spokenIn(document);
  // A proxy before the API answers 413 and 429 with a page, too.
  const kind = page && status < 500 && status !== 413 && status !== 429 ? 'notTheApi' : kindOfStatus(status, text);
  const detail = page ? pageTitle(body) : (messageIn(document) ?? error.message);
  return failureOf(kind, { status, detail, retryAfterMs: retryAfterMs(error.responseHeaders, body), text });
}

/** The platform's own messages (`TypeError`) may quote the request's address or a header, and thus a secret. */
const messageOf = (error: Error): string => (error instanceof TypeError ? 'the request failed' : error.message);

/** The innermost error tells what happened on the network. */
function innermost(error: Error): Error {
  let current = error;
  for (let depth = 0; depth < 8 && current.cause instanceof Error; depth += 1) current = current.cause;
  return current;
}

function fromNetwork(error: Error): ProviderFailure {
  const inner = innermost(error);
  const { code } = inner as NodeJS.ErrnoException;
  const isSilence = code === 'UND_ERR_HEADERS_TIMEOUT' || code === 'UND_ERR_BODY_TIMEOUT';
  const message = messageOf(inner);
  const detail = [code, message].filter((part, index) => part !== undefined && (index === 1 || !message.includes(part))).join(' ');
  return { kind: isSilence ? 'timeout' : 'unreachable', status: null, detail, retryAfterMs: null };
}

function kindInStream(text: string): FailureKind {
  if (QUOTA.test(text)) return 'quota';
  if (readContextLimit(text) !== undefined) return 'tooLong';
  return RATE_LIMITED.test(text) ? 'rateLimited' : 'overloaded';
}

/** An error object that came inside the stream, after the answer had begun with 200. */
function fromStream(error: unknown): ProviderFailure {
  const text = spokenIn(error);
  return failureOf(kindInStream(text), { status: null, detail: messageIn(error) ?? textOf(error), text });
}

function fromUnexpectedType({ message: said, body, contentType, status }: UnexpectedTypeError): ProviderFailure {
  if (isPage(body, contentType)) return failureOf('notTheApi', { status, detail: pageTitle(body), text: body });
  const document = parse(body);
  const message = messageIn(document);
  if (message === undefined) return failureOf('protocol', { status, detail: said, text: body });
  const text = spokenIn(document);
  return failureOf(kindInStream(text), { status, detail: message, text });
}

/** An answer that the SDK could not read: it may be an error in a form of the vendor's own. */
function fromReading(error: Error): ProviderFailure {
  if (TypeValidationError.isInstance(error) && messageIn(error.value) !== undefined) return fromStream(error.value);
  const kind = /without a finish reason/i.test(error.message) ? 'cut' : 'protocol';
  // The SDK's own message quotes the whole answer.
  const detail = TypeValidationError.isInstance(error)
    ? 'a part of the answer does not have the form of this API'
    : JSONParseError.isInstance(error)
      ? 'a part of the answer is not JSON'
      : messageOf(error);
  return { kind, status: null, detail, retryAfterMs: null };
}

/**
 * Returns a failure whose detail is the vendor's own message. @param error  anything that the SDK threw, or put into an `error`
 * part
 */
export function toFailure(error: unknown): ProviderFailure {
  if (error instanceof UnexpectedTypeError) return fromUnexpectedType(error);
  if (!APICallError.isInstance(error)) {
    if (!(error instanceof Error)) return fromStream(error);
    // The platform's message about an invalid header contains the key.
    if (UNSENDABLE_HEADER.test(error.message))
      return { kind: 'auth', status: null, detail: 'the API key or a header has a character that cannot be sent', retryAfterMs: null };
    // This API cannot express a part of the request: no call was made, and a retry would not help.
    if (UnsupportedFunctionalityError.isInstance(error))
      return { kind: 'rejected', status: null, detail: error.message, retryAfterMs: null };
    return fromReading(error);
  }
  const { statusCode } = error;
  if (statusCode === undefined) return fromNetwork(error);
  if (statusCode >= 200 && statusCode < 300) {
    const inner = innermost(error);
    if (inner instanceof EndlessAnswerError) return { kind: 'protocol', status: statusCode, detail: inner.message, retryAfterMs: null };
    // The status was a success, so the body ended too early.
    const failure = fromNetwork(error);
    return { ...failure, kind: failure.kind === 'timeout' ? 'timeout' : 'cut', status: statusCode };
  }
  return fromAnswer(error, statusCode);
}
