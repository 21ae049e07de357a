import { Command } from 'clipanion';
import type { StatusDocument } from '../../../shared/api/gateway/status.js';
import { GatewayError } from '../../../shared/errors.js';
import { BaseCommand } from '../../cli/base-command.js';
import { notInstalled, startService } from '../../service/await-service.js';
import { chooseManager } from '../../service/manager/choose-manager.js';
import { recordOf } from '../../service/files/install-record.js';
import { findRunning } from '../../service/stop-gateway.js';

export class ServiceStartCommand extends BaseCommand {
  static override readonly usage = Command.Usage({
    category: 'Service',
    description: 'Start the installed service after a stop or a failure.',
    details: 'Returns once the gateway is ready. Starting a running service succeeds.',
    examples: [['Start the service', 'xopc gateway service-start']],
  });

  protected async run(): Promise<number> {
    const paths = this.io.gatewayPaths;
    if (recordOf(paths) === undefined) throw notInstalled();
    const manager = chooseManager(paths);
    await manager.assertAvailable();
    const running = (await findRunning(paths))?.status;
    if (running !== undefined && running.supervisedBy !== manager.marker) throw this.#runsByHand(running);
    if (running?.ready === true) return this.#report(running, false);
    return this.#report(await startService(paths), true);
  }

  #runsByHand({ pid, port }: StatusDocument): GatewayError {
    return new GatewayError('LOCK_HELD', {
      message: `a manually started gateway is already running: pid ${pid} on port ${port}`,
      details: { pid, port },
      hint: 'Stop it first: xopc gateway stop',
    });
  }

  async #report({ pid, instanceId, port, urls }: StatusDocument, hasStarted: boolean): Promise<number> {
    return this.printResult(
      { started: hasStarted, running: true, pid, instanceId, port, url: urls[0] ?? null },
      `✅ Gateway service ${hasStarted ? 'started' : 'is already running'} (pid ${pid})\n   URL: ${urls[0] ?? ''}`,
    );
  }
}
