import { Command } from 'clipanion';
import type { ErrorDocument } from '../../../shared/errors.js';
import { BaseCommand } from '../../base-command.js';
import { requireGateway } from '../../locate-gateway.js';
import { renderStatus, statusExitCode } from '../../render/status-text.js';

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

  protected async run(): Promise<number> {
    const { status } = await requireGateway(this.gatewayPaths);
    if (this.json) await this.printJson({ running: true, ...status });
    else await this.printLine(renderStatus(status, { tokenHint: await this.#tokenHint(status.auth.tokenHint), nowMs: Date.now(), paint: this.out.paint }));
    return statusExitCode(status);
  }

  /** Until a worker has told its token, the one that it will load. */
  async #tokenHint(told: string | null): Promise<string | null> {
    if (told !== null) return told;
    const { readTokenHint } = await import('../../gateway-settings.js');
    return readTokenHint(this.gatewayPaths, this.environment);
  }

  protected override failureFields({ code }: ErrorDocument): Record<string, unknown> {
    if (code === 'NOT_RUNNING') return { running: false };
    return code === 'STILL_STARTING' || code === 'CONTROL_UNREACHABLE' ? { running: true } : {};
  }
}
