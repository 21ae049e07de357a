/** Where the gateway writes because of links: its sandbox has to allow that, too. */
import { realpathSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { resolvePaths } from '../../../shared/node/process/paths.js';
import type { ServicePlan } from '../plan/service-plan.js';

/** Resolves the links of a path; its end need not exist yet. */
function realPath(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return dirname(path) === path ? path : join(realPath(dirname(path)), basename(path));
  }
}

/** Whether a path is a directory or in it. */
export function isWithin(path: string, directory: string): boolean {
  return path === directory || path.startsWith(`${directory}/`);
}

/**
 * Returns the directories outside of the home and of the configuration's directory that links lead to. A linked file counts with its
 * directory, where its next content is written before it is renamed.
 */
export function linkedDirectories({ home, configPath, launcherPath }: ServicePlan): string[] {
  const service = dirname(launcherPath);
  const dataDir = dirname(service);
  const paths = resolvePaths({ home, configPath: configPath ?? undefined, runtimeDir: home, dataDir });
  const { lockDir, runDir, stateDir, logDir, credentialsDir } = paths;
  const files = [paths.configPath, paths.modelsPath, paths.databasePath, paths.tokenPath];
  const real = [
    ...[dataDir, service, stateDir, logDir, credentialsDir, lockDir, runDir, join(home, 'cache')].map(realPath),
    ...files.map((path) => dirname(realPath(path))),
  ];
  const known = [realPath(home), realPath(dirname(paths.configPath))];
  return real.reduce<string[]>(
    (found, path) => ([...known, ...found].some((directory) => isWithin(path, directory)) ? found : [...found, path]),
    [],
  );
}
