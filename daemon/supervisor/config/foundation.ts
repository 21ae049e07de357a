/** Opens the directories, configuration and log, before the lock and the sockets. */
import { dirname } from 'node:path';
import { ensurePrivateDirectory } from '../../../shared/node/files/atomic-file.js';
import { type BuildInfo, readBuildInfo } from '../../../shared/node/build/bundle.js';
import type { SupervisorOptions } from '../../../shared/node/process/entry.js';
import { LogFile } from '../../../shared/node/log/log-file.js';
import { createLogger, type Logger } from '../../../shared/node/log/logger.js';
import { claimPaths } from '../../../shared/node/process/claim-paths.js';
import { type GatewayPaths, resolvePaths } from '../../../shared/node/process/paths.js';
import { createRedactor, type Redactor } from '../../../shared/node/secrets/redact.js';
import { LogRotation } from '../logs/log-rotation.js';
import type { WorkerSlots } from '../workers/worker-slots.js';
import { learnFileSecrets, startSecrets } from './known-secrets.js';
import { LiveConfig } from './live-config.js';

export interface Foundation {
  readonly paths: GatewayPaths;
  readonly config: LiveConfig;
  readonly logFile: LogFile;
  readonly log: Logger;
  readonly redactor: Redactor;
  readonly rotation: LogRotation;
  /** The build of this process. */
  readonly build: BuildInfo;
}

const NO_BUILD: BuildInfo = { version: '0.0.0', buildId: 'unknown' };

/** Returns the paths of this gateway's files, and creates their directories. @throws CONFIG_INVALID */
export function openPaths({ environment, flags }: Pick<SupervisorOptions, 'environment' | 'flags'>): GatewayPaths {
  const configPath = flags.configPath ?? environment.configPath;
  const { home, runtimeDir } = environment;
  const paths = claimPaths(resolvePaths({ home, runtimeDir, configPath }));
  for (const path of [paths.lockDir, paths.runDir, paths.logDir, paths.credentialsDir]) ensurePrivateDirectory(path);
  if (process.platform !== 'win32' && dirname(paths.controlPath) !== paths.runDir) ensurePrivateDirectory(dirname(paths.controlPath));
  return paths;
}

/** @param slots  the workers, which log into the same file @throws CONFIG_INVALID */
export function openFoundation(options: Pick<SupervisorOptions, 'environment' | 'flags' | 'rejected'>, slots: WorkerSlots): Foundation {
  const { environment, flags, rejected } = options;
  const paths = openPaths(options);
  const config = new LiveConfig({ paths, flags, environment, rejected });
  const rotation = new LogRotation({
    logPath: paths.logPath,
    config,
    reopenWriters: () => {
      logFile.reopen();
      for (const worker of slots.all()) worker.send({ type: 'reopenLogs' });
    },
    onError: (error) => log.error({ err: error }, 'log rotation failed'),
  });
  const logFile = new LogFile({
    path: paths.logPath,
    maxBytes: config.settings.logs.maxBytes,
    role: 'supervisor',
    wantsRotation: () => rotation.request(),
  });
  const redactor = createRedactor(startSecrets(environment, flags));
  learnFileSecrets(redactor, paths, config.source());
  const log = createLogger({ file: logFile, level: () => config.settings.logs.level, bindings: { role: 'supervisor' }, redactor });
  return { paths, config, logFile, log, redactor, rotation, build: readBuildInfo() ?? NO_BUILD };
}

/** Applies the settings for this process from configuration files that a worker has accepted: secrets and the log's size limit. */
export function refreshFoundation({ paths, config, logFile, redactor }: Foundation): void {
  learnFileSecrets(redactor, paths, config.source());
  logFile.setMaxBytes(config.settings.logs.maxBytes);
}
