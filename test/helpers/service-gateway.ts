/** A gateway that is to be installed as a service inside a {@link SystemdMachine}: a home, a port, the command line. */
import { mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { serviceNames } from '../../client/service/plan/service-name.js';
import type { StatusDocument } from '../../shared/api/gateway/status.js';
import { resolvePaths } from '../../shared/node/process/paths.js';
import { freePort } from './free-port.js';
import { until } from './real-gateway.js';
import type { InsideOutcome, SystemdMachine } from './systemd-machine.js';

interface Options {
  readonly homeName?: string;
  readonly command?: string;
  /** An existing home, and a configuration in it. */
  readonly home?: string;
  readonly configName?: string;
}

export class ServiceGateway {
  readonly machine: SystemdMachine;
  readonly home: string;
  readonly port: number;
  /** A configuration other than the home's. */
  readonly configPath: string | null;
  readonly #command: string;

  private constructor(machine: SystemdMachine, port: number, options: Options) {
    this.machine = machine;
    this.port = port;
    this.home = options.home ?? join(mkdtempSync(join(machine.directory, 'h-')), options.homeName ?? 'home');
    this.configPath = options.configName === undefined ? null : join(this.home, options.configName);
    this.#command = options.command ?? join(machine.packageDirectory, 'bin', 'xopc');
  }

  /** Nothing is installed yet; at the end of the test nothing is any more. */
  static async create(machine: SystemdMachine, options: Options = {}): Promise<ServiceGateway> {
    const gateway = new ServiceGateway(machine, await freePort(), options);
    onTestFinished(async () => {
      await gateway.xopc('gateway', 'uninstall', '--force');
      await gateway.xopc('gateway', 'stop', '--force');
    });
    return gateway;
  }

  /** The same gateway, asked by the command line of another package. */
  static at(gateway: ServiceGateway, command: string): ServiceGateway {
    return new ServiceGateway(gateway.machine, gateway.port, { command, home: gateway.home });
  }

  /** Of the service, unless it was installed by an earlier version. */
  get name(): string {
    return serviceNames(this).name;
  }

  get unit(): string {
    return `${this.name}.service`;
  }

  get unitPath(): string {
    return join(this.machine.unitDirectory, this.unit);
  }

  get socketUnit(): string {
    return `${this.name}.socket`;
  }

  /** One property of its unit. */
  property(name: string): Promise<string> {
    return this.machine.property(name, this.unit);
  }

  get dataDir(): string {
    return resolvePaths({ home: this.home, configPath: this.configPath ?? undefined, runtimeDir: this.home }).dataDir;
  }

  get launcherPath(): string {
    return join(this.dataDir, 'service', 'launch');
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  get #environment(): Record<string, string> {
    return { XOPC_HOME: this.home, ...(this.configPath === null ? {} : { XOPC_CONFIG: this.configPath }) };
  }

  xopc(...args: string[]): Promise<InsideOutcome> {
    return this.machine.run(this.#command, args, this.#environment);
  }

  /** @throws unless it exits with 0 */
  xopcOk(...args: string[]): Promise<string> {
    return this.machine.ok(this.#command, args, this.#environment);
  }

  /** A foreground gateway without the service; its outcome when it has ended. */
  runByHand(...args: string[]): Promise<InsideOutcome> {
    return this.machine.run(this.#command, ['gateway', ...args], this.#environment);
  }

  async install(...options: string[]): Promise<{ pid: number; instanceId: string; port: number; changed: boolean }> {
    const stdout = await this.xopcOk('gateway', 'install', '--json', '--port', String(this.port), '--host', '127.0.0.1', ...options);
    return JSON.parse(stdout) as { pid: number; instanceId: string; port: number; changed: boolean };
  }

  async status(): Promise<StatusDocument> {
    return JSON.parse(await this.xopcOk('gateway', 'status', '--json')) as StatusDocument;
  }

  /** The status once another supervisor than this one serves. */
  async untilReplaced(instanceId: string): Promise<StatusDocument> {
    return until('another supervisor', async () => {
      const { code, stdout } = await this.xopc('gateway', 'status', '--json');
      const status = code === 0 ? (JSON.parse(stdout) as StatusDocument) : undefined;
      return status !== undefined && status.instanceId !== instanceId && status.ready && status;
    });
  }

  /** Whether something answers on the port. */
  answers(port = this.port): Promise<boolean> {
    return fetch(`http://127.0.0.1:${port}/health`, { headers: { Connection: 'close' } }).then(
      (answer) => answer.ok,
      () => false,
    );
  }
}
