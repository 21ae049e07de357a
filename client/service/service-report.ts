/** The report of `service-status`: the manager's view of the service, the gateway's own status, and any problems. */
import type { StatusWarning } from '../../shared/api/gateway/status.js';
import type { GatewayError } from '../../shared/errors.js';
import { escapeControls } from '../../shared/log/escape.js';
import type { GatewayPaths } from '../../shared/node/process/paths.js';
import { locateGateway } from '../gateway/locate-gateway.js';
import { block } from '../output/status-text.js';
import { serviceWarnings } from './drift.js';
import { type InstallRecord, recordOf } from './files/install-record.js';
import { rivalsAmong } from './manager/other-units.js';
import type { OtherService, ServiceConcern, ServiceManager, ServiceState } from './manager/service-manager.js';

interface ServiceReport {
  readonly installed: boolean;
  readonly manager: string;
  readonly service: string;
  readonly state: ServiceState;
  /** Whether the service's gateway is reachable and ready. */
  readonly serving: boolean;
  readonly gateway: { readonly pid: number; readonly port: number; readonly supervisedBy: string | null } | null;
  readonly files: readonly string[];
  readonly program: InstallRecord['plan']['program'] | null;
  readonly socket: InstallRecord['plan']['socket'];
  readonly warnings: readonly StatusWarning[];
  readonly concerns: readonly ServiceConcern[];
  readonly others: readonly OtherService[];
}

function stateLines({ state, gateway, manager, service }: ServiceReport): string[] {
  const restarts = state.restarts === null ? [] : [`Restarts by ${manager}: ${state.restarts}`];
  const exit = state.activity === 'failed' && state.lastExitCode !== null ? [`Last exit code: ${state.lastExitCode}`] : [];
  const byHand =
    gateway !== null && gateway.supervisedBy !== manager
      ? [`A manually started gateway is running: pid ${gateway.pid} on port ${gateway.port}`]
      : [];
  return [
    `Service: ${service} (${manager})`,
    `State: ${state.description}`,
    `Starts at boot: ${state.isEnabled ? 'yes' : 'no'}`,
    ...restarts,
    ...exit,
    ...byHand,
  ];
}

function programLines({ program, socket, files }: ServiceReport): string[] {
  const node = program?.nodePath === null || program === null ? '' : ` by ${program.nodePath}`;
  return [
    ...files.map((path) => `File: ${path}`),
    ...(program === null ? [] : [`Program: ${program.path}${node}`]),
    ...(socket === null ? [] : [`Socket: ${socket.host}:${socket.port}, owned by systemd`]),
  ];
}

function headline({ installed, serving, state }: ServiceReport): string {
  if (!installed) return '⚪ Gateway is not installed as a service';
  if (serving) return '✅ Gateway service is running';
  return state.activity === 'failed' ? '❌ Gateway service has failed' : '⚪ Gateway service is stopped';
}

function hints({ program, serving }: ServiceReport): string[] {
  if (program === null) return ['xopc gateway install         # Install and start it'];
  return serving
    ? ['xopc gateway stop            # Stop it until service-start', 'xopc gateway uninstall       # Remove the service']
    : ['xopc gateway service-start   # Start it'];
}

const warningLines = ({ warnings, concerns, others }: ServiceReport): string[] => [
  ...warnings.flatMap(({ message, hint }) => [message, ...(hint === undefined ? [] : [`  ${hint}`])]),
  ...concerns.flatMap(({ message, hint }) => [message, `  ${hint}`]),
  ...others.flatMap(({ path, removeWith }) => [`another service starts a gateway: ${path}`, `  ${removeWith}`]),
];

/** The text of `xopc gateway service-status`. */
export function renderServiceReport(report: ServiceReport): string {
  const details = report.installed ? [...stateLines(report), ...programLines(report)].map((line) => `   ${escapeControls(line)}`) : [];
  const parts = [[headline(report), ...details], block('⚠️  Warnings:', warningLines(report)), block('📝 Management:', hints(report))];
  return parts.flat().join('\n');
}

/** The report when nothing is installed and no service manager is available. */
export function absentReport({ message, hint }: GatewayError): { document: object; text: string } {
  const lines = [message, ...(hint === undefined ? [] : [hint])];
  return {
    document: { installed: false, serving: false, reason: message },
    text: ['⚪ Gateway is not installed as a service', ...lines.map((line) => `   ${escapeControls(line)}`)].join('\n'),
  };
}

/** Exit code: 0 ready, 1 failed, 3 stopped or not installed. */
export function serviceExitCode({ serving, installed, state }: ServiceReport): number {
  if (serving) return 0;
  return installed && state.activity === 'failed' ? 1 : 3;
}

/** @throws UNAVAILABLE when the manager cannot be queried */
export async function makeServiceReport(paths: GatewayPaths, manager: ServiceManager): Promise<ServiceReport> {
  const record = recordOf(paths);
  const [state, location, others] = await Promise.all([manager.state(), locateGateway(paths), manager.others()]);
  const status = location.kind === 'answers' ? location.status : undefined;
  const isInstalled = record !== undefined && state.isRegistered;
  return {
    installed: isInstalled,
    manager: manager.marker,
    service: manager.name,
    state,
    serving: isInstalled && status?.supervisedBy === manager.marker && status.ready,
    gateway: status === undefined ? null : { pid: status.pid, port: status.port, supervisedBy: status.supervisedBy },
    files: record === undefined ? [] : [...manager.files(record.plan).map(({ path }) => path), record.plan.launcherPath],
    program: record?.plan.program ?? null,
    socket: record?.plan.socket ?? null,
    warnings: serviceWarnings(paths),
    concerns: isInstalled ? await manager.concerns({ repair: false }) : [],
    others: rivalsAmong(others, paths),
  };
}
