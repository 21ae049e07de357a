import { Command, Option } from 'clipanion';
import { parsePort } from '../../../shared/node/process/env.js';
import { claimPaths } from '../../../shared/node/process/claim-paths.js';
import { findDataDir } from '../../../shared/node/process/data-owner.js';
import { withDataDir } from '../../../shared/node/process/paths.js';
import { BaseCommand } from '../../cli/base-command.js';
import { readListenSettings, readGivenToken } from '../../gateway/gateway-settings.js';
import { parseHost, parseToken, requireNamedConfig } from '../../cli/parse-options.js';
import { chooseManager } from '../../service/manager/choose-manager.js';
import { recordOf, serviceEnvPath } from '../../service/files/install-record.js';
import { type FileChange, withDifference } from '../../service/files/file-changes.js';
import {
  install,
  type Installation,
  type InstallPreview,
  type InstallResult,
  previewInstall,
  storeToken,
} from '../../service/install-service.js';
import { type InstallOptions, makePlan, plannedFiles } from '../../service/plan/make-plan.js';
import { shellOnlyVariables } from '../../service/plan/shell-variables.js';
import type { ServiceManager } from '../../service/manager/service-manager.js';
import type { ServiceRuntime } from '../../service/plan/service-plan.js';
import { usage } from '../../cli/usage.js';

const RUNTIMES: readonly ServiceRuntime[] = ['node', 'binary'];

function parseRuntime(text: string | undefined): ServiceRuntime | undefined {
  if (text === undefined) return undefined;
  const runtime = RUNTIMES.find((known) => known === text);
  if (runtime !== undefined) return runtime;
  throw usage(`--runtime is '${text}'; it must be node or binary`, 'e.g. --runtime node');
}

/** A service needs a fixed port; 0 would mean another port at each start. */
function parseServicePort(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const port = parsePort(text, '--port');
  if (port === 0) throw usage('--port is 0; it must be a whole number from 1 to 65535', 'e.g. --port 18790');
  return port;
}

const CHANGE_WORDS: Readonly<Record<FileChange['current'], string>> = {
  absent: 'would be written',
  same: 'would stay unchanged',
  outdated: 'would be updated',
  edited: 'was edited by hand and would be overwritten',
  foreign: 'was not written by xopc and would be overwritten',
};

export class InstallCommand extends BaseCommand {
  static override readonly usage = Command.Usage({
    category: 'Service',
    description: 'Install the gateway as a service of this user, and start it.',
    details: `
      A systemd user unit on Linux, a LaunchAgent on macOS, a task of the Task Scheduler on Windows. Installing again updates an installation; manual edits are shown and kept, unless --force is given. A manually started gateway is stopped, and the service replaces it.
    `,
    examples: [
      ['Install and start', 'xopc gateway install'],
      ['On another port', 'xopc gateway install --port 8080'],
      ['With systemd holding the port, so that not even an upgrade refuses a connection', 'xopc gateway install --socket'],
      ['See the files first', 'xopc gateway install --print'],
    ],
  });

  readonly port = Option.String('-p,--port', { description: 'Port to listen on, instead of `gateway.port` (18790).' });
  readonly host = Option.String('--host', { description: 'Address to listen on, instead of `gateway.host` (0.0.0.0).' });
  readonly token = Option.String('--token', { description: 'Token, stored in `credentials/token`; never in a unit or on a command line.' });
  readonly socket = Option.Boolean('--socket', false, { description: 'Socket activation: systemd listens and passes the socket.' });
  readonly runtime = Option.String('--runtime', {
    description: '`node` or `binary` (npm run build:binary); default: what runs this command.',
  });
  readonly print = Option.Boolean('--print', false, { description: 'Print the files without changing anything.' });
  readonly dryRun = Option.Boolean('--dry-run', false, {
    description: 'Show what would be done, with the differences, without changing anything.',
  });
  readonly force = Option.Boolean('-f,--force', false, {
    description: 'Overwrite hand-edited files; install even if another service starts a gateway.',
  });

  protected async run(): Promise<number> {
    // The commands that repeat an installation name its configuration, whose file may be missing.
    if (recordOf(this.io.gatewayPaths) === undefined) requireNamedConfig(this.config, this.io.gatewayPaths);
    const token = parseToken(this.token);
    const options = this.#options();
    const manager = chooseManager(this.io.gatewayPaths);
    if (this.print) return this.#print(this.#installation(manager, { ...options, sandbox: 'full' }, token));
    await manager.assertAvailable();
    const installation = this.#installation(manager, { ...options, sandbox: await manager.probeSandbox() }, token);
    const preview = await this.#preview(installation);
    if (preview === 'moved') return this.run();
    if (this.dryRun) return this.#reportDryRun(installation, preview);
    this.io.gatewayPaths = claimPaths(this.io.gatewayPaths);
    const { gatewayPaths: paths } = this.io;
    // Another configuration has claimed the home meanwhile.
    if (paths.dataDir !== installation.paths.dataDir) return this.run();
    if (token !== undefined) await storeToken(paths, token);
    await this.#noteEnvironment(token);
    return this.#report(installation, await install(installation, preview));
  }

  /** @returns `moved` if another configuration has claimed the home in the meantime, so that the refusal concerns its files */
  async #preview(installation: Installation): Promise<InstallPreview | 'moved'> {
    try {
      return await withDifference(previewInstall(installation), 'what install would write', (text) => this.io.note(text));
    } catch (error) {
      const dataDir = findDataDir(installation.paths);
      if (dataDir === installation.paths.dataDir) throw error;
      this.io.gatewayPaths = withDataDir(installation.paths, dataDir);
      return 'moved';
    }
  }

  #options(): Omit<InstallOptions, 'sandbox'> {
    return {
      port: parseServicePort(this.port),
      host: parseHost(this.host),
      socket: this.socket,
      runtime: parseRuntime(this.runtime),
    };
  }

  #installation(manager: ServiceManager, options: InstallOptions, token: string | undefined): Installation {
    const { gatewayPaths: paths, environment } = this.io;
    const plan = makePlan(options, { paths, environment, manager });
    const listen = readListenSettings(paths, environment, {
      ...(plan.port === null ? {} : { port: plan.port }),
      ...(plan.host === null ? {} : { host: plan.host }),
    });
    return { paths, manager, plan, listen, token, force: this.force, note: (text) => this.io.note(text) };
  }

  async #print({ plan, manager }: Installation): Promise<number> {
    const files = plannedFiles(plan, manager);
    if (this.json) await this.io.printJson({ files: files.map(({ path, text }) => ({ path, text })) });
    else for (const { path, text } of files) await this.printForeign(`==> ${path} <==\n${text}`);
    return 0;
  }

  async #reportDryRun({ manager }: Installation, { changes, isDone, replacesPid }: InstallPreview): Promise<number> {
    const files = changes.map(({ file, current, diff }) => ({ path: file.path, current, diff }));
    if (this.json) {
      await this.io.printJson({ dryRun: true, manager: manager.marker, isDone, files, replacesPid: replacesPid ?? null });
      return 0;
    }
    for (const { path, current, diff } of files) {
      await this.io.printLine(`${path} ${CHANGE_WORDS[current]}`);
      if (diff.length > 0) await this.printForeign(diff.map((line) => `  ${line}`).join('\n'));
    }
    if (replacesPid !== undefined) await this.io.printLine(`The manually started gateway (pid ${replacesPid}) would be stopped`);
    await this.io.printLine(
      isDone
        ? 'It is already installed and running with these settings; nothing would be done'
        : `${manager.name} would be enabled and started (${manager.title})`,
    );
    return 0;
  }

  async #noteEnvironment(token: string | undefined): Promise<void> {
    const names = shellOnlyVariables(this.io.gatewayPaths, (name) => this.context.runtime.environmentValue(name));
    if (names.length > 0) {
      await this.io.note(`Set in this shell but not for the service: ${names.join(', ')}`);
      await this.io.note(
        `    Put those that the gateway needs in ${serviceEnvPath(this.io.gatewayPaths)} (NAME=value, mode 0600) or in the configuration. After a change of that file, run: xopc gateway restart --force`,
      );
    }
    const isShadowed =
      token !== undefined && readGivenToken(this.io.gatewayPaths, { ...this.io.environment, token: undefined }) !== undefined;
    if (isShadowed) await this.io.note('gateway.auth.api_key in the configuration takes precedence; the given token is not used.');
  }

  async #report({ manager, plan }: Installation, { status, isChanged, concerns }: InstallResult): Promise<number> {
    const exitCode = concerns.length === 0 ? 0 : 1;
    const [url = ''] = status.urls;
    if (this.json) {
      const files = plannedFiles(plan, manager).map(({ path }) => path);
      const { pid, instanceId, port, host } = status;
      await this.io.printJson({
        installed: true,
        changed: isChanged,
        manager: manager.marker,
        files,
        pid,
        instanceId,
        host,
        port,
        url,
        concerns,
      });
      return exitCode;
    }
    const lines = [
      isChanged
        ? `✅ Gateway is installed as a service and running (pid ${status.pid})`
        : `✅ Gateway is already installed and running (pid ${status.pid})`,
      `   Service: ${manager.name} (${manager.title})`,
      `   URL: ${url}`,
      '📝 Management:',
      '   xopc gateway service-status   # Show the service',
      '   xopc gateway stop             # Stop it until service-start',
      '   xopc gateway uninstall        # Remove the service',
    ];
    await this.io.printLine(this.io.asCalled(lines.join('\n')));
    for (const { message, hint } of concerns) await this.io.note(`⚠️  ${message}\n   Run: ${hint}`);
    return exitCode;
  }
}
