/**
 * Sends requests to the supervisor over its control socket; the owner of `node-ipc` on this side. `node-ipc` runs in raw mode: its
 * own framing has no size limit. Every wait has a deadline.
 */
import { type Connection, IPCModule } from 'node-ipc';
import {
  CONTROL_VERSION,
  MAX_REPLY_BYTES,
  type ControlProgress,
  type ControlReply,
  type ControlRequest,
  type OwnToken,
  type RestartResult,
  type RestoreResult,
  type StopResult,
} from '../../shared/control/messages.js';
import type { StatusDocument } from '../../shared/api/gateway/status.js';
import { MAX_DRAIN_TIMEOUT_MS } from '../../shared/config/defaults.js';
import { fromErrorDocument, GatewayError } from '../../shared/errors.js';
import { assertOwnSocket, noSocket } from '../ports/socket-owner.js';
import { STOP_MARGIN_MS } from '../service/plan/service-plan.js';

/** A request without the fields that the client adds. */
type ControlCall = ControlRequest extends infer R ? (R extends ControlRequest ? Omit<R, 'v' | 'id'> : never) : never;

interface ControlResults {
  readonly status: StatusDocument;
  readonly stop: StopResult;
  readonly restart: RestartResult;
  /** Null until the first worker is ready. */
  readonly token: OwnToken | null;
  readonly restore: RestoreResult;
}

/** Milliseconds from the start of the call. */
interface ControlDeadlines {
  readonly connectMs: number;
  /** Time limit for the first frame; a live supervisor answers at once, at least with a progress frame. */
  readonly firstFrameMs: number;
  readonly totalMs: number;
}

/** Including Node's start and rendering, `status` of a silent supervisor ends within 2.5 s. */
const STATUS_DEADLINES: ControlDeadlines = { connectMs: 500, firstFrameMs: 2_000, totalMs: 2_300 };

/** The supervisor itself answers STILL_STARTING after 30 s; this limit covers one that dies before that. */
export const RESTART_DEADLINES: ControlDeadlines = { connectMs: 1_000, firstFrameMs: 45_000, totalMs: 45_000 };

/** @param drainMs  drain time in milliseconds; default: unknown, so the longest */
export function stopDeadlines(drainMs = MAX_DRAIN_TIMEOUT_MS): ControlDeadlines {
  const totalMs = drainMs + STOP_MARGIN_MS;
  // Joining a stop in progress may yield no frame before the result.
  return { connectMs: 1_000, firstFrameMs: totalMs, totalMs };
}

interface ControlOptions {
  readonly deadlines?: ControlDeadlines;
  readonly onProgress?: (progress: ControlProgress) => void;
  /** Aborts the wait; the supervisor continues with the request. */
  readonly signal?: AbortSignal;
}

/** Whether the peer disconnected without an answer: it has exited, or handed over to a successor. */
export function hasLeft(error: unknown): boolean {
  return error instanceof GatewayError && error.details?.['closed'] === true;
}

const CONNECTION = 'gateway';
/** With one request per connection, a constant id suffices. */
const REQUEST_ID = '1';

function unreachable(path: string, reason: string, details: Record<string, unknown> = {}): GatewayError {
  return new GatewayError('CONTROL_UNREACHABLE', {
    message: `the gateway does not answer: ${reason}`,
    details: { controlPath: path, ...details },
    hint: 'If this persists, end it with: xopc gateway stop --force',
  });
}

function protocolError(path: string, reason: string): GatewayError {
  return new GatewayError('CONTROL_PROTOCOL', {
    message: `the process that answers on ${path} does not speak this version's protocol: ${reason}`,
    details: { controlPath: path },
  });
}

function connectionError(path: string, error: NodeJS.ErrnoException): GatewayError {
  const code = error.code ?? error.message;
  // ECONNREFUSED: the socket file was left by a process that has died.
  if (['ENOENT', 'ECONNREFUSED', 'ENOTDIR'].includes(code)) return noSocket(path, code);
  // An exiting supervisor has closed its accepted connections.
  const isClosed = code === 'EPIPE' || code === 'ECONNRESET';
  return unreachable(path, `the connection failed (${code})`, { reason: code, ...(isClosed ? { closed: true } : {}) });
}

/** Parses a line from the peer. @returns undefined for a frame with a different id */
function parseReply(line: string, id: string): ControlReply | undefined {
  const reply = JSON.parse(line) as Partial<ControlReply> | null;
  if (typeof reply !== 'object' || reply === null) throw new Error('a frame is not an object');
  if (reply.v !== CONTROL_VERSION)
    throw new Error(`it speaks version ${JSON.stringify(reply.v)} of the control protocol instead of ${CONTROL_VERSION}`);
  // The answer to a request that could not be parsed has no id.
  if (reply.id !== id && !(reply.id === '' && reply.type === 'error')) return undefined;
  if (reply.type === 'error' && typeof reply.error?.message !== 'string') throw new Error('an error frame has no message');
  if (reply.type !== 'progress' && reply.type !== 'result' && reply.type !== 'error') throw new Error('a frame has an unknown type');
  return reply as ControlReply;
}

interface Outcome {
  resolve(value: unknown): void;
  reject(error: Error): void;
}

/** One request on one connection. */
class ControlExchange {
  readonly #ipc = new IPCModule();
  readonly #path: string;
  readonly #request: ControlRequest;
  readonly #options: ControlOptions;
  readonly #timers = new Map<keyof ControlDeadlines, NodeJS.Timeout>();
  #rest = '';
  #outcome: Outcome | undefined;

  constructor(path: string, request: ControlRequest, options: ControlOptions) {
    this.#path = path;
    this.#request = request;
    this.#options = options;
    Object.assign(this.#ipc.config, { silent: true, rawBuffer: true, encoding: 'utf8', stopRetrying: true, maxRetries: 0 });
  }

  run(): Promise<unknown> {
    return new Promise((resolve, reject) => {
      this.#outcome = { resolve, reject };
      this.#arm();
      this.#ipc.connectTo(CONNECTION, this.#path, () => undefined);
      const connection = this.#ipc.of[CONNECTION];
      if (connection === undefined) this.#fail(unreachable(this.#path, 'no connection was made'));
      else this.#listen(connection);
    });
  }

  #arm(): void {
    const deadlines = this.#options.deadlines ?? STATUS_DEADLINES;
    this.#startTimer('connectMs', deadlines.connectMs, 'no connection');
    this.#startTimer('firstFrameMs', deadlines.firstFrameMs, 'no answer');
    this.#startTimer('totalMs', deadlines.totalMs, 'no result');
    this.#options.signal?.addEventListener('abort', this.#onAbort, { once: true });
  }

  #startTimer(name: keyof ControlDeadlines, delayMs: number, missing: string): void {
    const fail = (): void => this.#fail(unreachable(this.#path, `${missing} within ${delayMs} ms`, { timedOut: true }));
    // On a busy machine this process may not have run for a while, so read what has arrived before applying the deadline.
    const timer = setTimeout(() => setImmediate(() => this.#timers.has(name) && fail()), delayMs);
    this.#timers.set(name, timer);
  }

  #stopTimer(name: keyof ControlDeadlines): void {
    clearTimeout(this.#timers.get(name));
    this.#timers.delete(name);
  }

  readonly #onAbort = (): void =>
    this.#fail(new GatewayError('CONTROL_UNREACHABLE', { message: 'stopped waiting for the gateway', details: { aborted: true } }));

  #listen(connection: Connection): void {
    connection.on('connect', () => {
      this.#stopTimer('connectMs');
      connection.emit(`${JSON.stringify(this.#request)}\n`);
    });
    connection.on('data', (bytes) => this.#receive(bytes.toString('utf8')));
    connection.on('error', (error) => this.#fail(connectionError(this.#path, error)));
    connection.on('disconnect', () => this.#fail(unreachable(this.#path, 'it closed the connection', { closed: true })));
  }

  #receive(text: string): void {
    this.#rest += text;
    for (let end = this.#rest.indexOf('\n'); end >= 0 && this.#outcome !== undefined; end = this.#rest.indexOf('\n')) {
      const line = this.#rest.slice(0, end);
      this.#rest = this.#rest.slice(end + 1);
      this.#accept(line);
    }
    if (this.#rest.length > MAX_REPLY_BYTES) this.#fail(protocolError(this.#path, `a frame has more than ${MAX_REPLY_BYTES} bytes`));
  }

  #accept(line: string): void {
    let reply: ControlReply | undefined;
    try {
      reply = parseReply(line, this.#request.id);
    } catch (error) {
      return this.#fail(protocolError(this.#path, error instanceof SyntaxError ? 'a frame is not JSON' : (error as Error).message));
    }
    if (reply === undefined) return;
    this.#stopTimer('firstFrameMs');
    if (reply.type === 'progress') this.#options.onProgress?.(reply);
    else if (reply.type === 'error') this.#fail(fromErrorDocument(reply.error));
    else this.#end()?.resolve(reply.result);
  }

  #fail(error: Error): void {
    this.#end()?.reject(error);
  }

  /** Releases everything, once. @returns the pending promise's functions, or undefined when it has been resolved or rejected */
  #end(): Outcome | undefined {
    const outcome = this.#outcome;
    this.#outcome = undefined;
    this.#rest = '';
    for (const timer of this.#timers.values()) clearTimeout(timer);
    this.#options.signal?.removeEventListener('abort', this.#onAbort);
    // Deferred: to destroy a socket Node opens stderr, and a command that exits right after the answer need not wait for that.
    setImmediate(() => this.#ipc.disconnect(CONNECTION));
    return outcome;
  }
}

/**
 * Sends one request and waits for its result.
 * @throws NOT_RUNNING when nothing listens; CONTROL_UNREACHABLE when the socket belongs to another user, is silent or was closed;
 * CONTROL_PROTOCOL for an   invalid reply; the error of the supervisor
 */
export async function callControl<T extends ControlCall['type']>(
  path: string,
  call: ControlCall & { type: T },
  options: ControlOptions = {},
): Promise<ControlResults[T]> {
  assertOwnSocket(path);
  options.signal?.throwIfAborted();
  const request = { ...call, v: CONTROL_VERSION, id: REQUEST_ID } as ControlRequest;
  return (await new ControlExchange(path, request, options).run()) as ControlResults[T];
}
