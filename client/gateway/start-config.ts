/** Chooses the configuration of a start: the edited files or, if they are invalid after a crash, the last good copies. */
import { existsSync } from 'node:fs';
import type { ConfigDocument } from '../../shared/config/document.js';
import { validateFiles } from '../../shared/config/validate.js';
import { GatewayError, type Problem } from '../../shared/errors.js';
import { definedFields } from '../../shared/fields.js';
import { filesInEffect, findRemoved, loadConfigFile, readConfigText } from '../../shared/node/config/config-file.js';
import { configInvalid, type VariableLookup } from '../../shared/node/config/config-text.js';
import { readLock } from '../../shared/node/files/lock-record.js';
import { finishRestores } from '../../shared/node/files/restore-journal.js';
import type { GatewayPaths } from '../../shared/node/process/paths.js';
import { classifyProcess } from '../../shared/node/process/process-identity.js';
import { locateGateway } from './locate-gateway.js';

type ConfigFiles = Pick<GatewayPaths, 'configPath' | 'modelsPath'>;

function validate({ configPath, modelsPath }: ConfigFiles, variables: VariableLookup | 'unknown' | undefined): Problem[] {
  const isUnknown = variables === 'unknown';
  const lookup = isUnknown ? () => undefined : variables;
  const load = (path: string): ConfigDocument => loadConfigFile({ path, ...definedFields({ lookup }) });
  const { config, models, references } = validateFiles(load(configPath), load(modelsPath), isUnknown ? 'unknown' : 'known');
  return [...config.problems, ...models.problems, ...references];
}

/**
 * @param variables  of the gateway; default: our own
 * @throws CONFIG_INVALID with every problem that would make a worker refuse the files
 */
export function requireValidConfig(files: ConfigFiles, variables?: VariableLookup | 'unknown'): void {
  const problems = validate(files, variables);
  if (problems.length > 0) throw configInvalid(files.configPath, problems);
}

function problemsOf(files: ConfigFiles): readonly Problem[] {
  try {
    requireValidConfig(files);
    return [];
  } catch (error) {
    if (!(error instanceof GatewayError)) throw error;
    const problems = error.details?.['problems'];
    return Array.isArray(problems) ? (problems as Problem[]) : [{ message: error.message }];
  }
}

/**
 * Called before a start ends a gateway or another program: a start that is refused must leave them running.
 * @param environment  of the gateway to start; default: our own
 * @throws CONFIG_INVALID saying that nothing was ended; also if a file was removed that the gateway to be ended has in effect
 */
export function requireValidBeforeEnd(paths: GatewayPaths, environment?: Readonly<Record<string, string>> | 'unknown'): void {
  const removed = readLock(paths.lockPath) === undefined ? [] : findRemoved(filesInEffect(paths));
  try {
    if (removed.length > 0) throw configInvalid(paths.configPath, removed);
    requireValidConfig(paths, typeof environment === 'object' ? (name) => environment[name] || undefined : environment);
  } catch (error) {
    if (!(error instanceof GatewayError)) throw error;
    const { code, message, details, hint } = error;
    throw new GatewayError(code, { message: `${message}; nothing was ended`, ...definedFields({ details, hint }), cause: error });
  }
}

/** Returns the paths of the copies that the last worker ran with. */
export function lastGoodFiles({ lastGoodConfigPath, lastGoodModelsPath }: GatewayPaths): ConfigFiles {
  return { configPath: lastGoodConfigPath, modelsPath: lastGoodModelsPath };
}

function isSameText(one: string, other: string): boolean {
  try {
    return readConfigText(one) === readConfigText(other);
  } catch (error) {
    if (error instanceof GatewayError) return false;
    throw error;
  }
}

/** Whether the last gateway of this configuration died without removing its lock. */
async function hasDied(paths: GatewayPaths): Promise<boolean> {
  const lock = readLock(paths.lockPath);
  if (lock === undefined || classifyProcess(lock) === 'alive') return false;
  return (await locateGateway(paths)).kind === 'absent';
}

/**
 * Returns the problems of the edited files if a start uses the last good copies instead, because its gateway died and would have
 * continued with them. Empty: the start uses the edited files, and is refused if they are invalid. Finishes a restore during which
 * the gateway died.
 */
export async function problemsAfterCrash(paths: GatewayPaths): Promise<readonly Problem[]> {
  const lastGood = lastGoodFiles(paths);
  if (!existsSync(lastGood.configPath) || !existsSync(lastGood.modelsPath)) return [];
  const isEdited = !isSameText(paths.configPath, lastGood.configPath) || !isSameText(paths.modelsPath, lastGood.modelsPath);
  if (!isEdited || !(await hasDied(paths))) return [];
  // Half of a restored state has problems that the whole does not have.
  await finishRestores(paths);
  if (problemsOf(lastGood).length > 0) return [];
  return [...findRemoved(filesInEffect(paths)), ...problemsOf(paths)];
}
