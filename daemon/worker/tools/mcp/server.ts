/**
 * One MCP server: started on first use, stopped when idle, and not restarted for a while after a failure. Nothing here throws,
 * because this code is in a separate bundle whose error classes the worker does not know.
 */
import type { McpCallResult, McpServerDocument, McpState, McpTestResult, McpToolDocument } from '../../../../shared/api/tools/mcp.js';
import { isoTime, orAborted, within } from '../../../../shared/clock.js';
import type { McpServerConfig } from '../../../../shared/config/tools/mcp.js';
import { oneLine } from '../../../../shared/text/one-line.js';
import { readResult } from './call-result.js';
import type { Connection } from './connection.js';
import { type FailureKind, kindOf, messageOf, ServerFailure } from './server-failure.js';
import { secretsIn, type ServerSecrets } from './server-secrets.js';
import { type ServerPlace, type ServerProcess, startServer, type StopTimes } from './server-process.js';
import { KnownTools } from './tool-list.js';

const IDLE_STOP: StopTimes = { termAfterMs: 2_000, killAfterMs: 5_000 };
const FIRST_PAUSE_MS = 500;
const LAST_PAUSE_MS = 60_000;
/** A server that ran for this long has recovered. */
const RECOVERED_AFTER_MS = 60_000;
/** How long a turn waits for a server's tools; later turns do not wait until the server has answered. */
const TURN_WAIT_MS = 5_000;
/** A start may load a package first. */
const START_LIMIT_MS = 60_000;
/** How long a test of a server waits for its list of tools. */
const PROBE_LIMIT_MS = 10_000;
const MAX_ERROR_LENGTH = 500;

const stopped = (): Error => new Error('it is being stopped');

export interface McpServerOptions extends ServerPlace {
  readonly name: string;
  readonly settings: McpServerConfig;
  /** Called when its state has changed. */
  readonly onChange: () => void;
}

/** `error`: in words, for people and models. */
export type McpOutcome<Value> =
  | { readonly ok: true; readonly value: Value }
  | { readonly ok: false; readonly error: string; readonly kind: FailureKind };

export interface McpCall {
  readonly tool: string;
  readonly input: unknown;
  readonly signal: AbortSignal;
}

export class McpServer {
  readonly #options: McpServerOptions;
  readonly #secrets: ServerSecrets;
  readonly #stopping = new AbortController();
  #stopTimes = IDLE_STOP;
  #state: McpState = 'idle';
  #since: number;
  #error: string | null = null;
  #failedAs: FailureKind = 'unreachable';
  #connection: Connection | undefined;
  #opening: Promise<Connection> | undefined;
  #closing = Promise.resolve();
  /** The last connection to a program that was closed: the program may not have ended yet. */
  #leaving: Connection | undefined;
  readonly #known: KnownTools;
  /** Whether a turn has waited for the list without result. */
  #isListSlow = false;
  #inFlight = 0;
  #failures = 0;
  #retryAtMs = 0;
  #cancelIdle: () => void = () => undefined;
  #cancelPause: () => void = () => undefined;
  #whenQuiet: (() => void) | undefined;

  constructor(options: McpServerOptions) {
    this.#options = options;
    this.#secrets = secretsIn(options.settings);
    this.#known = new KnownTools(options.name);
    this.#since = options.clock.now();
  }

  status(): Pick<McpServerDocument, 'state' | 'error' | 'tools' | 'pid' | 'since'> {
    return {
      state: this.#state,
      error: this.#error,
      tools: this.#known.list?.length ?? null,
      pid: this.#connection?.pid ?? null,
      since: isoTime(this.#since),
    };
  }

  /** Returns its tools; starts it. */
  async tools(): Promise<McpOutcome<readonly McpToolDocument[]>> {
    return this.#use(async (connection) => this.#known.current ?? (await this.#askForList(connection)));
  }

  /**
   * Returns the tools for a turn; undefined: they are not known yet. The turn does not wait for a server that hangs, nor after its abort.
   * @param isNeeded  whether one of them has already been called: the server then gets the full time of a start, even after a failure
   */
  async toolsForTurn(signal: AbortSignal, isNeeded = false): Promise<readonly McpToolDocument[] | undefined> {
    if (this.#known.current !== undefined) return this.#known.current;
    const { clock, logger } = this.#options;
    if (isNeeded) this.#retryAtMs = 0;
    // After a failure the server must first prove that it answers.
    const usualMs = this.#failures > 0 || this.#isListSlow ? 0 : TURN_WAIT_MS;
    const limitMs = isNeeded ? START_LIMIT_MS : usualMs;
    const reading = this.tools();
    if (limitMs > 0) await orAborted(within(reading, limitMs, clock), signal).catch(() => undefined);
    if (this.#known.current === undefined && !signal.aborted) this.#isListSlow = true;
    if (this.#known.list === undefined && !signal.aborted)
      logger.warn({ reason: this.#error ?? `no list of tools within ${limitMs} ms` }, 'a turn continues without the tools of the server');
    return this.#known.list;
  }

  /** Calls a tool. */
  async call({ tool, input, signal }: McpCall): Promise<McpOutcome<McpCallResult>> {
    const { clock, settings } = this.#options;
    const begunAt = clock.now();
    return this.#use(async (connection) => {
      const result = await connection.callTool(tool, input, { signal, timeoutMs: settings.timeoutMs });
      return { ...readResult(result, this.#secrets), durationMs: Math.max(0, clock.now() - begunAt) };
    }, signal);
  }

  /** Queries the server, even during the pause after a failure. */
  async probe(): Promise<McpTestResult> {
    const { clock, settings } = this.#options;
    const begunAt = clock.now();
    const before = this.#connection;
    this.#retryAtMs = 0;
    const outcome = await this.#use((connection) => this.#askForList(connection, Math.min(PROBE_LIMIT_MS, settings.timeoutMs)));
    const durationMs = Math.max(0, clock.now() - begunAt);
    // It did not answer with a list, so the next use starts it again.
    if (!outcome.ok && before !== undefined && this.#inFlight === 0) void this.#close(IDLE_STOP, before);
    if (!outcome.ok) return { ok: false, error: outcome.error, durationMs, server: null, version: null, tools: null };
    const { server, protocolVersion: version = null } = this.#connection ?? {};
    const named = server ? { name: oneLine(server.name, 200), version: oneLine(server.version, 100) } : null;
    return { ok: true, error: null, durationMs, server: named, version, tools: outcome.value.length };
  }

  /** Stops it permanently once its calls have ended, at the latest after the time limit of a call. */
  async retire(): Promise<void> {
    const { clock, settings } = this.#options;
    if (this.#inFlight > 0) await within(new Promise<void>((resolve) => (this.#whenQuiet = resolve)), settings.timeoutMs, clock);
    await this.stop(IDLE_STOP);
  }

  /** Stops it permanently, aborting its calls. */
  async stop(times: StopTimes): Promise<void> {
    this.#stopTimes = times;
    this.#stopping.abort();
    this.#cancelIdle();
    this.#cancelPause();
    // Time limit for a program that is already being stopped; a start waits for its end.
    await Promise.all([this.#leaving?.close(times), this.#opening?.catch(() => undefined)]);
    await this.#close(times);
  }

  /** Runs work on a connection, which is opened if necessary. */
  async #use<Value>(work: (connection: Connection) => Promise<Value>, signal?: AbortSignal): Promise<McpOutcome<Value>> {
    this.#inFlight += 1;
    this.#cancelIdle();
    try {
      return { ok: true, value: await this.#do(work, signal) };
    } catch (error) {
      return { ok: false, error: this.#describe(error), kind: kindOf(error) };
    } finally {
      this.#inFlight -= 1;
      if (this.#inFlight === 0) this.#rest();
    }
  }

  /** @throws the error of the work */
  async #do<Value>(work: (connection: Connection) => Promise<Value>, signal?: AbortSignal): Promise<Value> {
    const connection = await this.#connected(signal);
    try {
      return await work(connection);
    } catch (error) {
      const isLost = connection.hasLostSession(error);
      if (isLost || (connection.isInDoubt(error) && this.#inFlight === 1)) await this.#close(IDLE_STOP, connection);
      if (!isLost) throw error;
      return await work(await this.#connected(signal));
    }
  }

  /** A caller that stops waiting does not abort a start, which continues for others. */
  async #connected(signal?: AbortSignal): Promise<Connection> {
    return this.#connection ?? (await (signal === undefined ? this.#open() : orAborted(this.#open(), signal)));
  }

  #rest(): void {
    this.#whenQuiet?.();
    const { clock, settings, logger } = this.#options;
    if (this.#connection === undefined) return;
    this.#cancelIdle = clock.after(settings.idleMs, () => {
      logger.debug({ idleMs: settings.idleMs }, 'the server is stopped because it was idle');
      void this.#close(IDLE_STOP);
    });
  }

  #describe(error: unknown): string {
    // Before it is cut: half of a secret would not be recognised.
    return oneLine(this.#secrets.inErrors(messageOf(error)), MAX_ERROR_LENGTH);
  }

  /** @throws Error during the pause after a failure, and when it cannot be started */
  #open(): Promise<Connection> {
    if (this.#opening !== undefined) return this.#opening;
    const { clock } = this.#options;
    if (this.#stopping.signal.aborted) return Promise.reject(stopped());
    const pauseMs = this.#retryAtMs - clock.now();
    // The timer decides, because the clock may have been set back.
    if (this.#state === 'backoff' && pauseMs > 0)
      return Promise.reject(
        new ServerFailure(this.#failedAs, `${this.#error ?? 'it failed'}; the next try is in ${Math.ceil(pauseMs / 1_000)} s`),
      );
    this.#opening = this.#connect().finally(() => (this.#opening = undefined));
    return this.#opening;
  }

  async #connect(): Promise<Connection> {
    const { clock, logger, settings, name } = this.#options;
    // One process at a time.
    await this.#closing;
    if (this.#stopping.signal.aborted) throw stopped();
    this.#set('starting');
    let connection: Connection | undefined;
    let program: ServerProcess | undefined;
    const startedAt = clock.now();
    const events = {
      onToolsChanged: () => this.#known.mayHaveChanged(),
      onClosed: (reason: string) => connection !== undefined && this.#ended(connection, reason),
    };
    try {
      program = await startServer(settings, this.#options);
      // While the program starts.
      const { connect } = await import('./connection.js');
      const place = { name, settings, startLimitMs: START_LIMIT_MS, clock, logger, process: program };
      connection = await connect({ ...place, ...events }, this.#stopping.signal);
    } catch (error) {
      await program?.stop(this.#stopTimes);
      this.#fail(error);
      throw error;
    }
    this.#connection = connection;
    this.#known.mayHaveChanged();
    this.#set('running');
    // Its caller may have stopped waiting.
    if (this.#inFlight === 0) this.#rest();
    logger.info({ pid: connection.pid, startMs: clock.now() - startedAt }, 'the server runs');
    return connection;
  }

  /** The exit was not requested. */
  #ended(connection: Connection, reason: string): void {
    if (connection !== this.#connection) return;
    this.#connection = undefined;
    if (this.#options.clock.now() - this.#since > RECOVERED_AFTER_MS) this.#failures = 0;
    this.#fail(reason);
  }

  #fail(failure: unknown): void {
    const { clock, logger } = this.#options;
    const error = this.#describe(failure);
    this.#failedAs = kindOf(failure);
    this.#cancelIdle();
    this.#cancelPause();
    if (this.#stopping.signal.aborted) return this.#set('idle');
    const pauseMs = Math.min(LAST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** this.#failures);
    this.#failures += 1;
    this.#retryAtMs = clock.now() + pauseMs;
    logger.warn({ reason: error, pauseMs }, 'the server failed');
    this.#set('backoff', error);
    this.#cancelPause = clock.after(pauseMs, () => this.#state === 'backoff' && this.#set('failed', error));
  }

  async #askForList(connection: Connection, limitMs?: number): Promise<readonly McpToolDocument[]> {
    const list = await this.#known.ask(connection, limitMs);
    this.#failures = 0;
    this.#isListSlow = false;
    return list;
  }

  /** The next use opens another one. */
  async #close(times: StopTimes, connection = this.#connection): Promise<void> {
    if (connection === undefined || connection !== this.#connection) return;
    this.#connection = undefined;
    this.#set('idle');
    if (connection.pid !== null) this.#leaving = connection;
    this.#closing = connection.close(times);
    await this.#closing;
  }

  #set(state: McpState, error: string | null = null): void {
    if (state === this.#state && error === this.#error) return;
    this.#state = state;
    this.#error = error;
    this.#since = this.#options.clock.now();
    this.#options.onChange();
  }
}
