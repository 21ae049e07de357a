/**
 * The Windows Task Scheduler, by `schtasks.exe`. Its texts are translated and its task states lag behind: only exit codes
 * are read here, and whether the gateway runs is for its control pipe to tell.
 */
import { rmSync } from 'node:fs';
import { userInfo } from 'node:os';
import { win32 } from 'node:path';
import { GatewayError } from '../../../shared/errors.js';
import { environmentValue } from '../../../shared/node/process/env.js';
import { makeRunTool, type RunTool, toolMessage } from '../run-tool.js';
import type { OtherService, ServiceConcern, ServiceManager, ServiceState } from '../service-manager.js';
import { type Sandbox, SERVICE_NAME, type ServiceFile, type ServicePlan } from '../service-plan.js';
import { taskFiles } from './task-xml.js';

function currentUser(): string {
  const domain = environmentValue('USERDOMAIN');
  const { username } = userInfo();
  return domain === undefined ? username : `${domain}\\${username}`;
}

export class TaskSchedulerManager implements ServiceManager {
  readonly marker = 'schtasks';
  readonly title = 'the Task Scheduler';
  readonly supportsSocket = false;
  readonly #run: RunTool;
  readonly #userId: string;
  readonly #xmlPath: string;

  /** @param options.home  the gateway's */
  constructor(options: { home: string; run?: RunTool; userId?: string }) {
    this.#run = options.run ?? makeRunTool({});
    this.#userId = options.userId ?? currentUser();
    this.#xmlPath = win32.join(options.home, 'service', 'task.xml');
  }

  async assertAvailable(): Promise<void> {
    const result = await this.#run('schtasks.exe', ['/Query', '/FO', 'CSV', '/NH']);
    if (result.code !== 0) throw failed(['/Query'], toolMessage(result));
  }

  probeSandbox(): Promise<Sandbox> {
    return Promise.resolve('basic');
  }

  files(plan: ServicePlan): ServiceFile[] {
    return taskFiles(plan, this.#userId);
  }

  filePaths(): string[] {
    return [this.#xmlPath];
  }

  async state(): Promise<ServiceState> {
    const { code } = await this.#run('schtasks.exe', ['/Query', '/TN', SERVICE_NAME]);
    const isRegistered = code === 0;
    return {
      isRegistered,
      isEnabled: isRegistered,
      activity: isRegistered ? 'unknown' : 'inactive',
      pid: null,
      restarts: null,
      lastExitCode: null,
      description: isRegistered ? 'registered' : 'not registered',
    };
  }

  async activate(): Promise<void> {
    await this.#run('schtasks.exe', ['/End', '/TN', SERVICE_NAME]);
    await this.#schtasks(['/Create', '/TN', SERVICE_NAME, '/XML', this.#xmlPath, '/F']);
    await this.start();
  }

  async start(): Promise<void> {
    await this.#schtasks(['/Run', '/TN', SERVICE_NAME]);
  }

  suspend(): Promise<void> {
    // The launcher ends with the gateway's exit code 0.
    return Promise.resolve();
  }

  async confirmStopped(): Promise<void> {
    await this.#run('schtasks.exe', ['/End', '/TN', SERVICE_NAME]);
  }

  async remove(): Promise<void> {
    await this.confirmStopped();
    if ((await this.state()).isRegistered) await this.#schtasks(['/Delete', '/TN', SERVICE_NAME, '/F']);
    rmSync(this.#xmlPath, { force: true });
  }

  lastWords(): Promise<string[]> {
    return Promise.resolve([]);
  }

  concerns(): Promise<ServiceConcern[]> {
    return Promise.resolve([]);
  }

  undoRepair(): Promise<string | undefined> {
    return Promise.resolve(undefined);
  }

  /** The first column of the list is the task's path, in every language. */
  async others(): Promise<OtherService[]> {
    const { code, stdout } = await this.#run('schtasks.exe', ['/Query', '/FO', 'CSV', '/NH']);
    const paths = code === 0 ? [...stdout.matchAll(/^"([^"]+)"/gm)].map((match) => match[1] ?? '') : [];
    return [...new Set(paths)]
      .filter((path) => /xopc/i.test(path) && path !== `\\${SERVICE_NAME}`)
      .map((path) => ({ path, scope: 'user', home: null, removeWith: `schtasks /Delete /TN "${path}"` }));
  }

  async #schtasks(args: readonly string[]): Promise<void> {
    const result = await this.#run('schtasks.exe', args);
    if (result.code !== 0) throw failed(args, toolMessage(result));
  }
}

function failed(args: readonly string[], reason: string): GatewayError {
  return new GatewayError('UNAVAILABLE', {
    message: `'schtasks ${args.join(' ')}' failed: ${reason}`,
    hint: 'Try it in a terminal that runs as administrator, or run the gateway in the background: xopc gateway start',
  });
}
