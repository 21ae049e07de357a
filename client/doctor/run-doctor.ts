/** Runs all checks of `doctor` in dependency order. Only {@link repairAll} changes anything. */
import { LOG_DEFAULTS } from '../../shared/config/defaults.js';
import { GatewayError } from '../../shared/errors.js';
import type { GatewayPaths } from '../../shared/node/process/paths.js';
import { shellCommand } from '../../shared/text/shell-word.js';
import type { ServerReport } from '../../shared/node/database-module.js';
import type { ListenSettings } from '../gateway/gateway-settings.js';
import type { ServicePlan } from '../service/plan/service-plan.js';
import type { GatewayLocation } from '../gateway/locate-gateway.js';
import { checkConfig, checkExposure, checkModels } from './check-config.js';
import { checkDatabase } from './check-database.js';
import { checkDirectories, checkDisk, checkLog, checkOwner, checkPrivateFiles, checkTokenFile } from './check-files.js';
import { checkLock, checkPort, checkWorker } from './check-gateway.js';
import { checkBuild, checkLauncher, checkNode } from './check-program.js';
import { fail, type Finding, reasonOf, warn } from './finding.js';

interface DoctorDeps {
  readonly paths: GatewayPaths;
  /** Why the record of who owns the data cannot be used. */
  readonly ownerProblem: GatewayError | undefined;
  locate(): Promise<GatewayLocation>;
  /** Where a gateway started now would listen. @throws CONFIG_INVALID */
  listen(): ListenSettings;
  /** The installed service. */
  readonly service: ServicePlan | undefined;
  checkService(): Promise<Finding[]>;
  /** Checks the database of `store.url`. */
  inspectServer(url: string): Promise<ServerReport>;
}

export interface Repair {
  readonly id: string;
  /** The repair that was made, or why it failed. */
  readonly did: string;
  readonly succeeded: boolean;
}

/** What to do about an error of a check: a file that cannot be inspected, or the error's own hint. */
function fixOf(error: unknown): string | undefined {
  if (error instanceof GatewayError) return error.hint;
  const { code = '', path } = error as NodeJS.ErrnoException;
  if (['EACCES', 'EPERM'].includes(code)) return 'Run it as the owner of that home, or set XOPC_HOME';
  return path === undefined ? undefined : `See what is there with: ${shellCommand`ls -ld ${path}`}`;
}

/** A check that throws becomes a finding, and the other checks still run. */
async function guarded(id: string, check: () => Finding | Finding[] | Promise<Finding[]>): Promise<Finding[]> {
  try {
    const found = await check();
    return Array.isArray(found) ? found : [found];
  } catch (error) {
    return [fail(id, `could not be checked: ${reasonOf(error)}`, { fix: fixOf(error) })];
  }
}

function unknown(id: string, key: string): Finding {
  return warn(id, `is not checked: ${key} refers to a variable that this shell does not have`, {
    fix: 'Run xopc doctor with the variables of the gateway',
  });
}

export async function runChecks(deps: DoctorDeps): Promise<Finding[]> {
  const { paths } = deps;
  const location = await deps.locate();
  const config = checkConfig(paths);
  const { value } = config;
  const address = (): ListenSettings => (location.kind === 'answers' ? location.status : deps.listen());
  // An unreadable file is already reported by the configuration check.
  const hasAddress = value !== undefined || location.kind === 'answers';
  const exposure = (): Finding | Finding[] => {
    if (value === undefined) return [];
    const needed = ['gateway.auth.enabled', ...(location.kind === 'answers' ? [] : ['gateway.host'])];
    const key = needed.find(config.isUnknown);
    return key === undefined ? checkExposure(value, address().host) : unknown('exposure', key);
  };
  const checks: readonly (readonly [string, () => Finding | Finding[] | Promise<Finding[]>])[] = [
    ['node', () => checkNode()],
    ['build', () => checkBuild()],
    ['launcher', () => checkLauncher()],
    ['owner', () => checkOwner(paths, deps.ownerProblem)],
    ['directories', () => checkDirectories(paths)],
    ['private-files', () => checkPrivateFiles(paths)],
    ['token-file', () => checkTokenFile(paths)],
    ['disk', () => checkDisk(paths)],
    ['config', () => config.finding],
    ['models', () => checkModels(paths)],
    [
      'database',
      () =>
        config.isUnknown('store.url')
          ? unknown('database', 'store.url')
          : checkDatabase(paths, { url: value?.store.url, inspectServer: (url) => deps.inspectServer(url) }),
    ],
    ['log', () => checkLog(paths, value?.logs ?? LOG_DEFAULTS)],
    ['lock', () => checkLock(paths, location)],
    ['port', () => (hasAddress ? checkPort(address(), { paths, location, service: deps.service }) : [])],
    ['worker', () => checkWorker(location, Date.now())],
    ['exposure', exposure],
    ['service', () => deps.checkService()],
  ];
  const findings: Finding[] = [];
  for (const [id, check] of checks) findings.push(...(await guarded(id, check)));
  return findings;
}

/** Makes all repairs that do not affect anything that runs. */
export async function repairAll(findings: readonly Finding[]): Promise<Repair[]> {
  const repairs: Repair[] = [];
  for (const { id, repair } of findings) {
    if (repair === undefined) continue;
    try {
      repairs.push({ id, did: await repair(), succeeded: true });
    } catch (error) {
      repairs.push({ id, did: reasonOf(error), succeeded: false });
    }
  }
  return repairs;
}
