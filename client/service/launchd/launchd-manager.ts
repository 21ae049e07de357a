/** launchd, controlled through `launchctl` (launchctl(1), "SUBCOMMANDS" of macOS 10.11 and later). */
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { GatewayError } from '../../../shared/errors.js';
import { shellCommand } from '../../../shared/text/shell-word.js';
import { BasicManager } from '../manager/basic-manager.js';
import { chooseName, findOthers } from '../manager/other-units.js';
import { makeRunTool, type RunTool } from '../manager/run-tool.js';
import type { OtherService, ServiceManager, ServiceState, ServiceTarget } from '../manager/service-manager.js';
import { errorLogPath, type ServiceFile, type ServicePlan } from '../plan/service-plan.js';
import { launchdFiles, plistName, plistVariable } from './plist.js';

/** `bootstrap` fails with 5 (EIO) while an earlier `bootout` is in progress. */
const BOOTSTRAP_ATTEMPTS = 20;
const BOOTSTRAP_PAUSE_MS = 250;
/** Exit codes of `bootout`: done, no such process, in progress, not found. */
const UNLOADED: readonly (number | null)[] = [0, 3, 36, 113];
const LAST_WORDS = 5;
/** `xopc gateway` or `xopc gateway start` as words of their own or in the command of a shell, not another command of `gateway`. */
const STARTS_GATEWAY =
  /<string>[^<]*\bxopc\b(?:[^<]*<\/string>[\s\S]*<string>gateway<\/string>(?!\s*<string>(?!start<)[a-z])|[^<]*[\s"';]gateway\b(?![ \t]+(?!start\b)[a-z]))/;

/** Parses the output of `launchctl print`; `undefined` when the service is not loaded. */
export function parseLaunchctlPrint(output: string | undefined): ServiceState {
  const field = (name: string): string | undefined => new RegExp(`^\\s*${name} = (.+)$`, 'm').exec(output ?? '')?.[1];
  const number = (text: string | undefined): number | null => (text !== undefined && /^\d+/.test(text) ? Number.parseInt(text, 10) : null);
  const state = field('state');
  return {
    isRegistered: output !== undefined,
    isEnabled: output !== undefined,
    activity: state === undefined ? 'inactive' : state === 'running' ? 'active' : state === 'spawn scheduled' ? 'restarting' : 'inactive',
    pid: number(field('pid')),
    // `runs` includes the first start.
    restarts: output === undefined ? null : Math.max(0, (number(field('runs')) ?? 1) - 1),
    lastExitCode: number(field('last exit code')),
    description: state ?? 'not loaded',
  };
}

export class LaunchdManager extends BasicManager implements ServiceManager {
  readonly marker = 'launchd';
  readonly title = 'launchd';
  readonly #target: ServiceTarget;
  readonly #uid: number;
  readonly #directory: string;

  constructor(target: ServiceTarget, options: { run?: RunTool; directory?: string; uid?: number } = {}) {
    super(options.run ?? makeRunTool(), { command: 'launchctl', hint: 'See it with: xopc gateway service-status' });
    this.#target = target;
    this.#uid = options.uid ?? userInfo().uid;
    this.#directory = options.directory ?? join(userInfo().homedir, 'Library', 'LaunchAgents');
  }

  get name(): string {
    return chooseName(this.#target, (name) => join(this.#directory, plistName(name)), plistVariable);
  }

  get #plistPath(): string {
    return join(this.#directory, plistName(this.name));
  }

  get #errorLog(): string {
    return errorLogPath(this.#target.directory);
  }

  async assertAvailable(): Promise<void> {
    await this.#domain();
  }

  files(plan: ServicePlan): ServiceFile[] {
    return launchdFiles(plan, this.#directory);
  }

  filePaths(): string[] {
    return [this.#plistPath];
  }

  async state(): Promise<ServiceState> {
    const state = await this.#print();
    const isEnabled = existsSync(this.#plistPath);
    // A service that is unloaded is loaded at the next login.
    return { ...state, isRegistered: state.isRegistered || isEnabled, isEnabled };
  }

  /** launchd reads a plist only at `bootstrap`, so a loaded service is unloaded first. */
  async activate(): Promise<void> {
    await this.run('bootout', await this.#serviceTarget());
    await this.#bootstrap();
  }

  async start(): Promise<void> {
    if (!(await this.#print()).isRegistered) return this.#bootstrap();
    await this.call('kickstart', await this.#serviceTarget());
  }

  /** Unloads a service that crashes again and again: one that is only killed is started again, as after each exit but 0. */
  async confirmStopped(): Promise<void> {
    if ((await this.#print()).activity === 'inactive') return;
    const args = ['bootout', await this.#serviceTarget()];
    const result = await this.run(...args);
    if (!UNLOADED.includes(result.code)) throw this.failed(args, result);
  }

  async remove(): Promise<void> {
    await this.run('bootout', await this.#serviceTarget());
    for (const path of [...this.filePaths(), this.#errorLog]) rmSync(path, { force: true });
  }

  override lastWords(): Promise<string[]> {
    if (!existsSync(this.#errorLog)) return Promise.resolve([]);
    return Promise.resolve(readFileSync(this.#errorLog, 'utf8').trimEnd().split('\n').slice(-LAST_WORDS));
  }

  others(): Promise<OtherService[]> {
    const places = [
      { directory: this.#directory, scope: 'user' as const },
      { directory: '/Library/LaunchAgents', scope: 'system' as const },
      { directory: '/Library/LaunchDaemons', scope: 'system' as const },
    ];
    const found = findOthers(places, {
      suffix: '.plist',
      own: this.filePaths(),
      command: STARTS_GATEWAY,
      variable: plistVariable,
      removeWith: (_name, scope, path) => {
        return scope === 'user'
          ? shellCommand`launchctl bootout ${`gui/${this.#uid}`} ${path}; rm -f ${path}`
          : shellCommand`sudo launchctl bootout system ${path}; sudo rm -f ${path}`;
      },
    });
    return Promise.resolve(found);
  }

  /** Returns the state of what is loaded. */
  async #print(): Promise<ServiceState> {
    const { code, stdout } = await this.run('print', await this.#serviceTarget());
    return parseLaunchctlPrint(code === 0 ? stdout : undefined);
  }

  async #bootstrap(): Promise<void> {
    const domain = await this.#domain();
    // `disable` outlives a bootout, and a disabled service cannot be bootstrapped.
    await this.run('enable', `${domain}/${this.name}`);
    const args = ['bootstrap', domain, this.#plistPath];
    for (let attempt = 1; ; attempt += 1) {
      const result = await this.run(...args);
      // 37: already loaded.
      if (result.code === 0 || result.code === 37) return;
      if (attempt === BOOTSTRAP_ATTEMPTS) throw this.failed(args, result);
      await delay(BOOTSTRAP_PAUSE_MS);
    }
  }

  /** The desktop session if there is one; over ssh only `user` exists. */
  async #domain(): Promise<string> {
    for (const domain of [`gui/${this.#uid}`, `user/${this.#uid}`]) {
      if ((await this.run('print', domain)).code === 0) return domain;
    }
    throw new GatewayError('UNAVAILABLE', {
      message: `launchd has no session for user id ${this.#uid}`,
      hint: 'Log in on the desktop once, or run the gateway in the background: xopc gateway start',
    });
  }

  async #serviceTarget(): Promise<string> {
    return `${await this.#domain()}/${this.name}`;
  }
}
