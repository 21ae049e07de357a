/**
 * The level of the log as a whole and of single modules: the configured level, or a temporary one. Temporary levels are
 * kept in a file, so that they survive restarts and crashes.
 */
import { readFileSync } from 'node:fs';
import type { LogLevelChange, LogLevelState } from '../../../shared/api/gateway/logs.js';
import { type Clock, isoTime } from '../../../shared/clock.js';
import type { StatusWarning } from '../../../shared/api/gateway/status.js';
import { isLogLevel, type LogLevel } from '../../../shared/log/level.js';
import type { LogPort } from '../../../shared/log/log-port.js';
import { isLogModule, type LogModule } from '../../../shared/log/modules.js';
import { writeFileAtomic } from '../../../shared/node/files/atomic-file.js';
import { sayOfIssue } from '../../../shared/text/sentences/issue.js';
import { shellCommand } from '../../../shared/text/shell-word.js';

const DEFAULT_MS = 15 * 60_000;
/** The maximum of the API. */
const MAX_MS = 86_400_000;
const ALL = 'all';

type Scope = LogModule | typeof ALL;

interface Override {
  readonly level: LogLevel;
  readonly untilMs: number;
  readonly cancel: () => void;
}

/** The levels in force. The logger checks them for each line, so they are created before it. */
export class LogLevels {
  readonly overrides = new Map<Scope, Override>();
  readonly configured: () => LogLevel;

  constructor(configured: () => LogLevel) {
    this.configured = configured;
  }

  /** The level of everything without a level of its own. */
  get level(): LogLevel {
    return this.overrides.get(ALL)?.level ?? this.configured();
  }

  /** Called for each line. @param module  the module of the line; any other value means none */
  levelOf(module: unknown): LogLevel {
    if (this.overrides.size === 0) return this.configured();
    return this.overrides.get(module as Scope)?.level ?? this.level;
  }
}

export interface LogLevelOptions {
  readonly clock: Clock;
  readonly levels: LogLevels;
  readonly logger: LogPort;
  /** The file that keeps temporary levels. Without it they end with the process. */
  readonly path?: string;
}

/** Reads the file and ignores invalid content. */
function readKept(path: string): { scope: Scope; level: LogLevel; untilMs: number }[] {
  let kept: unknown;
  try {
    kept = JSON.parse(readFileSync(path, 'utf8'));
  } catch {
    // A missing or unreadable file means that the configured level applies.
    return [];
  }
  return (Array.isArray(kept) ? (kept as unknown[]) : []).flatMap((item) => {
    const { scope, level, untilMs } = (item ?? {}) as Record<string, unknown>;
    const isScope = scope === ALL || isLogModule(scope);
    return isScope && isLogLevel(level) && typeof untilMs === 'number' ? [{ scope, level, untilMs }] : [];
  });
}

const nameOf = (scope: Scope): string => (scope === ALL ? 'the log level' : `the log level of ${scope}`);

/** The interface for the API. */
export type LogLevelService = Pick<LogLevelOverride, 'read' | 'change'>;

export class LogLevelOverride {
  readonly #clock: Clock;
  readonly #levels: LogLevels;
  readonly #logger: LogPort;
  readonly #path: string | undefined;
  #writing: Promise<void> = Promise.resolve();
  /** Whether the file has the levels in force. */
  #isKept = true;

  constructor({ clock, levels, logger, path }: LogLevelOptions) {
    this.#clock = clock;
    this.#levels = levels;
    this.#logger = logger;
    this.#path = path;
    if (path === undefined) return;
    for (const { scope, level, untilMs } of readKept(path)) {
      const leftMs = untilMs - clock.now();
      if (leftMs > 0 && leftMs <= MAX_MS) this.#set(scope, level, leftMs);
    }
  }

  read(): LogLevelState {
    const all = this.#levels.overrides.get(ALL);
    const modules = [...this.#levels.overrides].flatMap(([module, { level, untilMs }]) =>
      module === ALL ? [] : [{ module, level, until: isoTime(untilMs) }],
    );
    return {
      level: this.#levels.level,
      configured: this.#levels.configured(),
      until: all === undefined ? null : isoTime(all.untilMs),
      modules,
      ...(this.#isKept ? {} : { kept: false }),
    };
  }

  /** Sets a level for a time, 15 minutes by default. It survives restarts, once it is stored. @returns the state after that */
  async change({ level, module, durationMs = DEFAULT_MS }: LogLevelChange): Promise<LogLevelState> {
    const scope = module ?? ALL;
    if (level === null) for (const name of module === undefined ? [...this.#levels.overrides.keys()] : [module]) this.#end(name);
    else {
      this.#set(scope, level, durationMs);
      const until = isoTime(this.#clock.now() + durationMs);
      this.#logger.warn({ logLevel: level, until, of: scope }, `${nameOf(scope)} was changed temporarily`);
      this.#keep();
    }
    await this.#writing;
    return this.read();
  }

  /** Returns a warning for the status for each temporary level. */
  warnings(): StatusWarning[] {
    return [...this.#levels.overrides].map(([scope, { level, untilMs }]) => ({
      code: 'LOG_LEVEL_CHANGED',
      message:
        scope === ALL
          ? sayOfIssue('log-level-changed', { level, time: isoTime(untilMs), next: this.#levels.configured() })
          : sayOfIssue('log-level-changed-of', { module: scope, level, time: isoTime(untilMs), next: this.#levels.level }),
      hint: `Change it back now with: ${scope === ALL ? 'xopc gateway log-level --reset' : shellCommand`xopc gateway log-level --reset --module ${scope}`}`,
    }));
  }

  #set(scope: Scope, level: LogLevel, durationMs: number): void {
    this.#levels.overrides.get(scope)?.cancel();
    const cancel = this.#clock.after(durationMs, () => this.#end(scope));
    this.#levels.overrides.set(scope, { level, untilMs: this.#clock.now() + durationMs, cancel });
  }

  #end(scope: Scope): void {
    const override = this.#levels.overrides.get(scope);
    if (override === undefined) return;
    override.cancel();
    this.#levels.overrides.delete(scope);
    const level = scope === ALL ? this.#levels.configured() : this.#levels.level;
    this.#logger.warn({ logLevel: level, of: scope }, `${nameOf(scope)} was reset`);
    this.#keep();
  }

  /** Writes the file; writes run one after another. */
  #keep(): void {
    const path = this.#path;
    if (path === undefined) return;
    const text = JSON.stringify([...this.#levels.overrides].map(([scope, { level, untilMs }]) => ({ scope, level, untilMs })));
    this.#writing = this.#writing
      .then(async () => {
        await writeFileAtomic(path, `${text}\n`);
        this.#isKept = true;
      })
      .catch((error: unknown) => {
        this.#isKept = false;
        this.#logger.warn({ err: error }, 'failed to store the log level; it will not survive a restart');
      });
  }
}
