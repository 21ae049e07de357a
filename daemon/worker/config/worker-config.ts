/**
 * The worker's configuration: `config.json`, `models.json` and the token, loaded and validated together. A valid change
 * replaces it as a whole; an invalid one changes nothing.
 */
import type { OwnToken, StatusWarning } from '../../../shared/control/messages.js';
import { formatProblem, GatewayError, type Problem, problemWhy } from '../../../shared/errors.js';
import type { ModelsDocument } from '../../../shared/config/models-schema.js';
import type { Config } from '../../../shared/config/schema.js';
import { validateFiles } from '../../../shared/config/validate.js';
import { loadConfigFile } from '../../../shared/node/config/config-file.js';
import { configInvalid } from '../../../shared/node/config/config-text.js';
import { loadOrCreateToken } from '../../../shared/node/secrets/token-file.js';

export interface LoadedConfig {
  readonly config: Config;
  readonly models: ModelsDocument;
  readonly token: OwnToken;
  /** SHA-256 of `config.json` as it was read. */
  readonly hash: string;
  readonly warnings: readonly StatusWarning[];
}

export interface ConfigFiles {
  readonly config: string;
  readonly models: string;
  readonly token: string;
  /** XOPC_GATEWAY_TOKEN or `--token`. */
  readonly tokenOverride: string | undefined;
}

/** Returns the token in force: environment or flag, then `gateway.auth.api_key`, then the generated one. */
function findToken(files: ConfigFiles, config: Config): OwnToken {
  if (files.tokenOverride !== undefined) return { token: files.tokenOverride, source: 'env' };
  const { api_key: configured } = config.gateway.auth;
  return configured === null ? { token: loadOrCreateToken(files.token), source: 'generated' } : { token: configured, source: 'config' };
}

/** @throws CONFIG_INVALID (details.problems, each with file, line, column and key) */
export function loadWorkerConfig(files: ConfigFiles): LoadedConfig {
  const document = loadConfigFile({ path: files.config });
  const { config, models, references } = validateFiles(document, loadConfigFile({ path: files.models }));
  const problems = [...config.problems, ...models.problems, ...references];
  if (config.value === undefined || models.value === undefined || problems.length > 0) throw configInvalid(document.file, problems);
  const warnings = [...config.warnings, ...models.warnings].map((problem) => ({
    code: 'CONFIG_INCOMPLETE',
    message: formatProblem(problem),
    why: problemWhy(problem),
  }));
  return { config: config.value, models: models.value, token: findToken(files, config.value), hash: document.hash, warnings };
}

/** The configuration in force. */
export class WorkerConfig {
  readonly #files: ConfigFiles;
  #loaded: LoadedConfig;

  /** @throws CONFIG_INVALID */
  constructor(files: ConfigFiles) {
    this.#files = files;
    this.#loaded = loadWorkerConfig(files);
  }

  get current(): LoadedConfig {
    return this.#loaded;
  }

  /** Applies changed files if they are valid. Returns the problems; none when the files are in force. */
  reload(edited: { config: string; models: string }): readonly Problem[] {
    try {
      this.#loaded = loadWorkerConfig({ ...this.#files, ...edited });
      return [];
    } catch (error) {
      if (!(error instanceof GatewayError)) throw error;
      const problems = error.details?.['problems'];
      return Array.isArray(problems) && problems.length > 0 ? (problems as Problem[]) : [{ message: error.message }];
    }
  }
}
