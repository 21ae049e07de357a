/**
 * The worker's configuration: `config.json`, `models.json` and the token, loaded and validated together. A valid change
 * replaces it as a whole; an invalid one changes nothing.
 */
import type { OwnToken } from '../../../shared/control/messages.js';
import type { StatusWarning } from '../../../shared/api/gateway/status.js';
import { formatProblem, GatewayError, type Problem, problemWhy } from '../../../shared/errors.js';
import type { ModelsDocument } from '../../../shared/config/models-schema.js';
import type { Config } from '../../../shared/config/schema.js';
import { validateFiles } from '../../../shared/config/validate.js';
import { loadConfigFile } from '../../../shared/node/config/config-file.js';
import { configInvalid } from '../../../shared/node/config/config-text.js';
import { loadOrCreateToken } from '../../../shared/node/secrets/token-file.js';
import { sayOfIssue } from '../../../shared/text/sentences/issue.js';

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

/** The warning that a new token replaced an empty file. */
export const TOKEN_REPLACED = 'TOKEN_REPLACED';

/** Returns the token in force: environment or flag, then `gateway.auth.api_key`, then the generated one. */
function findToken(files: ConfigFiles, config: Config, onReplaced: () => void): OwnToken {
  if (files.tokenOverride !== undefined) return { token: files.tokenOverride, source: 'env' };
  const { api_key: configured } = config.gateway.auth;
  return configured === null
    ? { token: loadOrCreateToken(files.token, onReplaced), source: 'generated' }
    : { token: configured, source: 'config' };
}

function tokenReplaced(path: string): StatusWarning {
  const hint = 'Show the new one with: xopc gateway token --show';
  return { code: TOKEN_REPLACED, message: sayOfIssue('token-replaced', { path }), hint };
}

/** @throws CONFIG_INVALID (details.problems, each with file, line, column and key) */
export function loadWorkerConfig(files: ConfigFiles): LoadedConfig {
  const document = loadConfigFile({ path: files.config });
  const { config, models, references } = validateFiles(document, loadConfigFile({ path: files.models }));
  const problems = [...config.problems, ...models.problems, ...references];
  if (config.value === undefined || models.value === undefined || problems.length > 0) throw configInvalid(document.file, problems);
  const warnings: StatusWarning[] = [...config.warnings, ...models.warnings].map((problem) => ({
    code: 'CONFIG_INCOMPLETE',
    message: formatProblem(problem),
    why: problemWhy(problem),
  }));
  const token = findToken(files, config.value, () => warnings.push(tokenReplaced(files.token)));
  return { config: config.value, models: models.value, token, hash: document.hash, warnings };
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
