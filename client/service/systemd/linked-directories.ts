/** Finds the directories that the gateway writes to through links; its sandbox has to allow them too. */
import { dirname, join } from 'node:path';
import { finalPath } from '../../../shared/node/files/final-path.js';
import { resolvePaths } from '../../../shared/node/process/paths.js';
import type { ServicePlan } from '../plan/service-plan.js';

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
    ...[dataDir, service, stateDir, logDir, credentialsDir, lockDir, runDir, join(home, 'cache')].map(finalPath),
    ...files.map((path) => dirname(finalPath(path))),
  ];
  const known = [finalPath(home), finalPath(dirname(paths.configPath))];
  return real.reduce<string[]>(
    (found, path) => ([...known, ...found].some((directory) => isWithin(path, directory)) ? found : [...found, path]),
    [],
  );
}
