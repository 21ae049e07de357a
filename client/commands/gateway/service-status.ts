import { Command } from 'clipanion';
import { GatewayError } from '../../../shared/errors.js';
import { BaseCommand } from '../../cli/base-command.js';
import { chooseManager } from '../../service/manager/choose-manager.js';
import { recordOf } from '../../service/files/install-record.js';
import type { ServiceManager } from '../../service/manager/service-manager.js';
import { absentReport, makeServiceReport, renderServiceReport, serviceExitCode } from '../../service/service-report.js';

/** Exit code of `status` and `service-status` where nothing runs. */
const NOT_RUNNING_EXIT_CODE = 3;

export class ServiceStatusCommand extends BaseCommand {
  static override readonly usage = Command.Usage({
    category: 'Service',
    description: 'Show the installed service, and whether it matches its configuration.',
    details: 'Exit code: 0 the service runs, 1 it has failed, 3 it is stopped or not installed.',
    examples: [
      ['As text', 'xopc gateway service-status'],
      ['As one JSON document', 'xopc gateway service-status --json'],
    ],
  });

  protected async run(): Promise<number> {
    const paths = this.io.gatewayPaths;
    const manager = await this.#manager();
    if (manager instanceof GatewayError) {
      const { document, text } = absentReport(manager);
      await this.printResult(document, this.io.asCalled(text));
      return NOT_RUNNING_EXIT_CODE;
    }
    const report = await makeServiceReport(paths, manager);
    await this.printResult(report, this.io.asCalled(renderServiceReport(report)));
    return serviceExitCode(report);
  }

  /** @returns the reason why there is no service manager, if no service is installed either @throws UNAVAILABLE */
  async #manager(): Promise<ServiceManager | GatewayError> {
    const paths = this.io.gatewayPaths;
    try {
      const manager = chooseManager(paths);
      await manager.assertAvailable();
      return manager;
    } catch (error) {
      if (error instanceof GatewayError && recordOf(paths) === undefined) return error;
      throw error;
    }
  }
}
