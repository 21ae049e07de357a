/**
 * Telegram's Bot API; the owner of grammY, of which only the client is used. Requests use our own transport, which knows how far
 * each of them got. No error that leaves this file contains the token, which is part of every URL.
 */
import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import { Api, GrammyError, HttpError } from 'grammy/web';
import { oneLine } from '../../../../../shared/text/one-line.js';
import { sayOfChannel } from '../../../../../shared/text/sentences/channel.js';
import type { OpenedFile, SendOutcome } from '../../channel.js';
import { post, type PostResult } from '../../http-post.js';
import { answer, type BotMethod, type BotMethodResult, placeOf, RESULTS } from './bot-answers.js';
import { downloadFile } from './file-download.js';

/**
 * `sent` false: the other side cannot have seen the request. `invalid`: the request was carried out, but its result does not fit
 * the method.
 */
export type BotFailure =
  | {
      readonly type: 'answered';
      readonly code: number;
      readonly description: string;
      readonly retryAfterMs?: number;
      readonly migrateToChatId?: number;
    }
  | { readonly type: 'network'; readonly sent: boolean; readonly reason: string }
  | { readonly type: 'invalid'; readonly reason: string }
  | { readonly type: 'aborted'; readonly sent: boolean };

export type BotResult<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly failure: BotFailure };

export interface BotApiOptions {
  readonly token: string;
  /** Default `https://api.telegram.org`. */
  readonly apiRoot?: string | undefined;
}

/** How long `getUpdates` may stay open at the other side. */
export const POLL_SECONDS = 25;
/** For all other methods. */
const TIMEOUT_MS = 20_000;
const POLL_MARGIN_MS = 15_000;
const MAX_ANSWER_BYTES = 32 * 1_048_576;
const DEFAULT_ROOT = 'https://api.telegram.org';
/** grammY's own limit; ours is shorter. */
const OUTER_TIMEOUT_SECONDS = 300;

type Fetch = typeof fetch;

function failure(result: PostResult): Error {
  return new Error('the request failed', { cause: result });
}

/** Returns the request outcome carried by an error. */
function causeOf(error: unknown): PostResult | undefined {
  const cause = error instanceof Error ? error.cause : undefined;
  return typeof cause === 'object' && cause !== null && 'type' in cause ? (cause as PostResult) : undefined;
}

/** Returns undefined for a text that is not JSON. */
function parseJson(text: string): { readonly value: unknown } | undefined {
  try {
    return { value: JSON.parse(text) as unknown };
  } catch {
    return undefined;
  }
}

/** The part of `fetch` that grammY uses, over our transport. */
function createFetch(keepAlive: HttpAgent): Fetch {
  const run = async (input: string, init: { body: string; signal: AbortSignal }): Promise<Pick<Response, 'status' | 'json'>> => {
    const url = new URL(input);
    const method = url.pathname.split('/').at(-1);
    const result = await post({
      url,
      headers: { 'Content-Type': 'application/json', 'Content-Length': String(Buffer.byteLength(init.body)), 'User-Agent': 'xopc' },
      body: init.body,
      timeoutMs: method === 'getUpdates' ? POLL_SECONDS * 1_000 + POLL_MARGIN_MS : TIMEOUT_MS,
      readBytes: () => MAX_ANSWER_BYTES,
      signal: init.signal,
      // The server may close a reused connection at the same moment, and then it is unknown whether the message was sent.
      agent: method === 'sendMessage' ? false : keepAlive,
    });
    if (result.type !== 'answered') throw failure(result);
    const { status, body } = result;
    const json = parseJson(body);
    const framed = answer.safeParse(json?.value);
    if (!framed.success) {
      const reason = sayOfChannel(json === undefined ? 'telegram-no-json' : 'telegram-other-json', { status });
      throw failure({ type: 'failed', sent: true, reason });
    }
    return { status, json: async () => framed.data };
  };
  return run as unknown as Fetch;
}

function toFailure(error: unknown): BotFailure {
  if (error instanceof GrammyError) {
    const { retry_after: seconds, migrate_to_chat_id: migrateToChatId } = error.parameters;
    return {
      type: 'answered',
      code: error.error_code,
      description: error.description,
      ...(seconds === undefined ? {} : { retryAfterMs: seconds * 1_000 }),
      ...(migrateToChatId === undefined ? {} : { migrateToChatId }),
    };
  }
  const result = causeOf(error instanceof HttpError ? error.error : error);
  if (result?.type === 'failed') return { type: 'network', sent: result.sent, reason: result.reason };
  if (result?.type === 'aborted') return { type: 'aborted', sent: result.sent };
  return { type: 'network', sent: true, reason: error instanceof Error ? error.message : String(error) };
}

/** Whether Telegram refused the token: it is not, or no longer, valid. */
export function isTokenRefused(failure: BotFailure): boolean {
  return failure.type === 'answered' && (failure.code === 401 || failure.code === 404);
}

export function describeFailure(failure: BotFailure): string {
  switch (failure.type) {
    case 'answered':
      return sayOfChannel('telegram-answered', { status: failure.code, text: failure.description });
    case 'network':
      return sayOfChannel('telegram-unreachable', { cause: failure.reason });
    case 'invalid':
      return failure.reason;
    case 'aborted':
      return sayOfChannel('account-ended');
  }
}

/** How long to wait before the next request, in ms. */
export function askedWaitMs(failure: BotFailure): number {
  return failure.type === 'answered' ? (failure.retryAfterMs ?? 0) : 0;
}

/** Repeating an edit does no harm, so only a message that may have been sent has an unknown outcome. */
export function classifyFailure(failure: BotFailure, method: BotMethod): SendOutcome {
  const reason = describeFailure(failure);
  if (failure.type === 'invalid') return { type: 'unknown', reason };
  const mayBeDone = failure.type !== 'answered' && failure.sent && method === 'sendMessage';
  // When the gateway itself stops, the outbox gives another reason.
  if (mayBeDone)
    return { type: 'unknown', reason: failure.type === 'aborted' ? sayOfChannel('delivery-interrupted', { what: reason }) : reason };
  if (failure.type === 'aborted') return { type: 'interrupted' };
  if (failure.type === 'network') return { type: 'failed', reason };
  // The account is about to fail; the message waits for a new token.
  if (isTokenRefused(failure)) return { type: 'interrupted' };
  // "ok": false from the API itself means that the request was not carried out, even with a 5xx.
  if (failure.code === 429 || failure.code >= 500)
    return { type: 'failed', reason, ...(failure.retryAfterMs === undefined ? {} : { retryAfterMs: failure.retryAfterMs }) };
  return { type: 'refused', reason };
}

const MAX_SHOWN = 300;

export class BotApi {
  readonly #api: Api;
  readonly #keepAlive: HttpAgent;
  readonly #options: BotApiOptions & { readonly apiRoot: string };

  constructor(options: BotApiOptions) {
    const apiRoot = (options.apiRoot ?? DEFAULT_ROOT).replace(/\/+$/, '');
    this.#options = { ...options, apiRoot };
    this.#keepAlive = new (apiRoot.startsWith('https:') ? HttpsAgent : HttpAgent)({ keepAlive: true, maxFreeSockets: 2 });
    this.#api = new Api(options.token, { apiRoot, timeoutSeconds: OUTER_TIMEOUT_SECONDS, fetch: createFetch(this.#keepAlive) });
  }

  /** One request. Never rejects. */
  async call<M extends BotMethod>(method: M, payload: object, signal: AbortSignal): Promise<BotResult<BotMethodResult<M>>> {
    type Call = (payload: object, signal: AbortSignal) => Promise<unknown>;
    const calls = this.#api.raw as unknown as Record<BotMethod, Call>;
    try {
      // `getMe` takes no payload in grammY: its first parameter is the signal.
      const result = await (method === 'getMe'
        ? (calls[method] as unknown as (signal: AbortSignal) => Promise<unknown>)(signal)
        : calls[method](payload, signal));
      const read = RESULTS[method].safeParse(result);
      if (read.success) return { ok: true, value: read.data as BotMethodResult<M> };
      const reason = sayOfChannel('telegram-invalid', { method, place: placeOf(read.error, 'result') });
      return { ok: false, failure: { type: 'invalid', reason } };
    } catch (error) {
      return { ok: false, failure: this.#clean(toFailure(error)) };
    }
  }

  /** Reads a file by the id that a message gave it. Never rejects. */
  async openFile(fileId: string, signal: AbortSignal): Promise<OpenedFile> {
    const found = await this.call('getFile', { file_id: fileId }, signal);
    const { apiRoot, token } = this.#options;
    if (found.ok) return downloadFile({ apiRoot, token, filePath: found.value.file_path ?? '', signal });
    const { failure } = found;
    const isGone = failure.type === 'answered' && failure.code >= 400 && failure.code < 500 && failure.code !== 429;
    return { type: isGone ? 'missing' : 'failed', reason: describeFailure(failure) };
  }

  /** Closes idle connections. */
  close(): void {
    this.#keepAlive.destroy();
  }

  /** A server may quote the requested address, which contains the token. */
  #clean(failure: BotFailure): BotFailure {
    const clean = (text: string): string => {
      const { token } = this.#options;
      const masked = text.replaceAll(token, '[token]').replaceAll(encodeURIComponent(token), '[token]');
      return oneLine(masked, MAX_SHOWN);
    };
    if (failure.type === 'answered') return { ...failure, description: clean(failure.description) };
    return failure.type === 'network' ? { ...failure, reason: clean(failure.reason) } : failure;
  }
}
