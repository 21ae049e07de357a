/**
 * The control protocol: requests of the client to the supervisor over the control socket. Frames are JSON documents, one per line, of at
 * most {@link MAX_FRAME_BYTES}, those of the supervisor of {@link MAX_REPLY_BYTES}. A request gets any number of `progress`
 * frames and then exactly one `result` or `error`. Unknown fields are ignored in both directions, so that a client and a supervisor of
 * different versions can talk to each other; an unknown request type is answered with CONTROL_PROTOCOL.
 */
import type { ErrorDocument } from '../errors.js';

export const CONTROL_VERSION = 1;
export const MAX_FRAME_BYTES = 65_536;
/** A status lists every account of all channels. */
export const MAX_REPLY_BYTES = 1_048_576;

/** How to replace the supervisor. Options override those of the running one; if it would not start the next one itself, they are refused. */
export interface SuccessionOptions {
  readonly port?: number;
  readonly host?: string;
  /** Overrides `gateway.auth.api_key` and the generated token, as `--token` does. */
  readonly token?: string;
}

export type ControlRequest = { readonly v: number; readonly id: string } & (
  | { readonly type: 'status' }
  | { readonly type: 'stop'; readonly timeoutMs?: number; readonly force?: boolean }
  | {
      readonly type: 'restart';
      readonly timeoutMs?: number;
      /** Replace the supervisor too (succession, exit 75 under a service manager, in place with XOPC_NO_RESPAWN). */
      readonly force?: boolean;
      readonly succession?: SuccessionOptions;
      /** True from `gateway --force`: a second such caller gets LOCK_HELD instead of joining. */
      readonly exclusive?: boolean;
      /** With `exclusive`: instance id of the supervisor to replace. A different id means that another caller replaced it first. */
      readonly expects?: string;
    }
  /** The token in force, for the client; all other answers mask it. */
  | { readonly type: 'token' }
  /** Put a staged state (`xopc restore`) in place while no worker runs. */
  | { readonly type: 'restore'; readonly restoreId: string; readonly timeoutMs?: number }
);

/** The gateway's own token and its source. */
export interface OwnToken {
  readonly token: string;
  /** `env`: XOPC_GATEWAY_TOKEN or `--token`; `config`: gateway.auth.api_key; `generated`: the token file. */
  readonly source: 'env' | 'config' | 'generated';
}

/** A progress step of a long request, shown to the user. */
export interface ControlProgress {
  readonly v: number;
  readonly id: string;
  readonly type: 'progress';
  /** One sentence. */
  readonly message: string;
}

export type ControlReply =
  | ControlProgress
  | { readonly v: number; readonly id: string; readonly type: 'result'; readonly result: unknown }
  | { readonly v: number; readonly id: string; readonly type: 'error'; readonly error: ErrorDocument };

/** The work that a drain could not finish in time. All zero: nothing was interrupted. */
export interface CutWork {
  readonly requests: number;
  readonly streams: number;
  readonly sockets: number;
}

export interface StopResult {
  readonly stopped: true;
  readonly pid: number;
  readonly cut: CutWork;
  readonly durationMs: number;
}

export interface RestartResult {
  /** Instance id of the new worker. */
  readonly instanceId: string;
  readonly workerPid: number;
  /** The supervisor's current pid; it changes with a succession. */
  readonly pid: number;
  readonly succession: 'none' | 'successor' | 'service-manager';
  readonly durationMs: number;
}

export interface RestoreResult {
  /** Directory that keeps the replaced state. */
  readonly replaced: string;
  /** Instance id of the worker that serves the restored state. */
  readonly instanceId: string;
  readonly workerPid: number;
  readonly durationMs: number;
}
