import { Command } from 'clipanion';
import { BaseCommand } from '../../cli/base-command.js';
import { chooseManager } from '../../service/manager/choose-manager.js';
import { makeServiceReport, renderServiceReport, serviceExitCode } from '../../service/service-report.js';

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
    const manager = chooseManager(paths);
    await manager.assertAvailable();
    const report = await makeServiceReport(paths, manager);
    await this.printResult(report, renderServiceReport(report));
    return serviceExitCode(report);
  }
}
