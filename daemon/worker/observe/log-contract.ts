/** What the HTTP routes may ask about the log. Every method that fails throws a `GatewayError`. */
import type { LogLevel } from '../../../shared/log/level.js';
import type { LogModule } from '../../../shared/log/modules.js';

/** Which lines. All that is given must hold. */
export interface LogChoice {
  /** This level and above. */
  readonly level?: string;
  /** Levels that are left out. */
  readonly hide?: readonly string[];
  /** Epoch ms, inclusive. */
  readonly sinceMs?: number;
  readonly untilMs?: number;
  /** Text that the line contains. */
  readonly q?: string;
  /** Words, `-word`, `field:value`. */
  readonly search?: string;
  /** JavaScript's; matched in a thread with a limit of time. */
  readonly regex?: string;
}

export interface LogQuery extends LogChoice {
  /** 1–1000, default 100. */
  readonly limit?: number;
  readonly cursor?: string;
}

export interface LogFollowQuery extends Omit<LogChoice, 'sinceMs' | 'untilMs'> {
  readonly from?: string;
}

type Entry = Readonly<Record<string, unknown>>;
/** With `regex`: the parts of each entry that match. */
type Matches = readonly (readonly string[])[];

export interface LogPage {
  readonly entries: readonly Entry[];
  readonly matches?: Matches;
  readonly nextCursor: string | null;
  readonly end: string | null;
}

export type LogEvent =
  | { readonly type: 'lines'; readonly entries: readonly Entry[]; readonly matches?: Matches }
  | { readonly type: 'gap'; readonly reason: 'rotated' | 'truncated' };

export interface LogService {
  /**
   * Newest last; reads backwards through the rotated files.
   * @throws INVALID_REQUEST also for a `regex` that is none, or takes too long
   */
  query(query: LogQuery): Promise<LogPage>;
  /**
   * What is written from now on, or from the `end` of a page on, until the signal aborts.
   * @throws INVALID_REQUEST for a place that is not ours; RATE_LIMITED when too many follow already
   */
  follow(query: LogFollowQuery, signal: AbortSignal): AsyncIterable<LogEvent>;
  /** All lines of all files, oldest first, each with its line break. @throws INVALID_REQUEST; RATE_LIMITED when many download already */
  download(choice: LogChoice): AsyncIterable<string>;
}

export interface LogLevelState {
  /** The level in force. */
  readonly level: LogLevel;
  /** The one that holds without a change for a time. */
  readonly configured: LogLevel;
  /** When `configured` holds again; null while it does. */
  readonly until: string | null;
  /** Modules with a level of their own for a time. */
  readonly modules: readonly { readonly module: LogModule; readonly level: LogLevel; readonly until: string }[];
}

export interface LogLevelChange {
  /** Null: what was changed goes back now. */
  readonly level: LogLevel | null;
  /** Of that module's lines alone. Without it of all; with `level` null, all that was changed goes back. */
  readonly module?: LogModule;
  /** Default 15 minutes. */
  readonly durationMs?: number;
}

export interface LogLevelService {
  read(): LogLevelState;
  /** For a time, through restarts; then it goes back by itself. */
  change(change: LogLevelChange): LogLevelState;
}
