/**
 * The only error registry: every code the gateway can raise, on the wire, in the log or on the command line. `docs/errors.md` lists
 * the same codes; a guard test keeps the two and the tests in step.
 */

import type { Coded } from './text/fill-text.js';

/** How an error with the code is reported. */
export interface ErrorSpec {
  /** HTTP status of a response with the code. */
  readonly status: number;
  /** Whether the message may be shown to the caller; if not, a fixed sentence replaces it. */
  readonly expose: boolean;
  /** Whether the same call may succeed later without a change. */
  readonly retryable: boolean;
  /** Exit code of a command that ends with it (docs/gateway.md, "Exit codes"). */
  readonly exitCode: number;
}

const spec = (status: number, exitCode: number, flags: { expose?: boolean; retryable?: boolean } = {}): ErrorSpec => ({
  status,
  expose: flags.expose ?? true,
  retryable: flags.retryable ?? false,
  exitCode,
});

export const ERRORS = {
  // API
  INVALID_REQUEST: spec(400, 2),
  UNAUTHORIZED: spec(401, 1),
  FORBIDDEN: spec(403, 1),
  NOT_FOUND: spec(404, 1),
  CHANNEL_NOT_FOUND: spec(404, 1),
  SESSION_NOT_FOUND: spec(404, 1),
  JOB_NOT_FOUND: spec(404, 1),
  MODEL_NOT_FOUND: spec(404, 1),
  METHOD_NOT_ALLOWED: spec(405, 1),
  CONFLICT: spec(409, 1),
  PRECONDITION_FAILED: spec(412, 1),
  PAYLOAD_TOO_LARGE: spec(413, 1),
  UNSUPPORTED_MEDIA_TYPE: spec(415, 1),
  UPGRADE_REQUIRED: spec(426, 1),
  RATE_LIMITED: spec(429, 1, { retryable: true }),
  AGENT_ERROR: spec(502, 1, { retryable: true }),
  UNAVAILABLE: spec(503, 1, { retryable: true }),
  INTERNAL_ERROR: spec(500, 1, { expose: false }),
  // supervision and command line
  CONFIG_INVALID: spec(500, 78),
  PORT_TAKEN: spec(503, 78),
  LOCK_HELD: spec(409, 5),
  STILL_STARTING: spec(503, 6, { retryable: true }),
  NOT_RUNNING: spec(503, 3),
  CONTROL_UNREACHABLE: spec(503, 4, { retryable: true }),
  CONTROL_PROTOCOL: spec(400, 4),
  IPC_PROTOCOL: spec(500, 1, { expose: false }),
  WORKER_NOT_READY: spec(503, 1, { retryable: true }),
  BUILD_BROKEN: spec(500, 1),
  SUCCESSION_FAILED: spec(500, 1),
  STOPPING: spec(503, 1, { retryable: true }),
  USAGE: spec(400, 2),
  STORE_UNAVAILABLE: spec(503, 1, { retryable: true }),
} as const satisfies Record<string, ErrorSpec>;

/** One of the registry's codes. */
export type ErrorCode = keyof typeof ERRORS;

/** Narrows a string from the wire to a registry code. */
export function isErrorCode(value: unknown): value is ErrorCode {
  return typeof value === 'string' && Object.hasOwn(ERRORS, value);
}

/** Where in a file a problem is, as an editor counts: line and column from 1. */
export interface Problem {
  /** `config.json` or another file's path. */
  readonly file?: string;
  readonly line?: number;
  readonly column?: number;
  /** Dotted key, e.g. `gateway.drainTimeoutMs`. */
  readonly key?: string;
  /** What is wrong and what is allowed, in one sentence. */
  readonly message: string;
  /** The same in machine-readable form, as in shared/text/reasons.ts. */
  readonly code?: string | undefined;
  readonly values?: Readonly<Record<string, unknown>> | undefined;
}

/** Marks every GatewayError, whichever bundle's copy of the class created it. */
const MARK = Symbol.for('xopc.GatewayError');

/** The project's only error class. The message says what happened, with the value; `hint` says what to do next. */
export class GatewayError extends Error {
  readonly code: ErrorCode;
  readonly details: Record<string, unknown> | undefined;
  readonly hint: string | undefined;

  constructor(code: ErrorCode, options: { message: string; details?: Record<string, unknown>; hint?: string; cause?: unknown }) {
    super(options.message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'GatewayError';
    this.code = code;
    this.details = options.details;
    this.hint = options.hint;
  }

  get spec(): ErrorSpec {
    return ERRORS[this.code];
  }

  get [MARK](): true {
    return true;
  }

  /** Recognizes the errors of all bundles: each has its own copy of this class. */
  static override [Symbol.hasInstance](value: unknown): boolean {
    return typeof value === 'object' && value !== null && MARK in value;
  }
}

/** Returns whether an error means that the store or the gateway cannot currently be reached. */
export function isUnavailable(error: unknown): error is GatewayError {
  return error instanceof GatewayError && error.code === 'UNAVAILABLE';
}

/** An error as processes exchange it (control socket, IPC, HTTP body). */
export interface ErrorDocument {
  readonly code: ErrorCode;
  readonly message: string;
  readonly hint?: string;
  readonly details?: Record<string, unknown>;
}

/** Returns the document of any thrown value; an error of another class gets the code `fallback`. */
export function toErrorDocument(error: unknown, fallback: ErrorCode = 'INTERNAL_ERROR'): ErrorDocument {
  if (error instanceof GatewayError) {
    return {
      code: error.code,
      message: error.message,
      ...(error.hint === undefined ? {} : { hint: error.hint }),
      ...(error.details === undefined ? {} : { details: error.details }),
    };
  }
  return { code: fallback, message: error instanceof Error ? error.message : String(error) };
}

/** Returns the error of a document that {@link toErrorDocument} made. */
export function fromErrorDocument(document: ErrorDocument): GatewayError {
  return new GatewayError(isErrorCode(document.code) ? document.code : 'INTERNAL_ERROR', {
    message: document.message,
    ...(document.hint === undefined ? {} : { hint: document.hint }),
    ...(document.details === undefined ? {} : { details: document.details }),
  });
}

/** Returns {@link formatProblem} in machine-readable form, as in shared/text/reasons.ts. */
export function problemWhy({ file, line, column, key, message, code, values = {} }: Problem): Coded {
  const place = [file, line, column].filter((part) => part !== undefined).join(':');
  const problem = code === undefined ? message : { code, values };
  return { code: 'config-problem', values: { place: [place, key].filter(Boolean).join(' '), problem } };
}

/** Formats a problem as one line: `config.json:2:23 gateway.port must be …`. */
export function formatProblem(problem: Problem): string {
  const place = [problem.file, problem.line, problem.column].filter((part) => part !== undefined).join(':');
  return [place, problem.key, problem.message].filter(Boolean).join(' ');
}
