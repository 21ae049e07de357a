/** The steps of `install`. All checks run before the first file is written. */
import { dirname } from 'node:path';
import type { StatusDocument } from '../../shared/api/gateway/status.js';
import { GatewayError } from '../../shared/errors.js';
import { ensureHomeDirectory, ensurePrivateDirectory, writeFileAtomic } from '../../shared/node/files/atomic-file.js';
import { readBuildInfo } from '../../shared/node/build/bundle.js';
import type { GatewayPaths } from '../../shared/node/process/paths.js';
import { readToken } from '../../shared/node/secrets/token-file.js';
import type { ListenSettings } from '../gateway/gateway-settings.js';
import type { AnsweringGateway } from '../gateway/locate-gateway.js';
import { requireValidBeforeEnd } from '../gateway/start-config.js';
import { awaitService } from './await-service.js';
import { compareFile, type FileChange, keepAside, refuseHandMade, refuseSpecialFiles, writeServiceFile } from './files/file-changes.js';
import { hasEnabledLinger, recordOf, recordPath, refuseOccupied, type InstallRecord } from './files/install-record.js';
import { plannedFiles } from './plan/make-plan.js';
import { tryListen } from '../ports/try-listen.js';
import { assertPortFree, findRunning, stopGateway } from './stop-gateway.js';
import { rivalsAmong } from './manager/other-units.js';
import type { OtherService, ServiceConcern, ServiceManager, ServiceState } from './manager/service-manager.js';
import type { ServicePlan } from './plan/service-plan.js';

export interface Installation {
  readonly paths: GatewayPaths;
  readonly manager: ServiceManager;
  readonly plan: ServicePlan;
  readonly listen: ListenSettings;
  /** Token to store; undefined if none was given. */
  readonly token: string | undefined;
  /** Overwrite edited files, and install even if other services start a gateway. */
  readonly force: boolean;
  readonly note: (text: string) => Promise<void>;
}

/** The planned changes of an installation. */
export interface InstallPreview {
  readonly changes: readonly FileChange[];
  /** The service already runs with exactly these files and this token. */
  readonly isDone: boolean;
  /** Pid of a manually started gateway that the service will replace. */
  readonly replacesPid: number | undefined;
  readonly previousInstanceId: string | undefined;
}

export interface InstallResult {
  readonly status: StatusDocument;
  readonly isChanged: boolean;
  readonly concerns: readonly ServiceConcern[];
}

function refuseRivals(rivals: readonly OtherService[]): void {
  const [first] = rivals;
  if (first === undefined) return;
  throw new GatewayError('CONFLICT', {
    message: `another service starts a gateway: ${rivals.map(({ path }) => path).join(', ')}`,
    details: { others: rivals },
    hint: `Remove it with: ${first.removeWith}   Install anyway with --force`,
  });
}

/** Whether the gateway already holds the port. Under socket activation the manager itself listens. */
function isOwnPort(
  port: number,
  { running, state, paths }: { running: AnsweringGateway | undefined; state: ServiceState; paths: GatewayPaths },
): boolean {
  if (running === undefined) return state.isRegistered;
  return running.status.port === port || recordOf(paths)?.plan.socket?.port === port;
}

/**
 * Checks everything and changes nothing.
 * @throws CONFLICT for edited files or other services (unless forced), and for a masked unit; PORT_TAKEN; CONFIG_INVALID for an address
 *   that cannot be used, and if a gateway would be ended for one that cannot start; UNAVAILABLE; CONTROL_UNREACHABLE
 */
export async function previewInstall(installation: Installation): Promise<InstallPreview> {
  const { manager, plan, paths, force, listen, token } = installation;
  refuseOccupied(paths);
  const files = plannedFiles(plan, manager);
  refuseSpecialFiles(files);
  const changes = files.map(compareFile);
  if (!force) {
    refuseHandMade(changes, 'Keep your changes in a drop-in or in the configuration; overwrite the file with --force');
    refuseRivals(rivalsAmong(await manager.others(), paths));
  }
  const state = await manager.state();
  const running = await findRunning(paths);
  const isOurs = running?.status.supervisedBy === manager.marker;
  const isOwn = isOwnPort(listen.port, { running, state, paths });
  if (!isOwn) assertPortFree(listen, paths);
  await tryListen({ host: listen.host, port: isOwn ? 0 : listen.port });
  const isSame = changes.every(({ current }) => current === 'same') && (token === undefined || readToken(paths.tokenPath) === token);
  const isDone = isSame && isOurs && running.status.ready && state.isEnabled;
  // Its manager gives the service variables that are not known here.
  if (running !== undefined && !isDone) requireValidBeforeEnd(paths, 'unknown');
  return {
    changes,
    isDone,
    replacesPid: running !== undefined && !isOurs ? running.status.pid : undefined,
    previousInstanceId: running?.status.instanceId,
  };
}

async function writeFiles({ plan, paths, note }: Installation, changes: readonly FileChange[]): Promise<void> {
  const directory = dirname(plan.launcherPath);
  ensureHomeDirectory(plan.home);
  for (const path of [directory, paths.logDir]) ensurePrivateDirectory(path);
  for (const change of changes) {
    const copy = keepAside(change, directory);
    if (copy !== undefined) await note(`The edited ${change.file.path} is kept as ${copy}`);
    if (change.current !== 'same') await writeServiceFile(change.file);
  }
}

function unitDirectoryOf(manager: ServiceManager): Pick<InstallRecord, 'unitDirectory'> {
  const [path] = manager.filePaths();
  return path === undefined ? {} : { unitDirectory: dirname(path) };
}

async function writeRecord({ plan, manager }: Installation, enabledLinger: boolean): Promise<void> {
  const record: InstallRecord = {
    v: 1,
    plan,
    enabledLinger,
    ...unitDirectoryOf(manager),
    version: readBuildInfo()?.version ?? 'unknown',
    installedAt: new Date().toISOString(),
  };
  await writeFileAtomic(recordPath(dirname(plan.launcherPath)), `${JSON.stringify(record, null, 2)}\n`);
}

/** A manually started gateway is drained and stopped first; the service takes over about a second later. */
async function makeWay({ paths, note }: Installation, preview: InstallPreview): Promise<void> {
  if (preview.replacesPid === undefined) return;
  await note(`Stopping the manually started gateway (pid ${preview.replacesPid}); the service replaces it.`);
  const running = await findRunning(paths);
  if (running !== undefined) await stopGateway(running, paths);
}

/** Whether lingering was turned on between the two checks; an uninstall turns it off again. */
async function secureSurvival({ manager }: Installation): Promise<{ concerns: ServiceConcern[]; hasRepaired: boolean }> {
  const before = await manager.concerns({ repair: false });
  const concerns = before.length === 0 ? before : await manager.concerns({ repair: true });
  return { concerns, hasRepaired: concerns.length < before.length };
}

/**
 * Writes the files, registers and starts the service, and waits until the gateway is ready. @throws the errors of {@link awaitService}; the
 * files are then written and the service is registered
 */
export async function install(installation: Installation, preview: InstallPreview): Promise<InstallResult> {
  const { manager, paths, plan } = installation;
  const others = await manager.others();
  const hadEnabledLinger = hasEnabledLinger(new Set([plan.home, ...others.flatMap(({ gateway }) => gateway?.home ?? [])]));
  if (!preview.isDone) {
    await writeFiles(installation, preview.changes);
    await writeRecord(installation, hadEnabledLinger);
    await makeWay(installation, preview);
    // From here on `service-status` reports an interrupted installation correctly.
    await manager.activate({ isSocketActivated: plan.socket !== null });
  }
  const { concerns, hasRepaired } = await secureSurvival(installation);
  if (hasRepaired || preview.isDone) await writeRecord(installation, hadEnabledLinger || hasRepaired);
  const previousInstanceId = preview.isDone ? undefined : preview.previousInstanceId;
  return { status: await awaitService(paths, manager, { previousInstanceId }), isChanged: !preview.isDone, concerns };
}

/** Stores a token given to `install` where the service reads it. */
export async function storeToken(paths: GatewayPaths, token: string): Promise<void> {
  ensureHomeDirectory(paths.home);
  ensurePrivateDirectory(paths.credentialsDir);
  if (readToken(paths.tokenPath) !== token) await writeFileAtomic(paths.tokenPath, `${token}\n`);
}
