import { Command, Option } from 'clipanion';
import type { LogLevelChange, LogLevelState } from '../../../shared/api/gateway/logs.js';
import { GatewayError } from '../../../shared/errors.js';
import { isLogLevel, LOG_LEVELS } from '../../../shared/log/level.js';
import { isLogModule, LOG_MODULES } from '../../../shared/log/modules.js';
import { definedFields } from '../../../shared/fields.js';
import { BaseCommand } from '../../cli/base-command.js';
import { parseDuration } from '../../cli/parse-options.js';
import { usage } from '../../cli/usage.js';

export class LogLevelCommand extends BaseCommand {
  static override readonly usage = Command.Usage({
    category: 'Gateway',
    description: 'Show the log level, or change it temporarily, for all modules or one.',
    details:
      'A change ends by itself and survives restarts until then; `status` shows it meanwhile. To change the level permanently: `xopc config set logs.level`.',
    examples: [
      ['Show the current level', 'xopc gateway log-level'],
      ['Everything for ten minutes', 'xopc gateway log-level debug --for 10m'],
      ['Only one module', 'xopc gateway log-level debug --module outbox'],
      ['Back now', 'xopc gateway log-level --reset'],
    ],
  });

  readonly level = Option.String({ name: 'level', required: false });
  readonly for = Option.String('--for', { description: 'How long: 10m, 2h, up to 1d; default 15m.' });
  readonly module = Option.String('--module', { description: `Only for this module: ${LOG_MODULES.join(', ')}.` });
  readonly reset = Option.Boolean('--reset', false, { description: 'Go back to the configured level now; without --module, everywhere.' });

  protected async run(): Promise<number> {
    const change = this.#change();
    const path = '/api/logs/level';
    const { level, configured, until, modules, kept } = await this.request<LogLevelState>(
      change === undefined ? { method: 'GET', path } : { method: 'PATCH', path, body: change },
    );
    const inForce = until === null ? level : `${level} until ${until}, then ${configured}`;
    const own = modules.map((change) => `${change.module}: ${change.level} until ${change.until}, then ${level}`);
    const note = kept === false ? 'The level could not be stored: it applies only until the next restart. See the log.' : undefined;
    return this.printResult({ level, configured, until, modules, ...definedFields({ kept }) }, [inForce, ...own].join('\n'), note);
  }

  /** @returns undefined when the level is only shown. @throws USAGE */
  #change(): LogLevelChange | undefined {
    const { level, module } = this;
    const durationMs = this.for === undefined ? undefined : parseDuration(this.for, '--for');
    if (module !== undefined && !isLogModule(module)) {
      throw usage(`unknown module '${module}'; it must be one of ${LOG_MODULES.join(', ')}`);
    }
    if (this.reset) return { level: null, ...definedFields({ module }) };
    if (level === undefined && durationMs === undefined && module === undefined) return undefined;
    if (level === undefined || !isLogLevel(level)) {
      throw new GatewayError('USAGE', {
        message:
          level === undefined
            ? `${module === undefined ? '--for' : '--module'} needs a level`
            : `unknown level '${level}'; it must be one of ${LOG_LEVELS.join(', ')}`,
        hint: 'e.g. xopc gateway log-level debug --for 10m',
      });
    }
    return { level, ...definedFields({ module, durationMs }) };
  }
}
