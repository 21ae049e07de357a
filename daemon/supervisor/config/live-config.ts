/**
 * The configuration in force: the file that users edit, or the copy that a worker last ran with while the edited file is known to
 * be invalid. A broken edit never takes down a running gateway.
 */
import { existsSync } from 'node:fs';
import type { StatusWarning } from '../../../shared/api/gateway/status.js';
import { formatProblem, GatewayError, type Problem, problemWhy } from '../../../shared/errors.js';
import { writeFilesAtomic } from '../../../shared/node/files/atomic-file.js';
import { filesInEffect, findRemoved, loadConfigFile, readConfigText } from '../../../shared/node/config/config-file.js';
import { removedHint, TEXT_OF_NO_FILE } from '../../../shared/node/config/config-text.js';
import { keepVersion } from '../../../shared/node/config/config-versions.js';
import type { GatewayEnvironment } from '../../../shared/node/process/env.js';
import type { GatewayPaths } from '../../../shared/node/process/paths.js';
import { sayOfGateway } from '../../../shared/text/sentences/gateway.js';
import { hashFiles } from './config-watch.js';
import { resolveSettings, type SettingsFlags, type SupervisorSettings } from './settings.js';

export interface ConfigSource {
  readonly configSource: string;
  readonly modelsSource: string;
  /** Hash of the files that the worker reads, to detect later changes. */
  readonly hash: string;
}

export class LiveConfig {
  readonly #paths: GatewayPaths;
  readonly #flags: SettingsFlags;
  readonly #environment: GatewayEnvironment;
  readonly #edited: readonly string[];
  #settings: SupervisorSettings;
  #keeping: Promise<void> = Promise.resolve();
  /** The edited files that are in effect. If one is missing now, it was removed. */
  #existing: readonly string[] = [];
  #invalid: { hash: string; problems: readonly Problem[] } | undefined;

  /**
   * @param options.rejected  problems of the edited files if a start after a crash uses the last good ones instead
   * @throws CONFIG_INVALID for a file that cannot be used at any other start, which has no copy to fall back to
   */
  constructor(options: {
    paths: GatewayPaths;
    flags: SettingsFlags;
    environment: GatewayEnvironment;
    rejected?: readonly Problem[] | undefined;
  }) {
    this.#paths = options.paths;
    this.#flags = options.flags;
    this.#environment = options.environment;
    this.#edited = [options.paths.configPath, options.paths.modelsPath];
    const { rejected = [] } = options;
    if (rejected.length > 0) this.reject(hashFiles(this.#edited), rejected);
    if (rejected.length > 0) this.#existing = filesInEffect(options.paths);
    else this.noteFiles();
    this.#settings = this.#resolve(rejected.length > 0 ? this.source().configSource : this.#paths.configPath);
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
        hint: first.code === 'file-removed' ? removedHint(first.file ?? '') : 'Check it with: xopc config validate',
      },
    ];
  }

  /** Returns the source that the next worker loads. */
  source(): ConfigSource {
    const hash = hashFiles(this.#edited);
    const isInvalid = this.#invalid?.hash === hash || this.removed().length > 0;
    if (isInvalid && this.hasLastGood) {
      return { configSource: this.#paths.lastGoodConfigPath, modelsSource: this.#paths.lastGoodModelsPath, hash };
    }
    return this.editedSource(hash);
  }

  get hasLastGood(): boolean {
    return existsSync(this.#paths.lastGoodConfigPath) && existsSync(this.#paths.lastGoodModelsPath);
  }

  /** Records which of the edited files exist; called when they come into effect. */
  noteFiles(): void {
    this.#existing = this.#edited.filter((file) => findRemoved([file]).length === 0);
  }

  /** Returns the problems of files that were in effect and are missing now. */
  removed(): readonly Problem[] {
    return findRemoved(this.#existing);
  }

  /** Records that the files with this hash are invalid. */
  reject(hash: string, problems: readonly Problem[]): void {
    this.#invalid = { hash, problems };
  }

  /**
   * Returns the source for the files that users edit.
   * @param hash  of their content when they were read; default: their current content
   */
  editedSource(hash = hashFiles(this.#edited)): ConfigSource {
    return { configSource: this.#paths.configPath, modelsSource: this.#paths.modelsPath, hash };
  }

  /** Whether the files on disk have changed since this source was read. */
  isOutdated(source: ConfigSource): boolean {
    return hashFiles(this.#edited) !== source.hash;
  }

  /** Applies the settings of the source that a worker runs with. @returns false when the files on disk have changed since */
  accept(source: ConfigSource): boolean {
    if (source.configSource !== this.#paths.configPath || this.isOutdated(source)) return false;
    const settings = this.#tryResolve();
    if (Array.isArray(settings)) return false; // edited again meanwhile: the watch will report it
    this.#invalid = undefined;
    this.noteFiles();
    this.#settings = settings;
    return true;
  }

  /** Saves the current content of the edited files as the last good configuration. Calls run in order. */
  async keepLastGood(): Promise<void> {
    // Reads both files first, so that an edit during the first write cannot get into the second.
    const config = readOrDefault(this.#paths.configPath);
    const copies = [
      { path: this.#paths.lastGoodConfigPath, data: config },
      { path: this.#paths.lastGoodModelsPath, data: readOrDefault(this.#paths.modelsPath) },
    ];
    const kept = this.#keeping.then(async () => {
      // Together: the one may be invalid with the former version of the other.
      await writeFilesAtomic(copies.filter(({ path, data }) => !hasText(path, data)));
      await keepVersion(this.#paths.configVersionsDir, config);
    });
    this.#keeping = kept.catch(() => undefined);
    await kept;
  }

  /**
   * Checks the supervisor's own keys in the edited file, and that no file was removed.
   * @returns the problems that make it unusable; an empty list when it can be tried
   */
  check(): readonly Problem[] {
    const removed = this.removed();
    if (removed.length > 0) return removed;
    const result = this.#tryResolve();
    return Array.isArray(result) ? result : [];
  }

  #tryResolve(): SupervisorSettings | Problem[] {
    try {
      return this.#resolve(this.#paths.configPath);
    } catch (error) {
      if (!(error instanceof GatewayError)) throw error;
      const problems = error.details?.['problems'];
      return Array.isArray(problems) ? (problems as Problem[]) : [{ message: error.message }];
    }
  }

  #resolve(path: string): SupervisorSettings {
    return resolveSettings({
      document: loadConfigFile({ path }),
      flags: this.#flags,
      environment: this.#environment,
    });
  }
}

function readOrDefault(path: string): string {
  return readConfigText(path) ?? TEXT_OF_NO_FILE;
}

function hasText(path: string, text: string): boolean {
  try {
    return readConfigText(path) === text;
  } catch (error) {
    if (error instanceof GatewayError) return false; // a damaged copy is rewritten
    throw error;
  }
}
