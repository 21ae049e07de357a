/** The secrets to remove from the log: the supervisor logs what workers print, which may contain any secret that they know. */
import type { GatewayEnvironment } from '../../../shared/node/process/env.js';
import { environmentSecrets } from '../../../shared/node/process/env.js';
import { loadConfigFile } from '../../../shared/node/config/config-file.js';
import { findSecrets } from '../../../shared/config/secrets.js';
import type { ConfigSource } from './live-config.js';
import type { GatewayPaths } from '../../../shared/node/process/paths.js';
import type { Redactor } from '../../../shared/node/secrets/redact.js';
import { readToken } from '../../../shared/node/secrets/token-file.js';

/** Secrets from the environment and the command line. */
export function startSecrets(environment: GatewayEnvironment, flags: { readonly token?: string }): string[] {
  return [flags.token, environment.token, ...environmentSecrets()].filter((secret) => secret !== undefined);
}

/** Adds the secrets in the current files, and in those that workers load instead. A file that cannot be read is reported elsewhere. */
export function learnFileSecrets(redactor: Redactor, paths: GatewayPaths, { configSource, modelsSource }: ConfigSource): void {
  const files = new Set([paths.configPath, paths.modelsPath, configSource, modelsSource]);
  const sources = [
    () => [readToken(paths.tokenPath) ?? ''],
    ...[...files].map((path) => () => findSecrets(loadConfigFile({ path }).value)),
  ];
  for (const read of sources) {
    try {
      redactor.add(read());
    } catch {
      // Unreadable or invalid: reported by the status and by the worker, which refuses to start.
    }
  }
}
