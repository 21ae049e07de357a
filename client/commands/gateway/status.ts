import { Command } from 'clipanion';
import type { StatusDocument } from '../../../shared/control/messages.js';
import { type ErrorDocument, GatewayError } from '../../../shared/errors.js';
import { BaseCommand } from '../../base-command.js';
import { requireGateway } from '../../locate-gateway.js';
import { hasInstallRecord } from '../../service/install-record.js';
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
    const status = this.#withServiceWarnings(await this.#ask());
    if (this.json) await this.printJson({ running: true, ...status });
    else
      await this.printLine(
        renderStatus(status, { tokenHint: await this.#tokenHint(status.auth.tokenHint), nowMs: Date.now(), paint: this.out.paint }),
      );
    return statusExitCode(status);
  }

  /** Where a service is installed it is what to start, not a gateway beside it. */
  async #ask(): Promise<StatusDocument> {
    try {
      return (await requireGateway(this.gatewayPaths)).status;
    } catch (error) {
      if (!(error instanceof GatewayError) || error.code !== 'NOT_RUNNING' || !hasInstallRecord(this.gatewayPaths.home)) throw error;
      const hint = 'Start the service with: xopc gateway service-start';
      throw new GatewayError('NOT_RUNNING', { message: error.message, hint, cause: error });
    }
  }

  /** What the supervisor cannot know: whether the service would start it again as it is. */
  #withServiceWarnings(status: StatusDocument): StatusDocument {
    if (!hasInstallRecord(this.gatewayPaths.home)) return status;
    const warnings = this.context.runtime.loadServiceTools().serviceWarnings(this.gatewayPaths);
    return { ...status, warnings: [...status.warnings, ...warnings] };
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
