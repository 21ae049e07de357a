import { existsSync } from 'node:fs';
import { Command, Option } from 'clipanion';
import { GatewayError, type Problem } from '../../../shared/errors.js';
import type { SupervisorOptions } from '../../../shared/node/process/entry.js';
import { parsePort } from '../../../shared/node/process/env.js';
import { definedFields } from '../../../shared/fields.js';
import { BaseCommand } from '../../cli/base-command.js';
import type { LogView } from '../../gateway/log-view.js';
import { isFirstStart, makeWelcome, renderWelcome } from '../../gateway/first-start.js';
import { requireGateway } from '../../gateway/locate-gateway.js';
import { linkCommand } from '../../cli/command-name.js';
import { parseHost, parseToken, requireNamedConfig } from '../../cli/parse-options.js';
import { type InstallRecord, recordOf } from '../../service/files/install-record.js';
import { exitCodeForManager } from '../../service/plan/service-plan.js';
import type { Takeover } from '../../gateway/force-start.js';
import { checkStart, type StartChecks } from '../../gateway/start-checks.js';
import { warningBlock } from '../../output/status-text.js';
import type { StartedGateway } from '../../gateway/start-supervisor.js';

type Flags = SupervisorOptions['flags'];

function takeoverDocument({ succession, pid, workerPid }: Takeover): object {
  return { started: true, takeover: succession, pid, workerPid };
}

export class RunCommand extends BaseCommand {
  static override readonly usage = Command.Usage({
    category: 'Gateway',
    description: 'Start the gateway.',
    details: `
      Runs in the foreground until Ctrl-C; with --background, and as \`xopc gateway start\`, it runs detached and the command returns once it is ready; an installed service is started instead, unless an option makes this run differ. One gateway runs per configuration: a second start fails and names the first. With --force, a gateway that answers is replaced without downtime, one that does not answer is ended, and so is any other process of yours that listens on the port.
    `,
    examples: [
      ['In the foreground', 'xopc gateway'],
      ['In the background', 'xopc gateway start'],
      ['On another port, only for this machine', 'xopc gateway --port 8080 --host 127.0.0.1'],
    ],
  });

  readonly port = Option.String('-p,--port', { description: 'Port to listen on, instead of `gateway.port` (18790).' });
  readonly host = Option.String('--host', { description: 'Address to listen on, instead of `gateway.host` (0.0.0.0).' });
  readonly token = Option.String('--token', {
    description: 'Token for this run. Others on this machine may see it; XOPC_GATEWAY_TOKEN is better.',
  });
  readonly force = Option.Boolean('-f,--force', false, {
    description: 'Take over from whatever runs for this configuration or listens on the port.',
  });
  readonly background = Option.Boolean('-b,--background', false, {
    description: 'Run in the background; return once the gateway is ready.',
  });

  /** Problems of the edited configuration if this start uses the last good one instead. */
  #rejected: readonly Problem[] = [];

  override async execute(): Promise<number> {
    return exitCodeForManager(this.#serviceMarker, await super.execute());
  }

  get #serviceMarker(): string | undefined {
    return this.context.runtime.environmentValue('XOPC_SERVICE_MARKER');
  }

  protected async run(): Promise<number> {
    const flags = this.#flags();
    const { lockPath } = this.io.gatewayPaths;
    if (existsSync(lockPath)) this.#rejected = await this.context.runtime.loadTools().problemsAfterCrash(this.io.gatewayPaths);
    const checks = this.#checks(flags);
    // A service never calls its own API: a request left in systemd's socket when the service stops would start it again.
    const isFirst = this.#serviceMarker === undefined && isFirstStart(this.io.gatewayPaths);
    if (this.force) {
      const { configPath: _, ...request } = flags;
      const { runtime } = this.context;
      const tools = runtime.loadTools();
      const takeover = await tools.forceStart(checks, request);
      if (takeover !== undefined) {
        if (!takeover.isService) await tools.noteVariables(this.io, runtime);
        return this.#isBackground ? this.#reportTakeover(takeover) : this.#attach(takeover);
      }
    } else {
      const taken = await checkStart(checks);
      if (taken !== undefined) await this.context.runtime.loadTools().refuseTakenPort(checks, taken);
    }
    try {
      return this.#isBackground ? await this.#runInBackground(flags, isFirst) : await this.#runInForeground(flags, isFirst);
    } catch (error) {
      throw await this.#nameOwner(error, checks);
    }
  }

  get #isBackground(): boolean {
    return this.background || this.path.includes('start');
  }

  #flags(): Flags {
    return definedFields({
      host: parseHost(this.host),
      token: parseToken(this.token),
      port: this.port === undefined ? undefined : parsePort(this.port, '--port'),
      configPath: requireNamedConfig(this.config, this.io.gatewayPaths),
    });
  }

  #checks(flags: Flags): StartChecks {
    const { environment, gatewayPaths: paths } = this.io;
    const source = { configPath: this.#rejected.length === 0 ? paths.configPath : paths.lastGoodConfigPath };
    const service = this.#serviceToStart(flags)?.plan;
    return {
      paths,
      rejected: this.#rejected,
      async listen() {
        const { readListenSettings, readServiceListen } = await import('../../gateway/gateway-settings.js');
        return service === undefined ? readListenSettings(source, environment, flags) : readServiceListen(service, source);
      },
      givenHost: flags.host,
      service,
      // systemd may hold the port of the service.
      isSocketPassed: environment.listenFds > 0 || (service?.socket ?? null) !== null,
      note: (text) => this.io.note(text),
    };
  }

  /** Adds the owner of the port to the error of a start that found it taken after the checks. */
  async #nameOwner(error: unknown, checks: StartChecks): Promise<unknown> {
    if (!(error instanceof GatewayError) || error.code !== 'PORT_TAKEN' || error.details?.['owners'] !== undefined) return error;
    const taken = { listen: await checks.listen(), dead: undefined };
    return this.context.runtime
      .loadTools()
      .refuseTakenPort(checks, taken)
      .then(
        () => error,
        (named: unknown) => named,
      );
  }

  #reportTakeover(takeover: Takeover): Promise<number> {
    return this.printResult(takeoverDocument(takeover), `Gateway taken over; it continues in the background (pid ${takeover.pid}).`);
  }

  /** After a takeover, stays attached to the gateway like a foreground start; if a service runs the gateway, only watches it. */
  async #attach(takeover: Takeover): Promise<number> {
    const { io } = this;
    const { gatewayPaths: paths } = io;
    const tools = this.context.runtime.loadTools();
    const end = takeover.isService ? 'it is a service; Ctrl-C detaches and leaves it running' : 'Ctrl-C stops it';
    const view = await this.#startLogView();
    try {
      return await tools.attachGateway({
        paths,
        note: (text) => io.note(text),
        announce: async () => {
          if (this.json) await io.printJson(takeoverDocument(takeover));
          else await io.note(`Gateway taken over (pid ${takeover.pid}); ${end}.`);
          view?.show();
        },
        onSignal: (listener) => this.#onStopSignals(listener),
        awaitNext: takeover.isService ? (previousInstanceId) => tools.awaitServiceManager(paths, previousInstanceId) : undefined,
      });
    } finally {
      await view?.end();
    }
  }

  /** As for a gateway in the foreground: closing its own terminal stops it, closing any other does not. */
  #onStopSignals(listener: () => void): void {
    const { runtime } = this.context;
    runtime.onInterrupt(listener, ['SIGINT', 'SIGTERM', 'SIGQUIT']);
    runtime.onInterrupt(this.io.out.isTerminal ? listener : () => undefined, ['SIGHUP']);
  }

  async #startLogView(): Promise<LogView | undefined> {
    if (!this.io.out.isTerminal || this.json) return undefined;
    return (await import('../../gateway/log-view.js')).startLogView(this.io.gatewayPaths);
  }

  async #runInBackground(flags: Flags, isFirst: boolean): Promise<number> {
    await this.#announce(await this.#start(flags), isFirst);
    return 0;
  }

  /** The installed service, if this run starts it: in the background, without an option that makes it differ. */
  #serviceToStart({ configPath: _, ...ownFlags }: Flags): InstallRecord | undefined {
    return this.#isBackground && Object.keys(ownFlags).length === 0 ? recordOf(this.io.gatewayPaths) : undefined;
  }

  async #start(flags: Flags): Promise<Omit<StartedGateway, 'ok'>> {
    const { gatewayPaths: paths, environment } = this.io;
    const tools = this.context.runtime.loadTools();
    const rejected = this.#rejected;
    const service = this.#serviceToStart(flags)?.plan;
    if (service === undefined) return tools.startSupervisor({ flags, rejected });
    const obstacle = await tools.findServiceObstacle(paths);
    if (obstacle === undefined)
      return tools.startAgain({ paths, environment, configPath: flags.configPath, before: undefined, isService: true });
    await this.io.note(`The service cannot be started, so the gateway runs without it: ${obstacle}`);
    // Clients look for it where the service listens.
    const address = definedFields({ port: service.port ?? undefined, host: service.host ?? undefined });
    return tools.startSupervisor({ flags: { ...address, ...flags }, rejected, ignoresAddress: true });
  }

  async #runInForeground(flags: Flags, isFirst: boolean): Promise<number> {
    const { runtime } = this.context;
    const view = await this.#startLogView();
    try {
      return await runtime.loadSupervisor().runSupervisor({
        environment: this.io.environment,
        flags,
        rejected: this.#rejected,
        foreground: true,
        onRunning: (info) =>
          void this.#announce({ ...info, pid: process.pid }, isFirst)
            .catch((error: unknown) => this.io.note(String(error)))
            .finally(() => view?.show()),
        onSucceeded: (pid) => void this.io.note(`The gateway continues in the background (pid ${pid}).`),
      });
    } finally {
      await view?.end();
    }
  }

  /** Prints to stdout for a background start or on a terminal; a foreground gateway without a terminal prints to stderr. */
  async #announce(started: Omit<StartedGateway, 'ok'>, isFirst: boolean): Promise<void> {
    const { status } = await requireGateway(this.io.gatewayPaths);
    const { pid, instanceId, host, port } = started;
    const url = status.urls[0] ?? `http://localhost:${port}`;
    const { warnings } = status;
    if (this.json) return this.io.printJson({ started: true, pid, instanceId, host, port, url, warnings });
    const lines = [`✅ Gateway is running (pid ${pid})`, `   URL: ${url}`, ...warningBlock(status, this.io.out.paint)];
    if (isFirst) lines.push(...renderWelcome(await makeWelcome(url, await this.connect(), this.io.out)));
    const link = isFirst && this.io.out.isTerminal ? linkCommand(this.context.runtime.invocation()) : undefined;
    if (link !== undefined) lines.push(`   ${link}   # Make xopc a command of your shell`);
    const isResult = this.io.out.isTerminal || this.background || this.path.includes('start');
    for (const line of lines) await (isResult ? this.io.printLine(this.io.asCalled(line)) : this.io.note(line));
  }
}
