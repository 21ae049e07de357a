/** REST and event streams of the running gateway, over `node:http`: the global `fetch` costs 100 ms at its first use. */
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { Readable } from 'node:stream';
import { type ErrorCode, GatewayError, isErrorCode } from '../../shared/errors.js';
import { collect } from '../../shared/node/collect.js';
import type { GatewayEnvironment } from '../../shared/node/process/env.js';
import type { GatewayPaths } from '../../shared/node/process/paths.js';
import { definedFields } from '../../shared/fields.js';
import { readEvents, type ServerEvent } from './event-stream.js';
import { findToken } from '../gateway/gateway-settings.js';
import type { AnsweringGateway } from '../gateway/locate-gateway.js';

export interface ApiTarget {
  readonly host: string;
  readonly port: number;
  readonly token: string | undefined;
}

export interface ApiRequest {
  readonly method: 'GET' | 'POST' | 'PATCH' | 'DELETE';
  /** Path including the query. */
  readonly path: string;
  readonly body?: unknown;
  /** Instead of `body`: a file that is streamed, not held in memory. */
  readonly file?: { readonly type: string; readonly content: Readable };
  /** `Idempotency-Key`: the same one again gets the first answer. */
  readonly key?: string | undefined;
  readonly signal?: AbortSignal;
  /** Fails with UNAVAILABLE once nothing is received for so long; default: waits forever. */
  readonly silenceMs?: number;
}

const MAX_RESPONSE_BYTES = 67_108_864;

/** The wildcard addresses are for listening, not for connecting. */
function connectHost(host: string): string {
  if (host === '0.0.0.0' || host === '') return '127.0.0.1';
  return host === '::' ? '::1' : host;
}

/** Returns the address of this gateway and the token in force. @throws as {@link findToken} */
export async function apiTarget(gateway: AnsweringGateway, paths: GatewayPaths, environment: GatewayEnvironment): Promise<ApiTarget> {
  const { host, port } = gateway.status;
  const own = await findToken(gateway, paths, environment);
  return { host: connectHost(host), port, token: own?.token };
}

function connectionError(target: ApiTarget, error: NodeJS.ErrnoException): GatewayError {
  return new GatewayError('UNAVAILABLE', {
    message: `the gateway's API on ${target.host} port ${target.port} is unreachable (${error.code ?? error.message})`,
    details: { host: target.host, port: target.port },
    hint: 'Check it with: xopc gateway status',
  });
}

async function readBody(response: IncomingMessage): Promise<string> {
  const body = await collect(response, MAX_RESPONSE_BYTES);
  if (body !== undefined) return body.toString('utf8');
  throw new GatewayError('INTERNAL_ERROR', { message: `the response has more than ${MAX_RESPONSE_BYTES} bytes` });
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Matches a hint that names an API call. */
const NAMES_A_CALL = /\b(?:GET|POST|PATCH|DELETE) \//;
/** The text shown to a person instead. */
const COMMANDS: Partial<Record<ErrorCode, string>> = {
  SESSION_NOT_FOUND: 'See them with: xopc sessions',
  JOB_NOT_FOUND: 'See them with: xopc cron',
  MODEL_NOT_FOUND: 'See them with: xopc models',
};

/** Hint for a refusal by `gateway.allowedIps`, which also applies to the owner's own commands. */
const ALLOW_ADDRESS = 'Add the address with: xopc config edit   Or undo the last change with: xopc config undo';

interface AnsweredError {
  readonly code?: unknown;
  readonly message?: unknown;
  readonly requestId?: unknown;
  /** Also the end of the message. */
  readonly hint?: unknown;
  readonly details?: Record<string, unknown>;
}

/** OpenAI's codes for errors of `/v1`. Its other codes are those of the gateway in lower case. */
const OPENAI_CODES: Readonly<Record<string, ErrorCode>> = {
  model_not_found: 'MODEL_NOT_FOUND',
  invalid_api_key: 'UNAUTHORIZED',
  rate_limit_exceeded: 'RATE_LIMITED',
  context_length_exceeded: 'AGENT_ERROR',
  insufficient_quota: 'AGENT_ERROR',
  invalid_request: 'AGENT_ERROR',
};

function codeFromOpenAi(code: unknown): ErrorCode {
  if (typeof code !== 'string') return 'INTERNAL_ERROR';
  const own = code.toUpperCase();
  return OPENAI_CODES[code] ?? (isErrorCode(own) ? own : 'INTERNAL_ERROR');
}

/** Returns the API's error document as an error; any other body becomes an error that names the status. */
export function errorFromBody(status: number, text: string): GatewayError {
  const { error } = (parseJson(text) ?? {}) as { error?: AnsweredError };
  const { code, message, hint } = error ?? {};
  if (!isErrorCode(code) || typeof message !== 'string') {
    const said = typeof message === 'string' ? message : `the gateway answered with status ${status}`;
    return new GatewayError(codeFromOpenAi(code), { message: said, details: { status } });
  }
  const details = { requestId: error?.requestId, ...error?.details };
  if (typeof hint === 'string' && hint.includes('gateway.allowedIps'))
    return new GatewayError(code, { message, details, hint: ALLOW_ADDRESS });
  if (typeof hint !== 'string' || !NAMES_A_CALL.test(hint) || !message.endsWith(hint)) return new GatewayError(code, { message, details });
  const alone = message.slice(0, -hint.length).replace(/[.\s]+$/, '');
  return new GatewayError(code, { message: alone, details, ...definedFields({ hint: COMMANDS[code] }) });
}

export class ApiClient {
  readonly #target: ApiTarget;

  constructor(target: ApiTarget) {
    this.#target = target;
  }

  /** @returns the answer's JSON @throws the API's error by its code; UNAVAILABLE when nothing answers; an abort's reason */
  async call<T>(request: ApiRequest): Promise<T> {
    return parseJson(await this.#read(request, await this.#open(request, 'application/json'))) as T;
  }

  /** @returns the answer as it arrives; it fails with UNAVAILABLE when it breaks off @throws as {@link call} */
  async download(request: ApiRequest): Promise<Readable> {
    const response = await this.#open(request, '*/*');
    const content = Readable.from(this.#pass(request, response), { objectMode: false });
    // What is closed before its first piece was read has not begun to read the answer.
    return content.once('close', () => response.destroy());
  }

  /** Events of a stream until it ends. @throws the errors of {@link call}; UNAVAILABLE when the stream breaks off */
  async *stream(request: ApiRequest): AsyncGenerator<ServerEvent> {
    const response = await this.#open(request, 'text/event-stream');
    yield* this.#pass(request, readEvents(response));
  }

  async *#pass<T>(request: ApiRequest, pieces: AsyncIterable<T>): AsyncGenerator<T> {
    try {
      yield* pieces;
    } catch (error) {
      throw this.#translate(request, error);
    }
  }

  async #open(request: ApiRequest, accept: string): Promise<IncomingMessage> {
    const response = await this.#send(request, accept);
    const { statusCode: status = 0 } = response;
    if (status >= 200 && status < 300) return response;
    throw errorFromBody(status, await this.#read(request, response));
  }

  #send(request: ApiRequest, accept: string): Promise<IncomingMessage> {
    const body = request.body === undefined ? undefined : JSON.stringify(request.body);
    const { host, port, token } = this.#target;
    const { method, path, key, file, signal, silenceMs: timeout } = request;
    const headers = {
      Accept: accept,
      'User-Agent': 'xopc',
      ...(body === undefined ? {} : { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(body) }),
      ...(file === undefined ? {} : { 'Content-Type': file.type }),
      ...definedFields({ Authorization: token === undefined ? undefined : `Bearer ${token}`, 'Idempotency-Key': key }),
    };
    return new Promise((resolve, reject) => {
      const sent = httpRequest({ host, port, method, path, headers, agent: false, ...definedFields({ signal, timeout }) }, resolve);
      sent.on('timeout', () => sent.destroy(new Error(`no answer for ${timeout} ms`)));
      sent.on('error', (error) => reject(this.#translate(request, error)));
      if (file === undefined) sent.end(body);
      else file.content.on('error', (error) => sent.destroy(error)).pipe(sent);
    });
  }

  async #read(request: ApiRequest, response: IncomingMessage): Promise<string> {
    try {
      return await readBody(response);
    } catch (error) {
      throw this.#translate(request, error);
    }
  }

  #translate({ signal }: ApiRequest, error: unknown): Error {
    if (error instanceof GatewayError || signal?.aborted === true) return error as Error;
    return connectionError(this.#target, error as NodeJS.ErrnoException);
  }
}
