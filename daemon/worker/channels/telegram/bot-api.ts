/**
 * Telegram's Bot API; the owner of grammY, of which only the client is used. Requests go over our own transport, which
 * knows how far each of them got. No error that leaves this file holds the token, which is part of every URL.
 */
import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import { Api, GrammyError, HttpError } from 'grammy/web';
import type { BotCommand, File, Message, Update, UserFromGetMe } from 'grammy/types';
import type { OpenedFile, SendOutcome } from '../channel.js';
import { post, type PostResult } from '../http-post.js';
import { downloadFile } from './file-download.js';
import type { BotRequest } from './compose.js';

export type { BotCommand, Message, Update, UserFromGetMe } from 'grammy/types';

/** The methods in use, with the types of their results. */
export interface BotMethods {
  getMe: UserFromGetMe;
  deleteWebhook: true;
  getMyCommands: BotCommand[];
  setMyCommands: true;
  getFile: File;
  getUpdates: Update[];
  sendMessage: Message;
  editMessageText: Message | true;
  sendChatAction: true;
}

/** `sent` false: the other side cannot have seen the request. */
export type BotFailure =
  | {
      readonly type: 'answered';
      readonly code: number;
      readonly description: string;
      readonly retryAfterMs?: number;
      readonly migrateToChatId?: number;
    }
  | { readonly type: 'network'; readonly sent: boolean; readonly reason: string }
  | { readonly type: 'aborted'; readonly sent: boolean };

export type BotResult<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly failure: BotFailure };

export interface BotApiOptions {
  readonly token: string;
  /** Default `https://api.telegram.org`. */
  readonly apiRoot?: string | undefined;
  /** How long `getUpdates` may stay open at the other side, in seconds. */
  readonly pollSeconds: number;
  /** For all other methods. Default 20 s. */
  readonly timeoutMs?: number;
}

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

/** Returns the outcome of the request that an error carries. */
function causeOf(error: unknown): PostResult | undefined {
  const cause = error instanceof Error ? error.cause : undefined;
  return typeof cause === 'object' && cause !== null && 'type' in cause ? (cause as PostResult) : undefined;
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

/** The part of `fetch` that grammY uses, over our transport. */
function createFetch(options: BotApiOptions, keepAlive: HttpAgent): Fetch {
  const { timeoutMs = TIMEOUT_MS, pollSeconds } = options;
  const run = async (input: string, init: { body: string; signal: AbortSignal }): Promise<Pick<Response, 'status' | 'json'>> => {
    const url = new URL(input);
    const method = url.pathname.split('/').at(-1);
    const result = await post({
      url,
      headers: { 'Content-Type': 'application/json', 'Content-Length': String(Buffer.byteLength(init.body)), 'User-Agent': 'xopc' },
      body: init.body,
      timeoutMs: method === 'getUpdates' ? pollSeconds * 1_000 + POLL_MARGIN_MS : timeoutMs,
      readBytes: () => MAX_ANSWER_BYTES,
      signal: init.signal,
      // A reused connection may be closed by the server at the same moment: then it is unknown whether the message was sent.
      agent: method === 'sendMessage' ? false : keepAlive,
    });
    if (result.type !== 'answered') throw failure(result);
    const { status, body } = result;
    if (!isJson(body))
      throw failure({ type: 'failed', sent: true, reason: `the server answered ${status} without JSON; check its address` });
    return { status, json: async () => JSON.parse(body) as unknown };
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
      return `Telegram answered ${failure.code}: ${failure.description}`;
    case 'network':
      return `Telegram cannot be reached: ${failure.reason}`;
    case 'aborted':
      return 'the gateway stopped';
  }
}

/** Repeating an edit does no harm, so only a message that may have been sent has an unknown outcome. */
export function classifyFailure(failure: BotFailure, method: BotRequest['method']): SendOutcome {
  const reason = describeFailure(failure);
  const mayBeDone = failure.type !== 'answered' && failure.sent && method === 'sendMessage';
  if (mayBeDone) return { type: 'unknown', reason };
  if (failure.type === 'aborted') return { type: 'interrupted' };
  if (failure.type === 'network') return { type: 'failed', reason };
  // The account is about to fail; the message waits for its new token.
  if (isTokenRefused(failure)) return { type: 'interrupted' };
  // "ok": false from the API itself says that it was not done, also with a 5xx.
  if (failure.code === 429 || failure.code >= 500)
    return { type: 'failed', reason, ...(failure.retryAfterMs === undefined ? {} : { retryAfterMs: failure.retryAfterMs }) };
  return { type: 'refused', reason };
}

export class BotApi {
  readonly #api: Api;
  readonly #keepAlive: HttpAgent;
  readonly #address: { readonly apiRoot: string; readonly token: string };

  constructor(options: BotApiOptions) {
    const root = (options.apiRoot ?? DEFAULT_ROOT).replace(/\/+$/, '');
    this.#address = { apiRoot: root, token: options.token };
    this.#keepAlive = new (root.startsWith('https:') ? HttpsAgent : HttpAgent)({ keepAlive: true, maxFreeSockets: 2 });
    this.#api = new Api(options.token, {
      apiRoot: root,
      timeoutSeconds: OUTER_TIMEOUT_SECONDS,
      fetch: createFetch(options, this.#keepAlive),
    });
  }

  /** One request. Never rejects. */
  async call<M extends keyof BotMethods>(method: M, payload: object, signal: AbortSignal): Promise<BotResult<BotMethods[M]>> {
    type Call = (payload: object, signal: AbortSignal) => Promise<BotMethods[M]>;
    const calls = this.#api.raw as unknown as Record<keyof BotMethods, Call>;
    // `getMe` takes no payload in grammY: its first parameter is the signal.
    const run =
      method === 'getMe'
        ? (calls[method] as unknown as (signal: AbortSignal) => Promise<BotMethods[M]>)(signal)
        : calls[method](payload, signal);
    try {
      return { ok: true, value: await run };
    } catch (error) {
      return { ok: false, failure: toFailure(error) };
    }
  }

  /** Reads a file by the id that a message gave it. Never rejects. */
  async openFile(fileId: string, signal: AbortSignal): Promise<OpenedFile> {
    const found = await this.call('getFile', { file_id: fileId }, signal);
    if (found.ok) return downloadFile({ ...this.#address, filePath: found.value.file_path ?? '', signal });
    const { failure } = found;
    const isGone = failure.type === 'answered' && failure.code >= 400 && failure.code < 500 && failure.code !== 429;
    return { type: isGone ? 'missing' : 'failed', reason: describeFailure(failure) };
  }

  /** Closes idle connections. */
  close(): void {
    this.#keepAlive.destroy();
  }
}
