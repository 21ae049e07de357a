/**
 * The level of the log, of all of it and of single modules: the configured one, or another for a while, to look into something
 * without a restart. What was changed is kept in a file, so that it holds for its time through restarts and crashes: often it is they
 * that are looked into.
 */
import { readFileSync } from 'node:fs';
import type { Clock } from '../../../shared/clock.js';
import type { StatusWarning } from '../../../shared/control/messages.js';
import { isLogLevel, type LogLevel } from '../../../shared/log/level.js';
import type { LogPort } from '../../../shared/log/log-port.js';
import { isLogModule, type LogModule } from '../../../shared/log/modules.js';
import { writeFileAtomic } from '../../../shared/node/files/atomic-file.js';
import type { LogLevelChange, LogLevelService, LogLevelState } from './log-contract.js';

const DEFAULT_MS = 15 * 60_000;
/** As long as the API takes. */
const MAX_MS = 86_400_000;
const ALL = 'all';

type Scope = LogModule | typeof ALL;

interface Override {
  readonly level: LogLevel;
  readonly untilMs: number;
  readonly cancel: () => void;
}

export interface LogLevelOptions {
  readonly clock: Clock;
  readonly configured: () => LogLevel;
  /** Where changes are kept; without it they end with the process. */
  readonly path?: string;
}

/** What is in the file, whoever wrote it. */
function readKept(path: string): { scope: Scope; level: LogLevel; untilMs: number }[] {
  let kept: unknown;
  try {
    kept = JSON.parse(readFileSync(path, 'utf8'));
  } catch {
    // None is there, or none that can be read: then the configured level holds.
    return [];
  }
  return (Array.isArray(kept) ? (kept as unknown[]) : []).flatMap((item) => {
    const { scope, level, untilMs } = (item ?? {}) as Record<string, unknown>;
    const isScope = scope === ALL || isLogModule(scope);
    return isScope && isLogLevel(level) && typeof untilMs === 'number' ? [{ scope, level, untilMs }] : [];
  });
}

const iso = (atMs: number): string => new Date(atMs).toISOString();
const nameOf = (scope: Scope): string => (scope === ALL ? 'the log level' : `the log level of ${scope}`);

export class LogLevelOverride implements LogLevelService {
  readonly #clock: Clock;
  readonly #configured: () => LogLevel;
  readonly #path: string | undefined;
  readonly #overrides = new Map<Scope, Override>();
  /** Set once there is one: the logger asks for the level before it exists. */
  logger: LogPort | undefined;
  #writing: Promise<void> = Promise.resolve();

  constructor({ clock, configured, path }: LogLevelOptions) {
    this.#clock = clock;
    this.#configured = configured;
    this.#path = path;
    if (path === undefined) return;
    for (const { scope, level, untilMs } of readKept(path)) {
      const leftMs = untilMs - clock.now();
      if (leftMs > 0 && leftMs <= MAX_MS) this.#set(scope, level, leftMs);
    }
  }

  /** Of all that has none of its own. */
  get level(): LogLevel {
    return this.#overrides.get(ALL)?.level ?? this.#configured();
  }

  /** Asked for each line. @param module  of the line; anything else is of no module */
  levelOf(module: unknown): LogLevel {
    if (this.#overrides.size === 0) return this.#configured();
    return this.#overrides.get(module as Scope)?.level ?? this.level;
  }

  read(): LogLevelState {
    const all = this.#overrides.get(ALL);
    const modules = [...this.#overrides].flatMap(([module, { level, untilMs }]) =>
      module === ALL ? [] : [{ module, level, until: iso(untilMs) }],
    );
    return { level: this.level, configured: this.#configured(), until: all === undefined ? null : iso(all.untilMs), modules };
  }

  change({ level, module, durationMs = DEFAULT_MS }: LogLevelChange): LogLevelState {
    const scope = module ?? ALL;
    if (level === null) for (const name of module === undefined ? [...this.#overrides.keys()] : [module]) this.#end(name);
    else {
      this.#set(scope, level, durationMs);
      const until = iso(this.#clock.now() + durationMs);
      this.logger?.warn({ logLevel: level, until, of: scope }, `${nameOf(scope)} was changed for a time`);
      this.#keep();
    }
    return this.read();
  }

  /** What a status says of it while it lasts. */
  warnings(): StatusWarning[] {
    return [...this.#overrides].map(([scope, { level, untilMs }]) => ({
      code: 'LOG_LEVEL_CHANGED',
      message: `${nameOf(scope)} is '${level}' until ${iso(untilMs)}, then '${scope === ALL ? this.#configured() : this.level}' again`,
      hint: `Change it back now with: xopc gateway log-level --reset${scope === ALL ? '' : ` --module ${scope}`}`,
    }));
  }

  #set(scope: Scope, level: LogLevel, durationMs: number): void {
    this.#overrides.get(scope)?.cancel();
    const cancel = this.#clock.after(durationMs, () => this.#end(scope));
    this.#overrides.set(scope, { level, untilMs: this.#clock.now() + durationMs, cancel });
  }

  #end(scope: Scope): void {
    const override = this.#overrides.get(scope);
    if (override === undefined) return;
    override.cancel();
    this.#overrides.delete(scope);
    const level = scope === ALL ? this.#configured() : this.level;
    this.logger?.warn({ logLevel: level, of: scope }, `${nameOf(scope)} is what it was again`);
    this.#keep();
  }

  /** One write after the other: the last is what holds. */
  #keep(): void {
    const path = this.#path;
    if (path === undefined) return;
    const text = JSON.stringify([...this.#overrides].map(([scope, { level, untilMs }]) => ({ scope, level, untilMs })));
    this.#writing = this.#writing
      .then(() => writeFileAtomic(path, `${text}\n`))
      .catch((error: unknown) => this.logger?.warn({ err: error }, 'the log level is not kept through a restart'));
  }
}
