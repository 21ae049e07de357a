/**
 * The IPC protocol between the supervisor and its children (worker, fallback, successor), over the channel created by the spawn. Messages
 * are plain JSON objects with a `type`; the receiver parses at the edge and switches exhaustively.
 */
import type { CutWork, OwnToken } from '../control/messages.js';
import type { ChannelStatus, NodeStatus, StatusDocument, StatusIssue, StatusWarning } from '../api/gateway/status.js';
import type { ErrorDocument, Problem } from '../errors.js';

/** Start parameters of a worker (environment variable `XOPC_WORKER_BOOT`, JSON). */
export interface WorkerBoot {
  readonly instanceId: string;
  readonly supervisorPid: number;
  readonly home: string;
  readonly configPath: string;
  /** The files to load: the ones that users edit, or their last good copies while an edit is known to be invalid. */
  readonly configSource: string;
  readonly modelsSource: string;
  /** Missing from a supervisor of an earlier version: its gateway owns the home's data. */
  readonly dataDir?: string | undefined;
  /** Instance ids whose leases are still valid. */
  readonly liveInstanceIds: readonly string[];
}

export type SupervisorMessage =
  /** With the listening handle. */
  | { readonly type: 'listen'; readonly host: string; readonly port: number }
  | { readonly type: 'activate' }
  /** Finish within `timeoutMs`; `restart` keeps idle connections for one more request, `stop` ends them at once. */
  | { readonly type: 'drain'; readonly mode: 'restart' | 'stop'; readonly timeoutMs: number }
  | { readonly type: 'reopenLogs' }
  | { readonly type: 'peers'; readonly liveInstanceIds: readonly string[] }
  | { readonly type: 'applyConfig'; readonly hash: string }
  | { readonly type: 'reply'; readonly id: string; readonly result?: unknown; readonly error?: ErrorDocument };

/** Requests of the worker to the supervisor. */
export type WorkerQuery = { readonly type: 'status' } | { readonly type: 'restart'; readonly reason: string };

export interface WorkerVitals {
  readonly rssBytes: number;
  readonly connections: number;
  readonly inFlight: number;
  readonly channels: Record<string, ChannelStatus>;
  /** Current problems; missing from a worker of an older build. */
  readonly warnings?: readonly StatusWarning[];
  /** Parts that do not work now, or did not in the last hour; missing from a worker of an older build. */
  readonly issues?: readonly StatusIssue[];
  /** The gateways on the same PostgreSQL database; missing with SQLite. */
  readonly nodes?: readonly NodeStatus[];
}

export type WorkerMessage =
  | {
      readonly type: 'ready';
      readonly version: string;
      /** The settings in force. Missing from a worker of an older build. */
      readonly token?: OwnToken;
      readonly authEnabled: boolean;
      readonly warnings: readonly StatusWarning[];
    }
  | { readonly type: 'listening' }
  | { readonly type: 'quiesced' }
  | { readonly type: 'drained'; readonly cut: CutWork }
  | { readonly type: 'heartbeat'; readonly vitals: WorkerVitals }
  /** The worker cannot start and knows why; it exits right after. */
  | { readonly type: 'bootFailed'; readonly error: ErrorDocument; readonly problems: readonly Problem[] }
  | {
      readonly type: 'configResult';
      readonly hash: string;
      readonly outcome: 'applied' | 'rejected';
      readonly problems: readonly Problem[];
      readonly token?: OwnToken;
      readonly authEnabled?: boolean;
    }
  | { readonly type: 'rotateLogs' }
  /** The leaders of the process groups of its MCP servers, sent after each change. */
  | { readonly type: 'children'; readonly pids: readonly number[] }
  | { readonly type: 'query'; readonly id: string; readonly query: WorkerQuery };

/** Answers to {@link WorkerQuery}, by type. */
export interface WorkerQueryResult {
  readonly status: StatusDocument;
  readonly restart: { readonly accepted: true };
}

/** Sent to the fallback at start, and again when the reason changes. */
export interface FallbackBoot {
  readonly supervisorPid: number;
  readonly reason: string;
  readonly retryAfterSeconds: number;
  /** When the last worker ended; null if none has ended yet. */
  readonly lastExitAt: string | null;
}

/** From the fallback: it can be given the socket; it no longer accepts. */
export interface FallbackMessage {
  readonly type: 'ready' | 'closed';
}

/** Between a supervisor and the successor that it spawned (docs/gateway.md, "Run loop"). In order of a succession. */
export type SuccessionMessage =
  /** successor: my worker is ready, hand over */
  | { readonly type: 'takeOver' }
  /** predecessor, with the listening handle: lock and control socket are yours */
  | { readonly type: 'handOver'; readonly host: string; readonly port: number }
  /** successor: my worker listens, drain yours */
  | { readonly type: 'retire' }
  /** predecessor: my worker has quiesced */
  | { readonly type: 'quiesced' }
  /** successor: my worker is active; reply to the callers */
  | { readonly type: 'succeeded'; readonly pid: number; readonly workerPid: number; readonly instanceId: string }
  /** successor: I was asked to stop before my worker was active; finish within that time and exit as well */
  | { readonly type: 'dismissed'; readonly timeoutMs: number }
  /** successor: I cannot start and exit */
  | { readonly type: 'failed'; readonly error: ErrorDocument };

/** Start parameters of a supervisor started by a client or a predecessor (JSON in `XOPC_BOOT`). */
export interface SupervisorBoot {
  readonly flags: { readonly port?: number; readonly host?: string; readonly token?: string; readonly configPath?: string };
  readonly foreground: boolean;
  /** See `SupervisorOptions`. */
  readonly rejected?: readonly Problem[];
  /** Descriptor on which the start's outcome is written as one JSON line. */
  readonly reportFd?: number;
  /** Rehearsal: only checks whether it could start, and reports a failure as a successor does. */
  readonly rehearsal?: boolean;
  /** Set for a successor: it takes over from its parent. */
  readonly predecessor?: {
    readonly host: string;
    readonly port: number;
    /** Drain deadline of its worker where it is not the configured one. */
    readonly drainTimeoutMs?: number;
  };
}

/** The line that a started supervisor writes to `reportFd`. */
export type StartReport =
  | { readonly ok: true; readonly pid: number; readonly instanceId: string; readonly host: string; readonly port: number }
  | { readonly ok: false; readonly error: ErrorDocument; readonly problems: readonly Problem[] };
