/** The systemd user units that `install` writes for Linux. Directives: systemd.service(5), systemd.exec(5), systemd.socket(5). */
import { FINAL_EXIT_CODES, RESTART_ME_EXIT_CODE } from '../../../shared/exit-codes.js';
import { shellCommand } from '../../../shared/text/shell-word.js';
import { dirname, join } from 'node:path';
import { addChecksum, CHECKSUM_COMMENT } from '../files/checksum.js';
import {
  EXEC_FAILURE_CODES,
  gatewayArguments,
  serviceEnvironment,
  type ServiceFile,
  type ServicePlan,
  stopLimitSeconds,
} from '../plan/service-plan.js';
import { isWithin, linkedDirectories } from './linked-directories.js';
import { commandWord, quoteWord, type UnitEntry, type UnitSection, unitText, word } from './unit-text.js';

/** Returns the names of the units of a service. */
export function unitsOf(name: string): { readonly service: string; readonly socket: string } {
  return { service: `${name}.service`, socket: `${name}.socket` };
}

function comments(name: string): string[] {
  return [
    `Written by \`xopc gateway install\`, which refuses to overwrite an edited one. Put your own settings in a`,
    `drop-in, which is kept: ${shellCommand`systemctl --user edit ${name}`}`,
    CHECKSUM_COMMENT,
  ];
}

/** A private /tmp would hide a home or a program located there. */
function usesSharedTmp(plan: ServicePlan): boolean {
  const { home, configPath, program } = plan;
  const paths = [home, configPath, program.path, program.nodePath, ...linkedDirectories(plan)].filter((path) => path !== null);
  return paths.some((path) => /^\/(var\/)?tmp\//.test(path));
}

/**
 * All paths that the gateway writes to: its home, a configuration outside of it, what links in the home lead to, and the runtime
 * directory. A `-` is for a path that may be missing when the service starts.
 */
function writablePaths(plan: ServicePlan): string {
  const { home, configPath } = plan;
  const outside = configPath !== null && !isWithin(configPath, home) ? [dirname(configPath)] : [];
  return [...[home, ...outside, ...linkedDirectories(plan).map((path) => `-${path}`)].map(word), '-%t'].join(' ');
}

/** Each of these drops capabilities, which a user's manager can only do inside a user namespace of its own. */
export const FULL_SANDBOX: readonly UnitEntry[] = [
  ['CapabilityBoundingSet', ''],
  ['PrivateDevices', 'yes'],
  ['ProtectKernelModules', 'yes'],
  ['ProtectKernelLogs', 'yes'],
  ['ProtectClock', 'yes'],
];

/**
 * Sandbox settings. systemd skips those for files if it may not create namespaces. Left out:
 * MemoryDenyWriteExecute= (V8 compiles to memory), PrivateNetwork= and IPAddressDeny= (it is a network service),
 * ProtectProc= (the gateway inspects other processes through /proc), SystemCallFilter=~@resources (Node raises its limit of open files).
 */
function hardening(plan: ServicePlan): UnitEntry[] {
  return [
    ['UMask', '0077'],
    ['NoNewPrivileges', 'yes'],
    ['ProtectSystem', 'strict'],
    ['ProtectHome', 'read-only'],
    ['ReadWritePaths', writablePaths(plan)],
    ...(usesSharedTmp(plan) ? [] : ([['PrivateTmp', 'yes']] satisfies UnitEntry[])),
    ...(plan.sandbox === 'full' ? FULL_SANDBOX : []),
    ['ProtectKernelTunables', 'yes'],
    ['ProtectControlGroups', 'yes'],
    ['ProtectHostname', 'yes'],
    ['RestrictAddressFamilies', 'AF_UNIX AF_INET AF_INET6 AF_NETLINK'],
    ['RestrictNamespaces', 'yes'],
    ['RestrictRealtime', 'yes'],
    ['RestrictSUIDSGID', 'yes'],
    ['LockPersonality', 'yes'],
    ['KeyringMode', 'private'],
    ['SystemCallArchitectures', 'native'],
    ['SystemCallFilter', '@system-service'],
    ['SystemCallFilter', '~@privileged'],
    // Files owned by root stay readable.
    ['SystemCallFilter', '@chown'],
    ['SystemCallErrorNumber', 'EPERM'],
  ];
}

/** Read by systemd 254 and later; older ones refuse connections while the supervisor is replaced, unless --socket is used. */
const KEEPS_SOCKET: readonly (UnitEntry | string)[] = [
  'systemd keeps the listening socket while the supervisor is replaced or restarted: no connection is refused.',
  ['NotifyAccess', 'all'],
  ['FileDescriptorStoreMax', 1],
];

function serviceSection(plan: ServicePlan): UnitSection {
  const environment = Object.entries(serviceEnvironment(plan)).map(([name, value]): UnitEntry => [
    'Environment',
    quoteWord(`${name}=${value}`),
  ]);
  return {
    name: 'Service',
    entries: [
      // Not notify: a supervisor whose worker cannot start keeps running and answers 503 with the reason.
      ['Type', 'exec'],
      // Runs the shell by name: systemd does not accept quotes or backslashes in a program path, and the home may be mounted noexec.
      ['ExecStart', ['/bin/sh', ...[plan.launcherPath, ...gatewayArguments(plan)].map(commandWord)].join(' ')],
      ...environment,
      'A killed supervisor is restarted; one that was stopped, finds another one running, or has an invalid',
      'configuration, is not. The launcher delays starts that fail repeatedly.',
      ['Restart', 'always'],
      ['RestartSec', '100ms'],
      ['RestartPreventExitStatus', [...FINAL_EXIT_CODES, ...EXEC_FAILURE_CODES].join(' ')],
      ['SuccessExitStatus', RESTART_ME_EXIT_CODE],
      ...(plan.socket === null ? KEEPS_SOCKET : []),
      'SIGTERM goes only to the supervisor, which drains; processes left after it are killed.',
      ['KillMode', 'mixed'],
      ['TimeoutStopSec', stopLimitSeconds(plan)],
      // The supervisor replaces a worker killed by the kernel's OOM killer.
      ['OOMPolicy', 'continue'],
      ['SyslogIdentifier', plan.name],
      ...hardening(plan),
    ],
  };
}

export function serviceUnitText(plan: ServicePlan): string {
  const { socket } = unitsOf(plan.name);
  const needsSocket: UnitEntry[] =
    plan.socket === null
      ? []
      : [
          ['Wants', socket],
          ['After', socket],
        ];
  return addChecksum(
    unitText(comments(plan.name), [
      { name: 'Unit', entries: [['Description', 'xopc gateway'], ['StartLimitIntervalSec', 0], ...needsSocket] },
      serviceSection(plan),
      { name: 'Install', entries: [['WantedBy', 'default.target']] },
    ]),
  );
}

/** @param name  of the service */
export function socketUnitText(name: string, socket: { host: string; port: number }): string {
  const address = socket.host.includes(':') ? `[${socket.host}]` : socket.host;
  return addChecksum(
    unitText(comments(name), [
      { name: 'Unit', entries: [['Description', 'xopc gateway listening socket']] },
      {
        name: 'Socket',
        entries: [
          ['ListenStream', `${address}:${socket.port}`],
          ['Backlog', 4096],
          // At boot, the address may come later than the socket.
          ['FreeBind', 'yes'],
          // Otherwise `::` means IPv6 alone on one machine and both on another.
          ...(address === '[::]' ? ([['BindIPv6Only', 'both']] satisfies UnitEntry[]) : []),
        ],
      },
      { name: 'Install', entries: [['WantedBy', 'sockets.target']] },
    ]),
  );
}

/** @param directory  of the user's units, `~/.config/systemd/user` */
export function systemdFiles(plan: ServicePlan, directory: string): ServiceFile[] {
  const file = (name: string, text: string): ServiceFile => ({ path: join(directory, name), text, mode: 0o644, encoding: 'utf8' });
  const units = unitsOf(plan.name);
  const socket = plan.socket === null ? [] : [file(units.socket, socketUnitText(plan.name, plan.socket))];
  return [file(units.service, serviceUnitText(plan)), ...socket];
}
