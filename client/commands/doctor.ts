import { Command, Option } from 'clipanion';
import { BaseCommand } from '../cli/base-command.js';
import { checkService } from '../doctor/check-service.js';
import { doctorExitCode, renderFindings } from '../doctor/render-findings.js';
import { repairAll, runChecks } from '../doctor/run-doctor.js';
import { readListenSettings, readServiceListen } from '../gateway/gateway-settings.js';
import { locateGateway } from '../gateway/locate-gateway.js';
import { recordOf } from '../service/files/install-record.js';

export class DoctorCommand extends BaseCommand {
  static override readonly usage = Command.Usage({
    category: 'Gateway',
    description: 'Check everything that the gateway needs, even while it is down.',
    details: `
      Each check reports the state and, for a problem, the command that fixes it. --fix repairs what is safe while the gateway runs: permissions, and missing or outdated files of the service. Exit code: 0 no failures, 1 otherwise; warnings do not count.
    `,
    examples: [
      ['Look', 'xopc doctor'],
      ['Repair what is safe', 'xopc doctor --fix'],
    ],
  });

  readonly fix = Option.Boolean('--fix', false, { description: 'Repair what is safe to repair, and show what was done.' });

  protected async run(): Promise<number> {
    const ownerProblem = this.io.findPaths();
    const { gatewayPaths: paths, environment } = this.io;
    const service = recordOf(paths)?.plan;
    const deps = {
      paths,
      ownerProblem,
      locate: () => locateGateway(paths),
      listen: () => (service === undefined ? readListenSettings(paths, environment) : readServiceListen(service, paths)),
      service,
      checkService: () => checkService(paths),
      inspectServer: (url: string) => this.context.runtime.loadDatabase().inspectServer(url),
    };
    const found = await runChecks(deps);
    const repairs = this.fix ? await repairAll(found) : [];
    const findings = repairs.length === 0 ? found : await runChecks(deps);
    const exitCode = doctorExitCode(findings);
    const checks = findings.map(({ id, level, message, fix }) => ({ id, level, message, fix: fix ?? null }));
    await this.printResult({ ok: exitCode === 0, checks, repaired: repairs }, this.io.asCalled(renderFindings(findings, repairs)));
    return exitCode;
  }
}
