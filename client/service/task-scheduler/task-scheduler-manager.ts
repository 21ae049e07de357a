/**
 * The Windows Task Scheduler, controlled through `schtasks.exe`. Its output is localized and its task states lag behind, so only exit codes
 * are read; the control pipe shows whether the gateway runs.
 */
import { rmSync } from 'node:fs';
import { userInfo } from 'node:os';
import { win32 } from 'node:path';
import { environmentValue } from '../../../shared/node/process/env.js';
import { BasicManager } from '../manager/basic-manager.js';
import { makeRunTool, type RunTool } from '../manager/run-tool.js';
import type { OtherService, ServiceManager, ServiceState, ServiceTarget } from '../manager/service-manager.js';
import { SERVICE_NAMES } from '../plan/service-name.js';
import type { ServiceFile, ServicePlan } from '../plan/service-plan.js';
import { taskFiles } from './task-xml.js';

function currentUser(): string {
  const domain = environmentValue('USERDOMAIN');
  const { username } = userInfo();
  return domain === undefined ? username : `${domain}\\${username}`;
}

/** What to do when schtasks.exe fails. */
const HINT = 'Try it in a terminal that runs as administrator, or run the gateway in the background: xopc gateway start';
const LIST = ['/Query', '/FO', 'CSV', '/NH'];

export class TaskSchedulerManager extends BasicManager implements ServiceManager {
  readonly marker = 'schtasks';
  readonly title = 'the Task Scheduler';
  readonly name: string;
  readonly #userId: string;
  readonly #xmlPath: string;

  constructor({ names, directory }: ServiceTarget, options: { run?: RunTool; userId?: string } = {}) {
    super(options.run ?? makeRunTool(), { command: 'schtasks.exe', hint: HINT });
    this.#userId = options.userId ?? currentUser();
    this.name = names.name;
    this.#xmlPath = win32.join(directory, 'task.xml');
  }

  async assertAvailable(): Promise<void> {
    const result = await this.run(...LIST);
    if (result.code !== 0) throw this.failed(['/Query'], result);
  }

  files(plan: ServicePlan): ServiceFile[] {
    return taskFiles(plan, this.#userId);
  }

  filePaths(): string[] {
    return [this.#xmlPath];
  }

  async state(): Promise<ServiceState> {
    const { code } = await this.run('/Query', '/TN', this.name);
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
    await this.run('/End', '/TN', this.name);
    await this.call('/Create', '/TN', this.name, '/XML', this.#xmlPath, '/F');
    await this.start();
  }

  async start(): Promise<void> {
    await this.call('/Run', '/TN', this.name);
  }

  async confirmStopped(): Promise<void> {
    await this.run('/End', '/TN', this.name);
  }

  async remove(): Promise<void> {
    await this.confirmStopped();
    if ((await this.state()).isRegistered) await this.call('/Delete', '/TN', this.name, '/F');
    rmSync(this.#xmlPath, { force: true });
  }

  /** The first column of the list is the task's path, in every language. */
  async others(): Promise<OtherService[]> {
    const { code, stdout } = await this.run(...LIST);
    const paths = code === 0 ? [...stdout.matchAll(/^"([^"]+)"/gm)].map((match) => match[1] ?? '') : [];
    return (
      [...new Set(paths)]
        // A name that we give belongs to one gateway.
        .filter((path) => /xopc/i.test(path) && !SERVICE_NAMES.test(path.replace('\\', '')))
        .map((path) => ({ path, scope: 'user', gateway: null, removeWith: `schtasks /Delete /TN "${path}"` }))
    );
  }
}
