/** The level of the log: the configured one, or another for a while, to look into something without a restart. */
import type { Clock } from '../../../shared/clock.js';
import type { StatusWarning } from '../../../shared/control/messages.js';
import type { LogLevel } from '../../../shared/log/level.js';
import type { LogPort } from '../../../shared/log/log-port.js';
import type { LogLevelService, LogLevelState } from './log-contract.js';

const DEFAULT_MS = 15 * 60_000;

export class LogLevelOverride implements LogLevelService {
  readonly #clock: Clock;
  readonly #configured: () => LogLevel;
  /** Set once there is one: the logger asks for the level before it exists. */
  logger: LogPort | undefined;
  #override: { readonly level: LogLevel; readonly untilMs: number } | undefined;
  #cancel: (() => void) | undefined;

  constructor(options: { readonly clock: Clock; readonly configured: () => LogLevel }) {
    this.#clock = options.clock;
    this.#configured = options.configured;
  }

  get level(): LogLevel {
    return this.#override?.level ?? this.#configured();
  }

  read(): LogLevelState {
    const until = this.#override === undefined ? null : new Date(this.#override.untilMs).toISOString();
    return { level: this.level, configured: this.#configured(), until };
  }

  change({ level, durationMs = DEFAULT_MS }: { readonly level: LogLevel | null; readonly durationMs?: number }): LogLevelState {
    this.#cancel?.();
    if (level === null) this.#end();
    else {
      this.#override = { level, untilMs: this.#clock.now() + durationMs };
      this.#cancel = this.#clock.after(durationMs, () => this.#end());
      this.logger?.warn({ logLevel: level, until: this.read().until }, 'the log level was changed for a time');
    }
    return this.read();
  }

  /** What a status says of it while it lasts. */
  warnings(): StatusWarning[] {
    const { level, configured, until } = this.read();
    if (until === null) return [];
    return [
      {
        code: 'LOG_LEVEL_CHANGED',
        message: `the log level is '${level}' until ${until}, then '${configured}' again`,
        hint: 'Change it back now with: xopc gateway log-level --reset',
      },
    ];
  }

  #end(): void {
    if (this.#override === undefined) return;
    this.#override = undefined;
    this.#cancel = undefined;
    this.logger?.warn({ logLevel: this.#configured() }, 'the log level is the configured one again');
  }
}
