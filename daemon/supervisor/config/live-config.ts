/**
 * The configuration in force: the file that users edit, or the copy that a worker last ran with while the edited file is known to
 * be invalid. A broken edit never takes down a running gateway.
 */
import { existsSync } from 'node:fs';
import type { StatusWarning } from '../../../shared/control/messages.js';
import { formatProblem, GatewayError, type Problem, problemWhy } from '../../../shared/errors.js';
import { writeFileAtomic } from '../../../shared/node/files/atomic-file.js';
import { loadConfigFile, readConfigText } from '../../../shared/node/config/config-file.js';
import { TEXT_OF_NO_FILE } from '../../../shared/node/config/config-text.js';
import { keepVersion } from '../../../shared/node/config/config-versions.js';
import type { GatewayEnvironment } from '../../../shared/node/process/env.js';
import type { GatewayPaths } from '../../../shared/node/process/paths.js';
import { sayOfGateway } from '../../../shared/text/sentences/gateway.js';
import { hashFiles } from './config-watch.js';
import { resolveSettings, type SettingsFlags, type SupervisorSettings } from './settings.js';

export interface ConfigSource {
  readonly configSource: string;
  readonly modelsSource: string;
  /** Hash of what the worker reads, to find out later whether the files have changed. */
  readonly hash: string;
}

export class LiveConfig {
  readonly #paths: GatewayPaths;
  readonly #flags: SettingsFlags;
  readonly #environment: GatewayEnvironment;
  readonly #edited: readonly string[];
  #settings: SupervisorSettings;
  #keeping: Promise<void> = Promise.resolve();
  #invalid: { hash: string; problems: readonly Problem[] } | undefined;

  /** @throws CONFIG_INVALID when the file cannot be used: at a cold start there is nothing else to run with */
  constructor(options: { paths: GatewayPaths; flags: SettingsFlags; environment: GatewayEnvironment }) {
    this.#paths = options.paths;
    this.#flags = options.flags;
    this.#environment = options.environment;
    this.#edited = [options.paths.configPath, options.paths.modelsPath];
    this.#settings = this.#resolve();
  }

  get settings(): SupervisorSettings {
    return this.#settings;
  }

  get editedPaths(): readonly string[] {
    return this.#edited;
  }

  get warnings(): StatusWarning[] {
    const first = this.#invalid?.problems[0];
    if (first === undefined) return [];
    return [
      {
        code: 'CONFIG_INVALID',
        message: sayOfGateway('last-good-configuration', { problem: formatProblem(first) }),
        why: { code: 'last-good-configuration', values: { problem: problemWhy(first) } },
        hint: 'Check it with: xopc config validate',
      },
    ];
  }

  /** Returns what the next worker loads. */
  source(): ConfigSource {
    const hash = hashFiles(this.#edited);
    if (this.#invalid?.hash === hash && this.hasLastGood) {
      return { configSource: this.#paths.lastGoodConfigPath, modelsSource: this.#paths.lastGoodModelsPath, hash };
    }
    return this.editedSource(hash);
  }

  get hasLastGood(): boolean {
    return existsSync(this.#paths.lastGoodConfigPath) && existsSync(this.#paths.lastGoodModelsPath);
  }

  /** Records that the files with this hash are invalid. */
  reject(hash: string, problems: readonly Problem[]): void {
    this.#invalid = { hash, problems };
  }

  /** The files that users edit. @param hash  of their content when it was seen; default: now */
  editedSource(hash = hashFiles(this.#edited)): ConfigSource {
    return { configSource: this.#paths.configPath, modelsSource: this.#paths.modelsPath, hash };
  }

  /** Whether the files on disk have changed since this source was read. */
  isOutdated(source: ConfigSource): boolean {
    return hashFiles(this.#edited) !== source.hash;
  }

  /** Applies the settings of a source that a worker runs with. @returns false when the files on disk have changed since */
  accept(source: ConfigSource): boolean {
    if (source.configSource !== this.#paths.configPath || this.isOutdated(source)) return false;
    const settings = this.#tryResolve();
    if (Array.isArray(settings)) return false; // edited again meanwhile: the watch will report it
    this.#invalid = undefined;
    this.#settings = settings;
    return true;
  }

  /** Keeps the present content of the edited files as the last good one. Calls are carried out in order. */
  async keepLastGood(): Promise<void> {
    // Both read now: an edit while the first is written must not get into the second.
    const config = readOrDefault(this.#paths.configPath);
    const models = readOrDefault(this.#paths.modelsPath);
    const kept = this.#keeping.then(async () => {
      await keepCopy(config, this.#paths.lastGoodConfigPath);
      await keepVersion(this.#paths.configVersionsDir, config);
      await keepCopy(models, this.#paths.lastGoodModelsPath);
    });
    this.#keeping = kept.catch(() => undefined);
    await kept;
  }

  /** Our own keys of the edited file. @returns the problems that make it unusable; none when it can be tried */
  check(): readonly Problem[] {
    const result = this.#tryResolve();
    return Array.isArray(result) ? result : [];
  }

  #tryResolve(): SupervisorSettings | Problem[] {
    try {
      return this.#resolve();
    } catch (error) {
      if (!(error instanceof GatewayError)) throw error;
      const problems = error.details?.['problems'];
      return Array.isArray(problems) ? (problems as Problem[]) : [{ message: error.message }];
    }
  }

  #resolve(): SupervisorSettings {
    return resolveSettings({
      document: loadConfigFile({ path: this.#paths.configPath }),
      flags: this.#flags,
      environment: this.#environment,
    });
  }
}

function readOrDefault(path: string): string {
  return readConfigText(path) ?? TEXT_OF_NO_FILE;
}

async function keepCopy(text: string, to: string): Promise<void> {
  if (!hasText(to, text)) await writeFileAtomic(to, text);
}

function hasText(path: string, text: string): boolean {
  try {
    return readConfigText(path) === text;
  } catch (error) {
    if (error instanceof GatewayError) return false; // a damaged copy is written anew
    throw error;
  }
}
