import { Command, Option } from 'clipanion';
import { GatewayError } from '../../../shared/errors.js';
import { isLogLevel, LOG_LEVELS, type LogLevel } from '../../../shared/log/level.js';
import { ApiCommand } from '../../api-command.js';
import { parseDuration } from '../parse-duration.js';

interface LevelState {
  readonly level: LogLevel;
  readonly configured: LogLevel;
  readonly until: string | null;
}

export class LogLevelCommand extends ApiCommand {
  static override readonly paths = [['gateway', 'log-level']];
  static override readonly usage = Command.Usage({
    category: 'Gateway',
    description: 'Show the log level, or change it for a time.',
    details: 'A change goes back by itself; `status` shows it meanwhile. For good: `xopc config set logs.level`.',
    examples: [
      ['In force now', 'xopc gateway log-level'],
      ['Everything for ten minutes', 'xopc gateway log-level debug --for 10m'],
      ['Back now', 'xopc gateway log-level --reset'],
    ],
  });

  readonly level = Option.String({ name: 'level', required: false });
  readonly for = Option.String('--for', { description: 'How long: 10m, 2h, up to 1d; default 15m.' });
  readonly reset = Option.Boolean('--reset', false, { description: 'Go back to the configured level now.' });

  protected async run(): Promise<number> {
    const change = this.#change();
    const api = await this.connect();
    const path = '/api/logs/level';
    const { level, configured, until } = await api.call<LevelState>(
      change === undefined ? { method: 'GET', path } : { method: 'PATCH', path, body: change },
    );
    if (this.json) await this.printJson({ level, configured, until });
    else await this.printLine(until === null ? level : `${level} until ${until}, then ${configured}`);
    return 0;
  }

  /** @returns undefined when it is only looked at. @throws USAGE */
  #change(): { level: LogLevel | null; durationMs?: number } | undefined {
    const { level } = this;
    const durationMs = this.for === undefined ? undefined : parseDuration(this.for, '--for');
    if (this.reset) return { level: null };
    if (level === undefined && durationMs === undefined) return undefined;
    if (level === undefined || !isLogLevel(level)) {
      throw new GatewayError('USAGE', {
        message: level === undefined ? '--for needs a level' : `'${level}' is no level; it must be one of ${LOG_LEVELS.join(', ')}`,
        hint: 'e.g. xopc gateway log-level debug --for 10m',
      });
    }
    return { level, ...(durationMs === undefined ? {} : { durationMs }) };
  }
}
