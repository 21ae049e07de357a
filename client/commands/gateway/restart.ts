import { Command, Option } from 'clipanion';
import { MAX_DRAIN_TIMEOUT_MS } from '../../../shared/config/defaults.js';
import type { RestartResult } from '../../../shared/control/messages.js';
import type { StatusDocument } from '../../../shared/api/gateway/status.js';
import { GatewayError } from '../../../shared/errors.js';
import { isHostFixed } from '../../../shared/node/listen-error.js';
import type { LockRecord } from '../../../shared/node/files/lock-record.js';
import { classifyProcess } from '../../../shared/node/process/process-identity.js';
import { definedFields } from '../../../shared/fields.js';
import { BaseCommand } from '../../cli/base-command.js';
import { callControl, hasLeft, RESTART_DEADLINES } from '../../gateway/control-client.js';
import { warningBlock } from '../../output/status-text.js';
import type { StartAgain } from '../../gateway/start-again.js';
import { locateGateway, unavailableError, type AnsweringGateway } from '../../gateway/locate-gateway.js';
import { refuseAlias } from '../../gateway/start-checks.js';
import { parseTimeout } from '../../cli/parse-options.js';
import { formatSeconds } from '../../output/duration.js';
import { recordOf } from '../../service/files/install-record.js';
import { installationWarnings } from '../../service/installation-warnings.js';
import { awaitStarting, waitForNewInstance } from '../../gateway/wait-ready.js';

/** A successor takes the lock before its predecessor exits, and a manual start would have taken it by then. */
const ABSENT_LIMIT_MS = 2_000;

function identityOf({ pid, worker, instanceId }: StatusDocument): Pick<RestartResult, 'pid' | 'workerPid' | 'instanceId'> {
  return { pid, workerPid: worker?.pid ?? 0, instanceId: worker?.instanceId ?? instanceId };
}

export class RestartCommand extends BaseCommand {
  static override readonly usage = Command.Usage({
    category: 'Gateway',
    description: 'Restart the gateway without downtime.',
    details: `
      A new worker is ready before the old one finishes its work; no connection is refused. If the new one does not become ready, the old one continues and the command fails with the reason. Returns when the new one is ready.
      With --force, and after an upgrade, the supervisor process is replaced too.
      A gateway that does not answer within the drain time and one second, with --force at once, is killed and started again. With --force a stopped gateway is started.
    `,
    examples: [
      ['Restart it', 'xopc gateway restart'],
      ['Replace the supervisor as well, whatever its state', 'xopc gateway restart --force'],
    ],
  });

  readonly timeout = Option.String('--timeout', { description: 'Drain time of the old worker in milliseconds.' });
  readonly force = Option.Boolean('--force', false, {
    description: 'Replace the supervisor process too, in whatever state it is; start a stopped gateway.',
  });

  protected async run(): Promise<number> {
    const timeoutMs = parseTimeout(this.timeout);
    const location = await awaitStarting(this.io.gatewayPaths, await locateGateway(this.io.gatewayPaths));
    switch (location.kind) {
      case 'answers':
        return this.#restart(location, timeoutMs);
      case 'silent':
        if (location.lock === undefined) break;
        return this.#replaceSilent(location.lock, timeoutMs);
      case 'absent':
        await refuseAlias(this.io.gatewayPaths, {
          what: 'Restart it with',
          command: this.force ? 'xopc gateway restart --force' : 'xopc gateway restart',
        });
        if (!this.force) break;
        return this.#start({ before: location.lock, isService: recordOf(this.io.gatewayPaths) !== undefined });
      default:
    }
    throw unavailableError(location);
  }

  async #restart(gateway: AnsweringGateway, timeoutMs: number | undefined): Promise<number> {
    const { controlPath, status } = gateway;
    const isSupervised = this.#isReplaced(status) && status.supervisedBy !== null;
    if (isSupervised) await this.#refuseLostService();
    // A supervisor that runs under a service manager answers once it has drained.
    const drainMs = isSupervised ? (timeoutMs ?? MAX_DRAIN_TIMEOUT_MS) : 0;
    const deadlines = { ...RESTART_DEADLINES, totalMs: RESTART_DEADLINES.totalMs + drainMs };
    const call = { type: 'restart', ...definedFields({ timeoutMs, force: this.force || undefined }) } as const;
    const onProgress = ({ message }: { message: string }): void => void this.io.note(`Restarting: ${message}`);
    let result: RestartResult;
    try {
      result = await this.#outcome(callControl(controlPath, call, { deadlines, onProgress }), status);
    } catch (error) {
      if (!this.force || status.supervisedBy !== null || !isHostFixed(error)) throw error;
      const { gatewayPaths: paths } = this.io;
      const move = { paths, refusal: error, timeoutMs, note: (text: string) => this.io.note(text) };
      return this.#start(await this.context.runtime.loadTools().stopToStartAgain(gateway, move));
    }
    return this.#report(result, status);
  }

  /** Restarts a gateway that does not answer: without downtime if it answers again in time; otherwise it is killed and started again. */
  async #replaceSilent(lock: LockRecord, timeoutMs: number | undefined): Promise<number> {
    const { gatewayPaths: paths } = this.io;
    const tools = this.context.runtime.loadTools();
    const former = await tools.readFormerStart(lock);
    await tools.requireValidBeforeEnd(paths, former?.environment);
    const isService = await tools.isServiceProcess(paths, lock.pid);
    // Whether a service manager ran one that has just died is unknown then.
    if (!isService && classifyProcess(lock) === 'dead') return this.run();
    if (this.force) await this.io.note(`The gateway (pid ${lock.pid}) is not responding; it is killed.`);
    const note = (text: string): Promise<void> => this.io.note(text);
    const outcome = this.force ? 'silent' : await tools.rouseGateway(lock, { paths, signals: ['SIGCONT'], timeoutMs, note });
    if (outcome === 'answers') return this.run();
    if (outcome === 'silent') await tools.killGateway(lock, paths.lockPath);
    return this.#start({ before: lock, former, isService });
  }

  async #start(again: Omit<StartAgain, 'paths' | 'environment' | 'configPath'>): Promise<number> {
    const startedAtMs = Date.now();
    const configPath = this.config === undefined ? undefined : this.io.gatewayPaths.configPath;
    const { gatewayPaths: paths, environment } = this.io;
    const status = await this.context.runtime.loadTools().startAgain({ paths, environment, configPath, ...again });
    const durationMs = Date.now() - startedAtMs;
    const { workerPid, ...identity } = identityOf(status);
    const text = `Gateway started in ${formatSeconds(durationMs)} (worker ${workerPid}, supervisor ${status.pid}).`;
    return this.#print({ ...identity, workerPid, succession: 'none', durationMs }, text, status);
  }

  #isReplaced({ build }: StatusDocument): boolean {
    return this.force || build.running !== build.installed;
  }

  /** The service manager starts the next supervisor; the program and files that it uses must exist. */
  async #refuseLostService(): Promise<void> {
    if (recordOf(this.io.gatewayPaths) === undefined) return;
    const warnings = await this.context.runtime.loadTools().serviceWarnings(this.io.gatewayPaths);
    const missing = warnings.find(({ code }) => code === 'SERVICE_FILE_MISSING');
    if (missing !== undefined)
      throw new GatewayError('CONFLICT', { message: missing.message, hint: 'Recreate it with: xopc doctor --fix' });
  }

  async #outcome(request: Promise<RestartResult>, before: StatusDocument): Promise<RestartResult> {
    const startedAtMs = Date.now();
    try {
      const result = await request;
      return result.succession === 'service-manager' ? await this.#awaitServiceManager(result, before) : result;
    } catch (error) {
      if (!hasLeft(error)) throw error;
      // Another takeover was faster and its successor serves, or the gateway has died. A service manager needs some time to start the next
      // one.
      const absentLimit = before.supervisedBy === null ? { absentLimitMs: ABSENT_LIMIT_MS } : {};
      const now = await waitForNewInstance(this.io.gatewayPaths, { oldInstanceId: before.instanceId, ...absentLimit });
      return { ...identityOf(now), succession: 'successor', durationMs: Date.now() - startedAtMs };
    }
  }

  /** The old supervisor has exited and the service manager starts the next one; success means that the next one serves. */
  async #awaitServiceManager(asked: RestartResult, before: StatusDocument): Promise<RestartResult> {
    await this.io.note(`Restarting: waiting for the service manager (${before.supervisedBy}) to start the gateway again`);
    const startedAtMs = Date.now();
    const now = await this.context.runtime.loadTools().awaitServiceManager(this.io.gatewayPaths, before.instanceId);
    return { ...asked, ...identityOf(now), durationMs: asked.durationMs + Date.now() - startedAtMs };
  }

  async #report(result: RestartResult, before: StatusDocument): Promise<number> {
    const supervisor = result.pid === before.pid ? '' : `, supervisor ${result.pid}`;
    const text = `Gateway restarted in ${formatSeconds(result.durationMs)} (worker ${result.workerPid}${supervisor}).`;
    const now = await locateGateway(this.io.gatewayPaths);
    return this.#print(result, text, now.kind === 'answers' ? now.status : undefined);
  }

  /** Prints the result and the warnings, for instance that the gateway still runs a build other than the one of this command. */
  async #print(result: RestartResult, text: string, status: StatusDocument | undefined): Promise<number> {
    const { gatewayPaths: paths, out } = this.io;
    const found = status === undefined ? [] : await installationWarnings(status, paths, this.context.runtime);
    const warnings = [...(status?.warnings ?? []), ...found];
    const lines = warningBlock({ warnings }, out.paint).map((line) => this.io.asCalled(line));
    await this.printResult({ restarted: true, ...result, warnings }, [text, ...lines].join('\n'));
    if (this.force && status?.supervisedBy === null) await this.context.runtime.loadTools().noteVariables(this.io, this.context.runtime);
    return 0;
  }
}
