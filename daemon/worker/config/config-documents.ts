/**
 * Gives the API access to the files that users edit: read with masked secrets, changed in place. Comments and masked secrets are
 * kept. The file watch applies a change.
 */
import type {
  ConfigRevision,
  ConfigSource,
  ConfigText,
  ConfigTextOutcome,
  ConfigVersion,
  ConfigView,
} from '../../../shared/api/gateway/config.js';
import type { Fields } from '../../../shared/fields.js';
import type { ConfigDocument } from '../../../shared/config/document.js';
import type { JsoncEdit } from '../../../shared/config/jsonc-edit.js';
import type { Config } from '../../../shared/config/schema.js';
import { findSecrets, maskSecrets } from '../../../shared/config/secrets.js';
import { configJsonSchema, validateFiles } from '../../../shared/config/validate.js';
import type { StatusDocument } from '../../../shared/api/gateway/status.js';
import { GatewayError, type Problem } from '../../../shared/errors.js';
import { createSerial } from '../../../shared/serial.js';
import { filesInEffect, loadConfigFile, readConfigText } from '../../../shared/node/config/config-file.js';
import { stripBom, TEXT_OF_NO_FILE, configInvalid, parseConfigText } from '../../../shared/node/config/config-text.js';
import {
  type ConfigVersion as StoredVersion,
  isVersionOf,
  listVersions,
  readVersion,
} from '../../../shared/node/config/config-versions.js';
import {
  changedMeanwhile,
  type ConfigWriteOptions,
  undoConfig,
  writeConfig,
  writeConfigText,
} from '../../../shared/node/config/config-write.js';
import type { GatewayPaths } from '../../../shared/node/process/paths.js';
import { pinsOf, sourcesOf } from './config-sources.js';
import { mergePatchEdits } from './merge-patch.js';
import { maskText, restoreText } from './secret-text.js';

export interface ConfigDocumentsOptions {
  readonly paths: GatewayPaths;
  /** The configuration in force, and the revision of its file. */
  readonly inForce: () => { readonly config: Config; readonly revision: string; readonly isTokenOverridden: boolean };
  readonly status: StatusService;
}

type File = 'config' | 'models';

/** @throws CONFIG_INVALID when the text is invalid or the file unreadable */
function readDocument(path: string): ConfigDocument {
  const document = loadConfigFile({ path });
  if (document.problems.length > 0) throw configInvalid(path, document.problems);
  return document;
}

function shown({ hash, raw }: ConfigDocument): ConfigRevision {
  return { revision: hash, config: maskSecrets(raw) as Record<string, unknown> };
}

function shownVersion(version: StoredVersion, revision: string): ConfigVersion {
  return { id: version.id, at: new Date(version.atMs).toISOString(), current: isVersionOf(version, revision) };
}

function throwNoVersion(id: string): never {
  throw new GatewayError('NOT_FOUND', {
    message: `there is no version '${id}'`,
    hint: 'List the versions with: GET /api/config/versions',
  });
}

/** Line and column are omitted, because the caller does not have the text that they refer to. */
function patchRefused(problems: readonly Problem[]): GatewayError {
  const issues = problems.map(({ key = '', message, code, values }) => ({
    path: key,
    message: `${key} ${message}`.trim(),
    ...(code === undefined ? {} : { code, values }),
  }));
  const more = issues.length > 1 ? ` (and ${issues.length - 1} more)` : '';
  const sentence = `Nothing was written: ${issues[0]?.message ?? 'the result would be invalid'}${more}`;
  return new GatewayError('INVALID_REQUEST', { message: sentence.replace(/(?<![?.])$/, '.'), details: { issues } });
}

/**
 * The API's operations on the files. All methods throw CONFIG_INVALID when the file on disk cannot be used; changes throw
 * INVALID_REQUEST when the result would be invalid, PRECONDITION_FAILED when the revision differs, and CONFLICT when another writer
 * does not finish.
 */
export type ConfigService = Pick<ConfigDocuments, keyof ConfigDocuments>;

/** Asks the supervisor. @throws UNAVAILABLE when it does not answer in 2 s */
export interface StatusService {
  read(): Promise<StatusDocument>;
}

export class ConfigDocuments {
  readonly #options: ConfigDocumentsOptions;
  /** Patches of this process wait here: those that poll the file's lock fail after 5 s. */
  readonly #inOrder = createSerial();

  constructor(options: ConfigDocumentsOptions) {
    this.#options = options;
  }

  async read(): Promise<ConfigView> {
    const { paths, status, inForce } = this.#options;
    const document = readDocument(paths.configPath);
    const { config, revision, isTokenOverridden } = inForce();
    // Only the supervisor knows its flags and environment. Without its answer the rest is still correct.
    const told = await status.read().catch(() => undefined);
    const { host, port } = told ?? config.gateway;
    const ofFile = sourcesOf(document, config, told?.sources);
    const sources: Record<string, ConfigSource> = isTokenOverridden ? { ...ofFile, 'gateway.auth.api_key': 'env' } : ofFile;
    return {
      ...shown(document),
      inForce: document.hash === revision,
      path: paths.configPath,
      effective: maskSecrets({ ...config, gateway: { ...config.gateway, host, port } }) as Record<string, unknown>,
      sources,
      pinned: pinsOf(sources),
    };
  }

  /** Applies a JSON merge patch (RFC 7396). */
  async patch(changes: Fields, { expectedRevision }: { expectedRevision?: string }): Promise<ConfigRevision> {
    return shown(await this.#patch('config', changes, expectedRevision));
  }

  async readText(): Promise<ConfigText> {
    const path = this.#options.paths.configPath;
    const text = stripBom(readConfigText(path) ?? TEXT_OF_NO_FILE);
    const { hash, problems } = loadConfigFile({ path });
    return { revision: hash, path, text: this.#mask(text), problems: [...problems] };
  }

  /** Replaces the whole text, or only validates it. Problems of the text are in the outcome. */
  async writeText(text: string, { dryRun, expectedRevision }: { dryRun: boolean; expectedRevision?: string }): Promise<ConfigTextOutcome> {
    const { configPath: path } = this.#options.paths;
    const stored = readConfigText(path);
    const before = loadConfigFile({ path });
    // Masks belong to the text that was read; they mean nothing in another text.
    if (!dryRun && expectedRevision !== undefined && expectedRevision !== before.hash) throw changedMeanwhile(path);
    const restored = restoreText(text, stripBom(stored ?? '{}'), this.#secrets());
    const problems = restored.problems.length > 0 || !dryRun ? restored.problems : this.#problemsOf(restored.text);
    if (dryRun || problems.length > 0) return { revision: before.hash, written: false, problems: [...problems] };
    return this.#replaceText(restored.text, expectedRevision ?? before.hash);
  }

  async #replaceText(text: string, expectedHash: string): Promise<ConfigTextOutcome> {
    const write = this.#writeOptions('config');
    try {
      const { hash } = await writeConfigText({ ...write, expectedHash }, text);
      return { revision: hash, written: true, problems: [] };
    } catch (error) {
      if (!(error instanceof GatewayError) || error.code !== 'CONFIG_INVALID') throw error;
      const problems = (error.details?.['problems'] as Problem[] | undefined) ?? [];
      return { revision: loadConfigFile({ path: write.path }).hash, written: false, problems };
    }
  }

  #problemsOf(text: string): readonly Problem[] {
    const document = parseConfigText(text, this.#options.paths.configPath);
    return document.problems.length > 0 ? document.problems : this.#problemsWith({ config: document });
  }

  /** Newest first. */
  async versions(): Promise<ConfigVersion[]> {
    const { configPath, configVersionsDir } = this.#options.paths;
    const { hash } = loadConfigFile({ path: configPath });
    return listVersions(configVersionsDir).map((version) => shownVersion(version, hash));
  }

  /** @throws NOT_FOUND */
  async readVersion(id: string): Promise<ConfigVersion & { readonly text: string }> {
    const found = (await this.versions()).find((version) => version.id === id);
    return { ...(found ?? throwNoVersion(id)), text: this.#mask(this.#versionText(id)) };
  }

  /** Replaces the file by a version. @throws NOT_FOUND */
  async restoreVersion(id: string, { expectedRevision }: { expectedRevision?: string }): Promise<ConfigTextOutcome> {
    const before = loadConfigFile({ path: this.#options.paths.configPath });
    return this.#replaceText(this.#versionText(id), expectedRevision ?? before.hash);
  }

  #versionText(id: string): string {
    return readVersion(this.#options.paths.configVersionsDir, id) ?? throwNoVersion(id);
  }

  #mask(text: string): string {
    return maskText(stripBom(text), this.#secrets());
  }

  #secrets(): string[] {
    return findSecrets(this.#options.inForce().config);
  }

  schema(): Fields {
    return configJsonSchema() as Fields;
  }

  async readModels(): Promise<ConfigRevision> {
    return shown(readDocument(this.#options.paths.modelsPath));
  }

  async patchModels(changes: Fields, { expectedRevision }: { expectedRevision?: string }): Promise<ConfigRevision> {
    return shown(await this.#patch('models', changes, expectedRevision));
  }

  /** Reverts the last change that xopc made to `models.json`. @throws NOT_FOUND when there is none */
  async undoModels({ expectedRevision }: { expectedRevision?: string }): Promise<ConfigRevision> {
    const expected = expectedRevision === undefined ? {} : { expectedHash: expectedRevision };
    return shown(await undoConfig({ ...this.#writeOptions('models'), ...expected }));
  }

  /** Checks both files together: references between them must resolve. */
  #problemsWith(changed: { config?: ConfigDocument; models?: ConfigDocument }): readonly Problem[] {
    const { paths } = this.#options;
    const configDocument = changed.config ?? loadConfigFile({ path: paths.configPath });
    const modelsDocument = changed.models ?? loadConfigFile({ path: paths.modelsPath });
    const { config, models, references } = validateFiles(configDocument, modelsDocument);
    const own = changed.config === undefined ? models.problems : config.problems;
    return own.length > 0 ? own : references;
  }

  #writeOptions(file: File): ConfigWriteOptions {
    const { paths } = this.#options;
    const path = file === 'config' ? paths.configPath : paths.modelsPath;
    return {
      path,
      lockPath: file === 'config' ? paths.configLockPath : paths.modelsLockPath,
      undoPath: file === 'config' ? paths.undoConfigPath : paths.undoModelsPath,
      ...(file === 'config' ? { versionsDir: paths.configVersionsDir } : {}),
      validate: (document) => this.#problemsWith({ [file]: document }),
      isInEffect: filesInEffect(paths).includes(path),
    };
  }

  /** The edits are made under the lock of the file, so that no change of another process is overwritten. */
  async #patch(file: File, changes: Fields, expectedRevision: string | undefined): Promise<ConfigDocument> {
    const options = this.#writeOptions(file);
    const expected = expectedRevision === undefined ? {} : { expectedHash: expectedRevision };
    const seen: { before?: ConfigDocument } = {};
    const editsOf = (before: ConfigDocument): JsoncEdit[] => {
      seen.before = before;
      return mergePatchEdits(before.raw, changes);
    };
    try {
      return await this.#inOrder(() => writeConfig({ ...options, ...expected }, editsOf));
    } catch (error) {
      const isInvalid = error instanceof GatewayError && error.code === 'CONFIG_INVALID';
      // If the file was already invalid, the problems are not caused by the patch.
      const isRefused = isInvalid && seen.before !== undefined && options.validate(seen.before).length === 0;
      throw isRefused ? patchRefused((error.details?.['problems'] as Problem[] | undefined) ?? []) : error;
    }
  }
}
