/** A connection to a server: the SDK's client over one of the two transports. Loaded with the first one, because the SDK takes some 20 ms. */
import { Client, type jsonSchemaValidator, SdkHttpError, type StandardSchemaV1 } from '@modelcontextprotocol/client';
import { type Clock, within } from '../../../../shared/clock.js';
import type { McpServerConfig } from '../../../../shared/config/tools/mcp.js';
import type { LogPort } from '../../../../shared/log/log-port.js';
import { readBuildInfo } from '../../../../shared/node/build/bundle.js';
import { isUnreached } from './fetch-failure.js';
import { createHttpTransport } from './http-transport.js';
import { ProcessTransport } from './process-transport.js';
import type { ServerProcess, StopTimes } from './server-process.js';

/** A start may load a package first. */
const START_LIMIT_MS = 60_000;
const LIST_LIMIT_MS = 30_000;
/** How long a server over HTTP gets to end its session. */
const GOODBYE_LIMIT_MS = 1_000;
const MAX_PAGES = 64;
/** Far more than are given to models. */
const MAX_LISTED = 1_000;

/** Each part is checked where it is read: one broken tool must not hide the others. */
const unchecked: StandardSchemaV1<unknown, Readonly<Record<string, unknown>>> = {
  '~standard': { version: 1, vendor: 'xopc', validate: (value) => ({ value: value as Readonly<Record<string, unknown>> }) },
};

/** Outputs are not checked against the schemas of their tools, because models read them unchanged. */
const uncheckedSchemas: jsonSchemaValidator = {
  getValidator:
    <T>() =>
    (input: unknown) => ({ valid: true, data: input as T & {}, errorMessage: undefined }),
};

export interface ConnectionOptions {
  readonly settings: McpServerConfig;
  /** Not for a server at a URL. */
  readonly process: ServerProcess | undefined;
  readonly clock: Clock;
  readonly logger: LogPort;
  readonly onToolsChanged: () => void;
  /** Called when it has ended, by itself or on request. */
  readonly onClosed: (reason: string) => void;
}

export interface Connection {
  readonly pid: number | null;
  readonly server: { readonly name: string; readonly version: string } | null;
  /** Of the protocol. */
  readonly protocolVersion: string | null;
  /** @param limitMs  for each page; default: 30 s. @returns the tools as the server sent them */
  listTools(limitMs?: number): Promise<unknown[]>;
  /** @returns the result as the server sent it */
  callTool(name: string, input: unknown, call: { signal: AbortSignal; timeoutMs: number }): Promise<unknown>;
  /** Whether a request failed because an HTTP server no longer knows the session; the server then did not process the request. */
  hasLostSession(error: unknown): boolean;
  /** Whether a server over HTTP refused a request, or was not reached: its session may be gone. */
  isInDoubt(error: unknown): boolean;
  close(times: StopTimes): Promise<void>;
}

/** 404 by the protocol; many servers have another status for it. */
const saysSessionLost = ({ status, message }: SdkHttpError): boolean =>
  status === 404 || (status >= 400 && status < 500 && /session/i.test(message));

async function listTools(client: Client, timeout = LIST_LIMIT_MS): Promise<unknown[]> {
  if (client.getServerCapabilities()?.tools === undefined) return [];
  const tools: unknown[] = [];
  let cursor: string | undefined;
  for (let page = 0; page < MAX_PAGES && tools.length < MAX_LISTED; page += 1) {
    const params = cursor === undefined ? {} : { cursor };
    const result = await client.request({ method: 'tools/list', params }, unchecked, { timeout });
    if (!Array.isArray(result['tools'])) throw new Error('its list of tools is not a list');
    tools.push(...(result['tools'] as unknown[]).slice(0, MAX_LISTED));
    const next = result['nextCursor'];
    if (typeof next !== 'string' || next === cursor) break;
    cursor = next;
  }
  return tools;
}

const openTransport = ({ settings, process, clock, logger }: ConnectionOptions) =>
  process === undefined ? createHttpTransport(settings, clock) : new ProcessTransport(process, logger);

const endOf = (transport: ReturnType<typeof openTransport>): string => (transport instanceof ProcessTransport ? transport.reason : '');

/** An exited program gives a better reason than a closed connection. */
async function explained<Value>(transport: ReturnType<typeof openTransport>, work: Promise<Value>): Promise<Value> {
  try {
    return await work;
  } catch (error) {
    const reason = endOf(transport);
    throw reason === '' ? error : new Error(reason, { cause: error });
  }
}

/** @throws Error with the reason; the server has then been cleaned up */
export async function connect(options: ConnectionOptions, signal: AbortSignal): Promise<Connection> {
  const { clock, logger, onToolsChanged, onClosed } = options;
  const transport = openTransport(options);
  const client = new Client(
    { name: 'xopc', version: readBuildInfo()?.version ?? '0' },
    { capabilities: {}, jsonSchemaValidator: uncheckedSchemas },
  );
  client.onerror = (error) => logger.debug?.({ err: error }, 'the connection to the server reports an error');
  client.setNotificationHandler('notifications/tools/list_changed', () => onToolsChanged());
  const stopped = (): void => void transport.close();
  signal.addEventListener('abort', stopped, { once: true });
  try {
    await explained(transport, client.connect(transport, { timeout: START_LIMIT_MS, signal }));
  } catch (error) {
    await transport.close();
    throw error;
  } finally {
    signal.removeEventListener('abort', stopped);
  }
  client.onclose = () => onClosed(endOf(transport) || 'the connection was closed');
  return {
    pid: transport instanceof ProcessTransport ? transport.pid : null,
    server: client.getServerVersion() ?? null,
    protocolVersion: client.getNegotiatedProtocolVersion() ?? null,
    listTools: (limitMs) => explained(transport, listTools(client, limitMs)),
    callTool: (name, input, { signal: stop, timeoutMs: timeout }) => {
      const params = { name, arguments: input as Record<string, unknown> };
      return explained(transport, client.request({ method: 'tools/call', params }, unchecked, { signal: stop, timeout }));
    },
    hasLostSession: (error) => error instanceof SdkHttpError && saysSessionLost(error),
    isInDoubt: (error) => error instanceof SdkHttpError || isUnreached(error),
    async close(times) {
      if (transport instanceof ProcessTransport) return transport.stop(times);
      await within(transport.terminateSession(), GOODBYE_LIMIT_MS, clock);
      await client.close();
    },
  };
}
