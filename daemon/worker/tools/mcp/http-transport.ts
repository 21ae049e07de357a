/** The SDK's transport to a server at a URL, with limits on what is read. */
import {
  type JSONRPCMessage,
  type RequestId,
  StreamableHTTPClientTransport,
  type StreamableHTTPClientTransportOptions,
} from '@modelcontextprotocol/client';
import type { Clock } from '../../../../shared/clock.js';
import type { McpServerConfig } from '../../../../shared/config/tools/mcp.js';
import { limitBody } from '../../../../shared/node/limited-body.js';
import { mergeHeaders } from '../../../../shared/node/merge-headers.js';
import { splitCredentials } from '../../../../shared/node/split-credentials.js';
import { PATIENCE } from '../../providers/sdk/patient-dispatcher.js';
import { MAX_MESSAGE_BYTES } from './server-process.js';

/** Between two connections of a stream, whatever the server asks for. */
const RETRY = { minMs: 250, maxMs: 60_000 } as const;

const tooLong = (): Error => new Error(`its answer has more than ${MAX_MESSAGE_BYTES} bytes`);

const boundedFetch: typeof fetch = async (url, init) => {
  const response = await fetch(url, { ...init, ...PATIENCE });
  if (response.body === null) return response;
  const isEvents = /^text\/event-stream/i.test(response.headers.get('content-type') ?? '');
  const limit = isEvents ? { maxEventBytes: MAX_MESSAGE_BYTES } : { maxBytes: MAX_MESSAGE_BYTES };
  const body = limitBody(response.body, init?.signal, { ...limit, tooLong });
  const copy = new Response(body, { status: response.status, statusText: response.statusText, headers: response.headers });
  // Redirects are compared with this origin.
  Object.defineProperty(copy, 'url', { value: response.url });
  return copy;
};

/** Code of the error for a request whose stream of events has ended without a result; no code of the protocol. */
export const UNANSWERED = 1;

type SendOptions = NonNullable<Parameters<StreamableHTTPClientTransport['send']>[1]>;

/**
 * Reads an answer no further once its request is cancelled: the SDK does so from protocol version 2026 on, and would read one of an older
 * server until that ends it. Also fails a request whose answer ends without a result: the SDK would wait for the time limit.
 */
class CancellingTransport extends StreamableHTTPClientTransport {
  readonly #open = new Map<RequestId, AbortController>();

  constructor(url: URL, options: StreamableHTTPClientTransportOptions) {
    super(url, options);
    // The SDK's client keeps this listener before its own.
    this.onmessage = (message) => {
      if (!('method' in message) && message.id !== undefined) this.#open.delete(message.id);
    };
  }

  override async send(message: JSONRPCMessage | JSONRPCMessage[], options: SendOptions = {}): Promise<void> {
    if (Array.isArray(message) || !('method' in message) || options.requestSignal !== undefined) return super.send(message, options);
    if (message.method === 'notifications/cancelled') this.#cancel(message.params?.['requestId'] as RequestId);
    if (!('id' in message)) return super.send(message, options);
    const { id } = message;
    const cancelled = new AbortController();
    this.#open.set(id, cancelled);
    try {
      await super.send(message, { ...options, requestSignal: cancelled.signal, onRequestStreamEnd: () => this.#fail(id) });
    } catch (error) {
      this.#open.delete(id);
      throw error;
    }
  }

  #fail(id: RequestId): void {
    if (!this.#open.has(id)) return;
    this.onmessage?.({ jsonrpc: '2.0', id, error: { code: UNANSWERED, message: 'the response ended without a readable result' } });
  }

  #cancel(id: RequestId): void {
    this.#open.get(id)?.abort();
    this.#open.delete(id);
  }
}

export function createHttpTransport({ url: written = '', headers, token }: McpServerConfig, clock: Clock): StreamableHTTPClientTransport {
  const { url, authorization } = splitCredentials(written);
  const credentials = token === undefined ? authorization : `Bearer ${token}`;
  return new CancellingTransport(url, {
    fetch: boundedFetch,
    redirectPolicy: 'same-origin',
    reconnectionScheduler: (reconnect, delayMs) => clock.after(Math.min(RETRY.maxMs, Math.max(RETRY.minMs, delayMs)), reconnect),
    requestInit: { headers: mergeHeaders(headers, credentials === undefined ? {} : { authorization: credentials }) },
  });
}
