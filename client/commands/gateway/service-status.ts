import { Command } from 'clipanion';
import type { StatusWarning } from '../../../shared/control/messages.js';
import { BaseCommand } from '../../base-command.js';
import { locateGateway } from '../../locate-gateway.js';
import { type InstallRecord, recordOf } from '../../service/install-record.js';
import type { OtherService, ServiceConcern, ServiceState } from '../../service/service-manager.js';
import { SERVICE_NAME } from '../../service/service-plan.js';

interface ServiceReport {
  readonly installed: boolean;
  readonly manager: string;
  readonly service: string;
  readonly state: ServiceState;
  /** Whether the gateway that the service runs answers and serves. */
  readonly serving: boolean;
  readonly gateway: { readonly pid: number; readonly port: number; readonly supervisedBy: string | null } | null;
  readonly files: readonly string[];
  readonly program: InstallRecord['plan']['program'] | null;
  readonly socket: InstallRecord['plan']['socket'];
  readonly warnings: readonly StatusWarning[];
  readonly concerns: readonly ServiceConcern[];
  readonly others: readonly OtherService[];
}

function stateLines({ state, gateway, manager }: ServiceReport): string[] {
  const restarts = state.restarts === null ? [] : [`Restarts by ${manager}: ${state.restarts}`];
  const exit = state.activity === 'failed' && state.lastExitCode !== null ? [`Last exit code: ${state.lastExitCode}`] : [];
  const byHand =
    gateway !== null && gateway.supervisedBy !== manager
      ? [`A gateway that was started by hand runs: pid ${gateway.pid} on port ${gateway.port}`]
      : [];
  return [`State: ${state.description}`, `Starts at boot: ${state.isEnabled ? 'yes' : 'no'}`, ...restarts, ...exit, ...byHand];
}

function programLines({ program, socket, files }: ServiceReport): string[] {
  const node = program?.nodePath === null || program === null ? '' : ` by ${program.nodePath}`;
  return [
    ...files.map((path) => `File: ${path}`),
    ...(program === null ? [] : [`Program: ${program.path}${node}`]),
    ...(socket === null ? [] : [`Socket: ${socket.host}:${socket.port}, held by systemd`]),
  ];
}

function headline({ installed, serving, state }: ServiceReport): string {
  if (!installed) return '⚪ Gateway is not installed as a service';
  if (serving) return '✅ Gateway service is running';
  return state.activity === 'failed' ? '❌ Gateway service has failed' : '⚪ Gateway service is stopped';
}

function hints({ installed, serving }: ServiceReport): string[] {
  if (!installed) return ['xopc gateway install         # Install and start it'];
  return serving
    ? ['xopc gateway stop            # Stop it until service-start', 'xopc gateway uninstall       # Remove the service']
    : ['xopc gateway service-start   # Start it'];
}

const warningLines = ({ warnings, concerns, others }: ServiceReport): string[] => [
  ...warnings.flatMap(({ message, hint }) => [message, ...(hint === undefined ? [] : [`  ${hint}`])]),
  ...concerns.flatMap(({ message, hint }) => [message, `  ${hint}`]),
  ...others.flatMap(({ path, removeWith }) => [`another service starts a gateway: ${path}`, `  ${removeWith}`]),
];

function block(title: string, lines: readonly string[]): string[] {
  return lines.length === 0 ? [] : [title, ...lines.map((line) => `   ${line}`)];
}

export class ServiceStatusCommand extends BaseCommand {
  static override readonly paths = [['gateway', 'service-status']];
  static override readonly usage = Command.Usage({
    category: 'Service',
    description: 'Show the installed service, and whether it is as it should be.',
    details: 'Exit code: 0 the service runs, 1 it has failed, 3 it is stopped or not installed.',
    examples: [
      ['As text', 'xopc gateway service-status'],
      ['As one JSON document', 'xopc gateway service-status --json'],
    ],
  });

  protected async run(): Promise<number> {
    const report = await this.#makeReport();
    if (this.json) await this.printJson(report);
    else {
      const warnings = block(this.out.paint.yellow('⚠️  Warnings:'), warningLines(report));
      const lines = [
        ...block(headline(report), report.installed ? [...stateLines(report), ...programLines(report)] : []),
        ...warnings,
        ...block('📝 Management:', hints(report)),
      ];
      await this.printLine(lines.join('\n'));
    }
    if (report.serving) return 0;
    return report.installed && report.state.activity === 'failed' ? 1 : 3;
  }

  async #makeReport(): Promise<ServiceReport> {
    const paths = this.gatewayPaths;
    const { chooseManager, serviceWarnings } = this.context.runtime.loadServiceTools();
    const manager = chooseManager(paths);
    await manager.assertAvailable();
    const record = recordOf(paths);
    const [state, location, others] = await Promise.all([manager.state(), locateGateway(paths), manager.others()]);
    const status = location.kind === 'answers' ? location.status : undefined;
    const isInstalled = record !== undefined && state.isRegistered;
    return {
      installed: isInstalled,
      manager: manager.marker,
      service: SERVICE_NAME,
      state,
      serving: isInstalled && status?.supervisedBy === manager.marker && status.ready,
      gateway: status === undefined ? null : { pid: status.pid, port: status.port, supervisedBy: status.supervisedBy },
      files: record === undefined ? [] : [...manager.files(record.plan).map(({ path }) => path), record.plan.launcherPath],
      program: record?.plan.program ?? null,
      socket: record?.plan.socket ?? null,
      warnings: serviceWarnings(paths),
      concerns: isInstalled ? await manager.concerns({ repair: false }) : [],
      others,
    };
  }
}
