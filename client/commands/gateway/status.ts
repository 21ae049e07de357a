import { Command } from 'clipanion';
import type { ErrorDocument } from '../../../shared/errors.js';
import { BaseCommand } from '../../cli/base-command.js';
import { reportStatus, statusFailureFields } from '../../gateway/report-status.js';

export class StatusCommand extends BaseCommand {
  static override readonly paths = [['gateway', 'status'], ['status']];
  static override readonly usage = Command.Usage({
    category: 'Gateway',
    description: 'Show whether the gateway runs, where, and how it is.',
    details: 'Exit code: 0 running, 1 down or failed, 3 not running, 4 running but not answering or not yours, 6 still starting.',
    examples: [
      ['As text', 'xopc gateway status'],
      ['As one JSON document', 'xopc gateway status --json'],
    ],
  });

  protected run(): Promise<number> {
    return reportStatus(this.io);
  }

  protected override failureFields(error: ErrorDocument): Record<string, unknown> {
    return statusFailureFields(error);
  }
}
