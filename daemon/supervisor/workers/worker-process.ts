/** One worker from spawn to exit: its IPC channel, phase, heartbeat and exit record. The supervisor acts on them. */
import type { Clock } from '../../../shared/clock.js';
import type { CutWork } from '../../../shared/control/messages.js';
import type { ExitRecord } from '../../../shared/api/gateway/status.js';
import { DRAIN_END } from '../../../shared/ipc/drain.js';
import type { SupervisorMessage, WorkerBoot, WorkerMessage, WorkerVitals } from '../../../shared/ipc/messages.js';
import type { Logger } from '../../../shared/node/log/logger.js';
import type { Redactor } from '../../../shared/node/secrets/redact.js';
import { sayOfGateway } from '../../../shared/text/sentences/gateway.js';
import type { Child, ChildExit, NativeHandle, SpawnChild } from './child-process.js';
import { makeExitRecord } from './exit-record.js';
import { ProcessGroups } from './process-groups.js';
import { HeartbeatMonitor } from './heartbeat.js';
import type { ListenSocket } from '../socket/listen-socket.js';
import { captureOutput, type CapturedOutput } from './worker-output.js';
import { type WorkerEffect, type WorkerEvent, type WorkerPhase, workerTransition } from './worker-table.js';

/** Why a worker cannot start, in its own words. */
export type Refusal = Extract<WorkerMessage, { type: 'bootFailed' }>;
export type Readiness = Extract<WorkerMessage, { type: 'ready' }>;

export interface WorkerHandlers {
  /** Called for every message except heartbeats, after the worker's properties have been updated. */
  onMessage(worker: WorkerProcess, message: WorkerMessage): void;
  onExit(worker: WorkerProcess, record: ExitRecord): void;
  /** Called with the same record, including the complete output. */
  onOutputComplete?(worker: WorkerProcess, record: ExitRecord): void;
}

/** A worker that is not ready by then is killed. Long, because a disk may be slow. */
export const BOOT_LIMIT_MS = 120_000;
/** From ready to listening; a takeover from a predecessor (at most 10 s) may come first. */
export const LISTEN_LIMIT_MS = 30_000;
/** From `bootFailed` to the exit. */
export const REFUSAL_LIMIT_MS = 2_000;
/** How long the guard thread has to write the hung main thread's stack. */
const STACK_CAPTURE_MS = 1_000;
/** How long to wait after the exit for output still in the pipe; limited because a grandchild may hold the pipe open. */
const OUTPUT_DRAIN_MS = 500;

export class WorkerProcess {
  readonly instanceId: string;
  readonly startedAtMs: number;
  activeSinceMs: number | undefined;
  drainingSinceMs: number | undefined;
  /** The socket that the worker was given to listen on. */
  listenSocket: ListenSocket | undefined;
  readiness: Readiness | undefined;
  refusal: Refusal | undefined;
  vitals: WorkerVitals | undefined;
  cut: CutWork | undefined;
  /** Process groups of its MCP servers. */
  readonly groups = new ProcessGroups();
  /** Why this supervisor killed the worker, as text; undefined if it did not. */
  killedFor: string | undefined;
  readonly #child: Child;
  readonly #clock: Clock;
  readonly #log: Logger;
  readonly #handlers: WorkerHandlers;
  readonly #output: CapturedOutput;
  readonly #heartbeat: HeartbeatMonitor;
  #phase: WorkerPhase = 'booting';
  /** Cancels the time limit of the current phase. */
  #cancelLimit: () => void = () => undefined;

  constructor(options: {
    boot: WorkerBoot;
    extra: Record<string, string>;
    clock: Clock;
    log: Logger;
    handlers: WorkerHandlers;
    redactor: Redactor;
    spawn: SpawnChild;
  }) {
    this.instanceId = options.boot.instanceId;
    this.#clock = options.clock;
    this.#handlers = options.handlers;
    this.startedAtMs = options.clock.now();
    this.#child = options.spawn(
      { role: 'worker', boot: options.boot, extra: options.extra, output: 'pipe' },
      { onMessage: (message) => this.#receive(message), onExit: (exit) => void this.#exited(exit) },
    );
    this.#log = options.log.child({ worker: this.#child.pid });
    const { stdout, stderr } = this.#child;
    const { clock, redactor } = options;
    this.#output = captureOutput({ stdout, stderr, log: this.#log, clock, redactor });
    this.#heartbeat = new HeartbeatMonitor({ clock, onHang: (silentMs) => this.#hang(silentMs) });
    this.#limit(BOOT_LIMIT_MS, 'exit-not-ready');
  }

  get pid(): number {
    return this.#child.pid;
  }

  get phase(): WorkerPhase {
    return this.#phase;
  }

  send(message: SupervisorMessage, handle?: NativeHandle): void {
    if (this.#phase !== 'exited') this.#child.send(message, handle);
  }

  sendListen({ host, port, handle }: ListenSocket): void {
    this.send({ type: 'listen', host, port }, handle);
  }

  activate(): void {
    this.#dispatch({ type: 'activate' });
  }

  /**
   * Tells the worker to finish its work, which is aborted after `timeoutMs`. Right after that, the worker and its process group are
   * killed.
   */
  drain(mode: 'restart' | 'stop', timeoutMs: number): void {
    this.#dispatch({ type: 'drain', mode, timeoutMs });
  }

  kill(reason: string): void {
    if (this.#phase === 'exited') return;
    this.killedFor ??= reason;
    this.#log.warn({ reason }, 'killing the worker and its process group');
    this.#child.kill();
  }

  #dispatch(event: WorkerEvent): void {
    const { state, effects } = workerTransition(this.#phase, event);
    this.#phase = state;
    for (const effect of effects) this.#carryOut(effect, event);
  }

  #carryOut(effect: WorkerEffect, event: WorkerEvent): void {
    switch (effect) {
      case 'keepReadiness':
        if (event.type === 'ready') this.readiness = event;
        return;
      case 'keepRefusal':
        if (event.type === 'bootFailed') this.refusal = event;
        return;
      case 'report':
        if (event.type === 'ready' || event.type === 'listening' || event.type === 'bootFailed') this.#handlers.onMessage(this, event);
        return;
      case 'limitListen':
        return this.#limit(LISTEN_LIMIT_MS, 'exit-not-listening');
      case 'limitRefusal':
        return this.#limit(REFUSAL_LIMIT_MS, 'exit-refused');
      case 'cancelLimit':
        return this.#cancelLimit();
      case 'watchHeartbeat':
        return this.#heartbeat.start();
      case 'activate':
        this.activeSinceMs = this.#clock.now();
        return this.send({ type: 'activate' });
      case 'drain':
        return event.type === 'drain' ? this.#drain(event) : undefined;
      case 'cleanUp':
        this.#heartbeat.stop();
        this.#cancelLimit();
        this.#child.kill(); // everything it started is killed with it
        this.groups.kill();
    }
  }

  #receive(raw: unknown): void {
    const message = asWorkerMessage(raw);
    if (message === undefined) {
      this.#log.warn({ message: JSON.stringify(raw)?.slice(0, 200) }, 'the worker sent an unknown message');
      return;
    }
    switch (message.type) {
      case 'ready':
      case 'listening':
      case 'bootFailed':
        return this.#dispatch(message);
      case 'heartbeat':
        this.vitals = message.vitals;
        return this.#heartbeat.beat();
      case 'drained':
        this.cut = message.cut;
        break;
      case 'children':
        this.groups.note(message.pids);
        // The worker's last messages may arrive after its exit.
        if (this.#phase === 'exited') this.groups.kill();
        break;
      default:
    }
    this.#handlers.onMessage(this, message);
  }

  #drain({ mode, timeoutMs }: Extract<WorkerEvent, { type: 'drain' }>): void {
    this.drainingSinceMs ??= this.#clock.now();
    this.#heartbeat.stop();
    this.#cancelLimit();
    if (timeoutMs <= 0) return this.kill(sayOfGateway('exit-by-force'));
    this.send({ type: 'drain', mode, timeoutMs });
    this.#cancelLimit = this.#clock.after(timeoutMs + DRAIN_END.killMs, () =>
      this.kill(sayOfGateway('exit-not-drained', { ms: timeoutMs })),
    );
  }

  #limit(limitMs: number, failure: 'exit-not-ready' | 'exit-not-listening' | 'exit-refused'): void {
    this.#cancelLimit();
    this.#cancelLimit = this.#clock.after(limitMs, () => this.kill(sayOfGateway(failure, { seconds: limitMs / 1_000 })));
  }

  #hang(silentMs: number): void {
    this.#log.error({ silentMs }, 'the worker does not respond; its stack follows');
    this.#child.requestStack();
    this.#clock.after(STACK_CAPTURE_MS, () => this.kill(sayOfGateway('exit-silent', { seconds: Math.round(silentMs / 1_000) })));
  }

  async #exited(exit: ChildExit): Promise<void> {
    this.#dispatch({ type: 'exited' });
    const atMs = this.#clock.now();
    const record = (): ExitRecord => {
      const told = { output: this.#output.tail(), killedFor: this.killedFor, refusal: this.refusal?.error.message };
      return makeExitRecord({ pid: this.pid, exit, atMs, ...told });
    };
    // The next worker does not wait for output that is still in the pipe.
    this.#handlers.onExit(this, record());
    await this.#output.drained(OUTPUT_DRAIN_MS);
    this.#handlers.onOutputComplete?.(this, record());
  }
}

const WORKER_MESSAGE_TYPES: ReadonlySet<unknown> = new Set<WorkerMessage['type']>([
  'ready',
  'listening',
  'quiesced',
  'drained',
  'heartbeat',
  'bootFailed',
  'configResult',
  'rotateLogs',
  'query',
  'children',
]);

/** The worker is our own code, but may be from a newer build: an unknown type is dropped, not trusted. */
function asWorkerMessage(raw: unknown): WorkerMessage | undefined {
  if (typeof raw !== 'object' || raw === null || !('type' in raw)) return undefined;
  return WORKER_MESSAGE_TYPES.has(raw.type) ? (raw as WorkerMessage) : undefined;
}
