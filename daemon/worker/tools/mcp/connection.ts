/** A connection to a server: the SDK's client over one of the two transports. Loaded with the first one, because the SDK takes some 20 ms. */
import {
  Client,
  type jsonSchemaValidator,
  ProtocolError,
  SdkError,
  SdkErrorCode,
  SdkHttpError,
  type StandardSchemaV1,
} from '@modelcontextprotocol/client';
import { type Clock, within } from '../../../../shared/clock.js';
import { formatKey } from '../../../../shared/config/key-path.js';
import type { McpServerConfig } from '../../../../shared/config/tools/mcp.js';
import type { LogPort } from '../../../../shared/log/log-port.js';
import { readBuildInfo } from '../../../../shared/node/build/bundle.js';
import { createHttpTransport, UNANSWERED } from './http-transport.js';
import { ProcessTransport } from './process-transport.js';
import { httpFailure, isUnreached, kindOf, messageOf, ServerFailure } from './server-failure.js';
import type { ServerProcess, StopTimes } from './server-process.js';

const LIST_LIMIT_MS = 30_000;
/** How long a server over HTTP gets to end its session. */
const GOODBYE_LIMIT_MS = 1_000;
/** How long a server that did not finish a call gets to answer a ping. */
const PING_LIMIT_MS = 2_000;
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
  readonly name: string;
  readonly startLimitMs: number;
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
  /**
   * Whether a server over HTTP refused a request, or was not reached: its session may be gone. Also whether one finished no call and then
   * answered no ping: it hangs.
   */
  isInDoubt(error: unknown): boolean;
  close(times: StopTimes): Promise<void>;
}

/** 404 by the protocol; many servers have another status for it. */
const saysSessionLost = ({ status, message }: SdkHttpError): boolean =>
  status === 404 || (status >= 400 && status < 500 && /session/i.test(message));

async function listTools(client: Client, timeout: number): Promise<unknown[]> {
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

/** Rewords an error of the SDK. @param late  the text for a request that took too long */
function inWords(error: unknown, { name, settings: { token, url = '' } }: ConnectionOptions, late: string): unknown {
  if (error instanceof ProtocolError) return new ServerFailure(error.code === UNANSWERED ? 'faulty' : 'refused', error.message, error);
  if (error instanceof SdkHttpError && error.status >= 300) {
    const hasCredentials = token !== undefined || new URL(url).username !== '';
    return httpFailure(error, { tokenKey: formatKey(['mcp', 'servers', name, 'token']), hasCredentials });
  }
  return error instanceof SdkError && error.code === SdkErrorCode.RequestTimeout ? new ServerFailure('late', late, error) : error;
}

class HungServer extends ServerFailure {}

/** @throws HungServer for a late call, if the server does not answer a ping either; the same error otherwise */
async function throwChecked(client: Client, error: unknown, timeoutMs: number): Promise<never> {
  if (kindOf(error) !== 'late') throw error;
  try {
    await client.request({ method: 'ping' }, unchecked, { timeout: Math.min(PING_LIMIT_MS, timeoutMs) });
  } catch (silence) {
    // A refusal is an answer.
    const isAnswer = silence instanceof ProtocolError && silence.code !== UNANSWERED;
    if (!isAnswer) throw new HungServer('late', messageOf(error), error);
  }
  throw error;
}

/** Returns the original error of the SDK. */
const originOf = (error: unknown): unknown => (error instanceof ServerFailure ? error.cause : error);

/** @param request.signal  an abort by it is not a failure of the server */
async function explained<Value>(
  { transport, options }: { readonly transport: ReturnType<typeof openTransport>; readonly options: ConnectionOptions },
  work: Promise<Value>,
  { late, signal }: { readonly late: string; readonly signal?: AbortSignal },
): Promise<Value> {
  try {
    return await work;
  } catch (error) {
    const reason = endOf(transport);
    // The reason why a program exited says more than that the connection is closed.
    if (reason !== '') throw new Error(reason, { cause: error });
    throw signal?.aborted === true ? error : inWords(error, options, late);
  }
}

/** @throws Error with the reason; the server has then been cleaned up */
export async function connect(options: ConnectionOptions, signal: AbortSignal): Promise<Connection> {
  const { name: server, startLimitMs, clock, logger, onToolsChanged, onClosed } = options;
  const transport = openTransport(options);
  const at = { transport, options };
  const client = new Client(
    { name: 'xopc', version: readBuildInfo()?.version ?? '0' },
    { capabilities: {}, jsonSchemaValidator: uncheckedSchemas },
  );
  client.onerror = (error) => logger.debug({ err: error }, 'the connection to the server reports an error');
  client.setNotificationHandler('notifications/tools/list_changed', () => onToolsChanged());
  const stopped = (): void => void transport.close();
  signal.addEventListener('abort', stopped, { once: true });
  try {
    const late = `it did not answer within ${startLimitMs} ms after its start`;
    await explained(at, client.connect(transport, { timeout: startLimitMs, signal }), { late, signal });
  } catch (error) {
    await transport.close();
    // A start makes no call that could be refused or late.
    const isStart = error instanceof ServerFailure && (error.kind === 'refused' || error.kind === 'late');
    throw isStart ? new Error(error.message, { cause: error }) : error;
  } finally {
    signal.removeEventListener('abort', stopped);
  }
  client.onclose = () => onClosed(endOf(transport) || 'the connection was closed');
  return {
    pid: transport instanceof ProcessTransport ? transport.pid : null,
    server: client.getServerVersion() ?? null,
    protocolVersion: client.getNegotiatedProtocolVersion() ?? null,
    listTools: (limitMs = LIST_LIMIT_MS) =>
      explained(at, listTools(client, limitMs), { late: `it did not list its tools within ${limitMs} ms` }),
    callTool: (name, input, { signal: stop, timeoutMs: timeout }) => {
      const params = { name, arguments: input as Record<string, unknown> };
      const late = `it did not finish '${name}' within ${timeout} ms (${formatKey(['mcp', 'servers', server, 'timeoutMs'])})`;
      const request = client.request({ method: 'tools/call', params }, unchecked, { signal: stop, timeout });
      return explained(at, request, { late, signal: stop }).catch((error: unknown) => throwChecked(client, error, timeout));
    },
    hasLostSession(error) {
      const origin = originOf(error);
      return origin instanceof SdkHttpError && saysSessionLost(origin);
    },
    isInDoubt: (error) => error instanceof HungServer || originOf(error) instanceof SdkHttpError || isUnreached(error),
    async close(times) {
      if (transport instanceof ProcessTransport) return transport.stop(times);
      await within(transport.terminateSession(), GOODBYE_LIMIT_MS, clock);
      await client.close();
    },
  };
}
