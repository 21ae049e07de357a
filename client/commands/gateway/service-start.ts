import { Command } from 'clipanion';
import type { StatusDocument } from '../../../shared/control/messages.js';
import { GatewayError } from '../../../shared/errors.js';
import { BaseCommand } from '../../cli/base-command.js';
import { awaitService } from '../../service/await-service.js';
import { chooseManager } from '../../service/manager/choose-manager.js';
import { type InstallRecord, recordOf } from '../../service/files/install-record.js';
import { findRunning } from '../../service/stop-gateway.js';
import type { ServiceManager } from '../../service/manager/service-manager.js';

function notInstalled(): GatewayError {
  return new GatewayError('NOT_FOUND', {
    message: 'the gateway is not installed as a service',
    hint: 'Install it with: xopc gateway install   Or start it without a service: xopc gateway start',
  });
}

export class ServiceStartCommand extends BaseCommand {
  static override readonly usage = Command.Usage({
    category: 'Service',
    description: 'Start the installed service after a stop or a failure.',
    details: 'Returns once the gateway is ready. Starting a running service succeeds.',
    examples: [['Start the service', 'xopc gateway service-start']],
  });

  protected async run(): Promise<number> {
    const paths = this.io.gatewayPaths;
    const record = recordOf(paths);
    if (record === undefined) throw notInstalled();
    const manager = chooseManager(paths);
    await manager.assertAvailable();
    const running = (await findRunning(paths))?.status;
    if (running !== undefined && running.supervisedBy !== manager.marker) throw this.#runsByHand(running);
    if (running?.ready === true) return this.#report(running, false);
    await this.#start(manager, record);
    return this.#report(await awaitService(paths, manager), true);
  }

  /** Registers the service again if its registration was lost (a system upgrade, a moved home directory). */
  async #start(manager: ServiceManager, { plan }: InstallRecord): Promise<void> {
    const options = { isSocketActivated: plan.socket !== null };
    const { isRegistered, isEnabled } = await manager.state();
    if (isRegistered && isEnabled) await manager.start(options);
    else await manager.activate(options);
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
