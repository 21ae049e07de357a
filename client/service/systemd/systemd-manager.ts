/** The user's systemd, queried through `systemctl --user`. The gateway's own status is authoritative, not systemd's. */
import { realpathSync, rmSync, statSync } from 'node:fs';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { MAX_DRAIN_TIMEOUT_MS } from '../../../shared/config/defaults.js';
import { GatewayError } from '../../../shared/errors.js';
import { environmentValue } from '../../../shared/node/process/env.js';
import { shellCommand } from '../../../shared/text/shell-word.js';
import { chooseName, findOthers, type SearchPlace } from '../manager/other-units.js';
import { makeRunTool, type RunTool, toolFailed, type ToolResult } from '../manager/run-tool.js';
import type { OtherService, ServiceConcern, ServiceManager, ServiceState, ServiceTarget } from '../manager/service-manager.js';
import type { Sandbox, ServiceFile, ServicePlan } from '../plan/service-plan.js';
import { enableLinger, isLingering, lingerConcern, undoLinger } from './linger.js';
import { FULL_SANDBOX, systemdFiles, unitsOf } from './units.js';
import { unitVariable } from './unit-text.js';
import { parseUnitState, SHOWN_PROPERTIES } from './unit-state.js';
import { assertUserSession, userSession, type UserSession } from './user-session.js';

/** A stop waits for the drain. */
const STOP_TIMEOUT_MS = MAX_DRAIN_TIMEOUT_MS + 40_000;
/** systemctl's exit code for a unit that is not loaded and so not running. */
const NOT_LOADED = 5;
const LAST_WORDS = 10;
/** By `xopc gateway` or `xopc gateway start`, not another command of `gateway`, or by our launcher. */
const STARTS_GATEWAY = /^ExecStart=.*\bxopc\b.*(?:["'\s]gateway\b(?![ \t]+(?!start\b)[a-z])|\/service\/launch\b)/m;

/**
 * Default directory of the user's units (systemd.unit(5), "User Unit Search Path"), used until the manager is asked. systemd takes the home
 * from the user database and ignores HOME of this shell.
 */
function userUnitDirectory(): string {
  return join(environmentValue('XDG_CONFIG_HOME') ?? join(userInfo().homedir, '.config'), 'systemd', 'user');
}

/** The manager searches `user.control` beside it first. A home may contain spaces. */
const FIRST_UNIT_PATH = /^(\/.+?)\/systemd\/user\.control(?: |$)/;

/** @param unitPath  the manager's property of that name */
export function unitDirectoryIn(unitPath: string): string | undefined {
  const configHome = FIRST_UNIT_PATH.exec(unitPath.trim())?.[1];
  return configHome === undefined || configHome.startsWith('/run/') ? undefined : join(configHome, 'systemd', 'user');
}

function searchPlaces(userDirectory: string): SearchPlace[] {
  const user = [
    userDirectory,
    join(userInfo().homedir, '.local', 'share', 'systemd', 'user'),
    '/etc/systemd/user',
    '/usr/lib/systemd/user',
  ];
  const system = ['/etc/systemd/system', '/run/systemd/system', '/usr/local/lib/systemd/system', '/usr/lib/systemd/system'];
  return [
    ...user.map((directory) => ({ directory, scope: 'user' as const })),
    ...system.map((directory) => ({ directory, scope: 'system' as const })),
  ];
}

/** Returns the commands that remove another unit: even a disabled one counts as long as its file is there. */
export function removalOf(name: string, scope: OtherService['scope'], path: string): string {
  const disable =
    scope === 'user' ? shellCommand`systemctl --user disable --now ${name}` : shellCommand`sudo systemctl disable --now ${name}`;
  if (path.startsWith('/usr/lib/')) return `${disable}   Its file belongs to a package: remove that with the package manager.`;
  // Units for all users also apply to root.
  const remove = shellCommand`rm -f ${path}`;
  return `${disable} && ${scope === 'system' || path.startsWith('/etc/') ? `sudo ${remove}` : remove}`;
}

export class SystemdManager implements ServiceManager {
  readonly marker = 'systemd';
  readonly title = 'systemd';
  readonly supportsSocket = true;
  readonly #target: ServiceTarget;
  readonly #run: RunTool;
  readonly #session: UserSession;
  #directory: string;
  #startedAtMs: number | undefined;

  constructor(target: ServiceTarget, options: { run?: RunTool; session?: UserSession; directory?: string | undefined } = {}) {
    this.#target = target;
    this.#session = options.session ?? userSession();
    this.#run = options.run ?? makeRunTool(this.#session.environment);
    this.#directory = options.directory ?? userUnitDirectory();
  }

  get name(): string {
    return chooseName(this.#target, (name) => join(this.#directory, unitsOf(name).service), unitVariable);
  }

  get #units(): ReturnType<typeof unitsOf> {
    return unitsOf(this.name);
  }

  async assertAvailable(): Promise<void> {
    assertUserSession(this.#session);
    // systemd's environment differs from this shell's: only systemd knows its search path.
    this.#directory = unitDirectoryIn(await this.#systemctl(['show', '--property=UnitPath', '--value'])) ?? this.#directory;
  }

  async probeSandbox(): Promise<Sandbox> {
    const properties = FULL_SANDBOX.flatMap(([name, value]) => ['--property', `${name}=${value}`]);
    const { code } = await this.#run('systemd-run', ['--user', '--wait', '--collect', '--quiet', ...properties, 'true']);
    return code === 0 ? 'full' : 'basic';
  }

  files(plan: ServicePlan): ServiceFile[] {
    return systemdFiles(plan, this.#directory);
  }

  filePaths(): string[] {
    return Object.values(this.#units).map((unit) => join(this.#directory, unit));
  }

  async state(): Promise<ServiceState> {
    return parseUnitState(await this.#systemctl(['show', this.#units.service, `--property=${SHOWN_PROPERTIES}`]));
  }

  async activate({ isSocketActivated }: { isSocketActivated: boolean }): Promise<void> {
    const { service, socket } = this.#units;
    await this.#systemctl(['daemon-reload']);
    await this.#assertRead();
    // A new socket unit cannot be started while the service holds the port, nor can an old one be dropped.
    await this.confirmStopped();
    if (!isSocketActivated) await this.#forget(socket);
    const units = isSocketActivated ? [socket, service] : [service];
    // `reenable` also removes links made by the [Install] section of an older unit.
    await this.#systemctl(['reenable', '--quiet', ...units]);
    await this.start({ isSocketActivated });
  }

  async reload(): Promise<void> {
    await this.#systemctl(['daemon-reload']);
    const units = Object.values(this.#units).filter((unit) => this.#has(unit));
    await this.#systemctl(['enable', '--quiet', ...units]);
  }

  async start({ isSocketActivated }: { isSocketActivated: boolean }): Promise<void> {
    const { service, socket } = this.#units;
    const units = isSocketActivated ? [socket, service] : [service];
    await this.#run('systemctl', ['--user', 'reset-failed', ...units]);
    this.#startedAtMs = Date.now();
    const result = await this.#run('systemctl', ['--user', 'start', ...units]);
    // The command fails if the service exits at once; its state and last log lines show why.
    if (result.code !== 0 && !(await this.state()).isRegistered) throw this.#failed(['start', ...units], result);
  }

  async suspend(): Promise<void> {
    const { socket } = this.#units;
    if (this.#has(socket)) await this.#stop(socket);
  }

  async confirmStopped(): Promise<void> {
    await this.suspend();
    await this.#stop(this.#units.service);
  }

  async remove(): Promise<void> {
    const { service, socket } = this.#units;
    await this.#run('systemctl', ['--user', 'stop', socket, service], { timeoutMs: STOP_TIMEOUT_MS });
    await this.#forget(service);
    await this.#forget(socket);
    await this.#systemctl(['daemon-reload']);
    await this.#run('systemctl', ['--user', 'reset-failed', service, socket]);
  }

  async lastWords(): Promise<string[]> {
    // Not --unit, which omits the output of a process that has already exited.
    const own = await this.#journal(`SYSLOG_IDENTIFIER=${this.name}`);
    // systemd's messages about the next attempt would push the program's own output out of view.
    return own.length > 0 ? own : this.#journal(`USER_UNIT=${this.#units.service}`);
  }

  async #journal(of: string): Promise<string[]> {
    const since = this.#startedAtMs === undefined ? [] : [`--since=@${Math.floor(this.#startedAtMs / 1000)}`];
    const args = ['--user', '--output=cat', '--no-pager', `--lines=${LAST_WORDS}`, ...since, of];
    const { code, stdout } = await this.#run('journalctl', args);
    return code === 0 ? stdout.split('\n').filter((line) => line !== '' && !line.startsWith('-- ')) : [];
  }

  async concerns({ repair }: { repair: boolean }): Promise<ServiceConcern[]> {
    const { userName } = this.#session;
    // Without logind nothing ends at logout, and lingering does not exist.
    if ((await isLingering(this.#run, userName)) !== false) return [];
    return repair && (await enableLinger(this.#run, userName)) ? [] : [lingerConcern(userName)];
  }

  undoRepair(): Promise<string | undefined> {
    return undoLinger(this.#run, this.#session.userName, this.#directory);
  }

  others(): Promise<OtherService[]> {
    const found = findOthers(searchPlaces(this.#directory), {
      suffix: '.service',
      own: this.filePaths(),
      command: STARTS_GATEWAY,
      variable: unitVariable,
      removeWith: removalOf,
    });
    return Promise.resolve(found);
  }

  /** @throws UNAVAILABLE when the manager reads a file other than the one written */
  async #assertRead(): Promise<void> {
    const unit = this.#units.service;
    const own = join(this.#directory, unit);
    const read = (await this.#systemctl(['show', unit, '--property=FragmentPath', '--value'])).trim();
    if (read === own || (read !== '' && realpathSync(read) === realpathSync(own))) return;
    throw new GatewayError('UNAVAILABLE', {
      message: `systemd does not read ${own}; for ${unit} it uses ${read === '' ? 'no file' : read}`,
      details: { written: own, read },
      hint:
        read === ''
          ? 'Show its search path with: systemctl --user show --property=UnitPath   Then set XDG_CONFIG_HOME to match, and install again.'
          : `Remove ${read}, then install again.`,
    });
  }

  #has(unit: string): boolean {
    return statSync(join(this.#directory, unit), { throwIfNoEntry: false }) !== undefined;
  }

  async #stop(unit: string): Promise<void> {
    const args = ['stop', unit];
    const result = await this.#run('systemctl', ['--user', ...args], { timeoutMs: STOP_TIMEOUT_MS });
    if (result.code !== 0 && result.code !== NOT_LOADED) throw this.#failed(args, result);
  }

  /** Disables a unit and removes its file, if it exists. */
  async #forget(unit: string): Promise<void> {
    if (!this.#has(unit)) return;
    await this.#run('systemctl', ['--user', 'disable', '--quiet', unit]);
    rmSync(join(this.#directory, unit), { force: true });
  }

  /** @throws UNAVAILABLE with systemd's own message */
  async #systemctl(args: readonly string[]): Promise<string> {
    const result = await this.#run('systemctl', ['--user', ...args], { timeoutMs: STOP_TIMEOUT_MS });
    if (result.code !== 0) throw this.#failed(args, result);
    return result.stdout;
  }

  #failed(args: readonly string[], result: ToolResult): GatewayError {
    const command = ['systemctl --user', ...args].join(' ');
    const hint =
      result.code === null
        ? 'The service needs systemd; without it, run: xopc gateway start'
        : `Show the cause with: ${shellCommand`journalctl --user -u ${this.name} -n 20`}`;
    return toolFailed(command, result, { details: { command, exitCode: result.code }, hint });
  }
}
