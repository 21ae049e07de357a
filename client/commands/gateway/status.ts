import { Command } from 'clipanion';
import type { StatusDocument } from '../../../shared/api/gateway/status.js';
import { type ErrorDocument, GatewayError } from '../../../shared/errors.js';
import { BaseCommand } from '../../cli/base-command.js';
import { findOthers } from '../../gateway/home-gateways.js';
import { requireGateway } from '../../gateway/locate-gateway.js';
import { renderStatus, statusExitCode } from '../../output/status-text.js';
import { installationWarnings } from '../../service/installation-warnings.js';

export class StatusCommand extends BaseCommand {
  static override readonly usage = Command.Usage({
    category: 'Gateway',
    description: 'Show whether the gateway runs, where, and its state.',
    details: 'Exit code: 0 running, 1 down or failed, 3 not running, 4 running but not answering or not yours, 6 still starting.',
    examples: [
      ['As text', 'xopc gateway status'],
      ['As one JSON document', 'xopc gateway status --json'],
    ],
  });

  protected async run(): Promise<number> {
    this.io.findPaths();
    const status = await this.#ask();
    if (this.json) await this.io.printJson({ running: true, ...status });
    else {
      const tokenHint = status.auth.tokenHint ?? (await this.#readTokenHint());
      const text = renderStatus(status, { tokenHint, nowMs: Date.now(), paint: this.io.out.paint });
      await this.io.printRendered(this.io.asCalled(text));
    }
    return statusExitCode(status);
  }

  /** Returns the supervisor's status, with warnings about its installation. */
  async #ask(): Promise<StatusDocument> {
    const paths = this.io.gatewayPaths;
    try {
      const { status } = await requireGateway(paths);
      return { ...status, warnings: [...status.warnings, ...(await installationWarnings(status, paths, this.context.runtime))] };
    } catch (error) {
      if (!(error instanceof GatewayError) || error.code !== 'NOT_RUNNING') throw error;
      throw await this.#notRunning(error);
    }
  }

  /** Lists the gateways of this home that are running. */
  async #notRunning(error: GatewayError): Promise<GatewayError> {
    const found = await findOthers(this.io.gatewayPaths);
    const others = found.map(({ configPath, pid, host, port }) => ({ configPath, pid, host, port }));
    const named = others.map(({ configPath, pid, port }) => `Running in this home: ${configPath} (pid ${pid}, port ${port})`);
    return new GatewayError('NOT_RUNNING', {
      message: error.message,
      hint: [error.hint, ...named].join('\n  '),
      ...(others.length === 0 ? {} : { details: { others } }),
      cause: error,
    });
  }

  /** The token that the first worker will load. */
  async #readTokenHint(): Promise<string | null> {
    const { readTokenHint } = await import('../../gateway/gateway-settings.js');
    return readTokenHint(this.io.gatewayPaths, this.io.environment);
  }

  protected override failureFields({ code }: ErrorDocument): Record<string, unknown> {
    if (code === 'NOT_RUNNING') return { running: false };
    return code === 'STILL_STARTING' || code === 'CONTROL_UNREACHABLE' ? { running: true } : {};
  }
}
