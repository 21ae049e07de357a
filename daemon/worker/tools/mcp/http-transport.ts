/** The SDK's transport to a server at a URL, with a limit on what is read. */
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import type { Clock } from '../../../../shared/clock.js';
import type { McpServerConfig } from '../../../../shared/config/tools/mcp.js';
import { limitBody } from '../../../../shared/node/limited-body.js';
import { splitCredentials } from '../../../../shared/node/split-credentials.js';
import { MAX_MESSAGE_BYTES } from './server-process.js';

/** Between two connections of a stream, whatever the server asks for. */
const RETRY = { minMs: 250, maxMs: 60_000 } as const;

const tooLong = (): Error => new Error(`its answer has more than ${MAX_MESSAGE_BYTES} bytes`);

const boundedFetch: typeof fetch = async (url, init) => {
  const response = await fetch(url, init);
  if (response.body === null) return response;
  const isEvents = /^text\/event-stream/i.test(response.headers.get('content-type') ?? '');
  const limit = isEvents ? { maxEventBytes: MAX_MESSAGE_BYTES } : { maxBytes: MAX_MESSAGE_BYTES };
  const body = limitBody(response.body, { ...limit, tooLong });
  const copy = new Response(body, { status: response.status, statusText: response.statusText, headers: response.headers });
  // Redirects are judged by it.
  Object.defineProperty(copy, 'url', { value: response.url });
  return copy;
};

export function createHttpTransport({ url: written = '', headers, token }: McpServerConfig, clock: Clock): StreamableHTTPClientTransport {
  const { url, authorization } = splitCredentials(written);
  const credentials = token === undefined ? authorization : `Bearer ${token}`;
  return new StreamableHTTPClientTransport(url, {
    fetch: boundedFetch,
    redirectPolicy: 'same-origin',
    reconnectionScheduler: (reconnect, delayMs) => clock.after(Math.min(RETRY.maxMs, Math.max(RETRY.minMs, delayMs)), reconnect),
    requestInit: { headers: { ...headers, ...(credentials === undefined ? {} : { Authorization: credentials }) } },
  });
}
