/** Reads, checks and shows values of the configuration for the commands. */
import { schemaAt } from '../../../shared/config/describe-issue.js';
import { HIDDEN_SECRET, replaceSecrets } from '../../../shared/config/secrets.js';
import { closestMatch } from '../../../shared/text/closest-match.js';
import { shellCommand } from '../../../shared/text/shell-word.js';
import type { ConfigDocument, UnresolvedReference } from '../../../shared/config/document.js';
import { formatKey, isPrefix, showKey, valueAt, type KeyPath } from '../../../shared/config/key-path.js';
import { configJsonSchema, validateConfig, validateFiles } from '../../../shared/config/validate.js';
import { isFields } from '../../../shared/fields.js';
import { GatewayError, type Problem } from '../../../shared/errors.js';
import { editJsonc, type JsoncEdit } from '../../../shared/config/jsonc-edit.js';
import { filesInEffect, loadConfigFile } from '../../../shared/node/config/config-file.js';
import { configInvalid, parseConfigText } from '../../../shared/node/config/config-text.js';
import type { ConfigWriteOptions } from '../../../shared/node/config/config-write.js';
import { readLock } from '../../../shared/node/files/lock-record.js';
import type { GatewayPaths } from '../../../shared/node/process/paths.js';
import { isSameProcess } from '../../../shared/node/process/process-identity.js';

/** Returns a copy without secrets. */
export function hideSecrets(value: unknown, path: KeyPath = []): unknown {
  return replaceSecrets(value, () => HIDDEN_SECRET, path);
}

/**
 * Returns the problems of the configuration, by itself and with `models.json`: a model of an unknown provider would prevent the next start.
 * An unset variable is not a problem: the gateway may have variables that this shell does not have, and a running one reports what it rejects.
 */
export function configProblems(document: ConfigDocument, modelsPath: string): readonly Problem[] {
  const { config, references } = validateFiles(document, loadConfigFile({ path: modelsPath }), 'unknown');
  return [...config.problems, ...references];
}

export function writeOptions(paths: GatewayPaths): ConfigWriteOptions {
  const lock = readLock(paths.lockPath);
  const isRunning = lock !== undefined && isSameProcess(lock);
  return {
    path: paths.configPath,
    lockPath: paths.configLockPath,
    undoPath: paths.undoConfigPath,
    versionsDir: paths.configVersionsDir,
    validate: (document) => configProblems(document, paths.modelsPath),
    isInEffect: isRunning && filesInEffect(paths).includes(paths.configPath),
  };
}

/** Returns the warnings that the last change of the file caused, based on the variables of this shell. */
export function newWarnings({ configPath, undoConfigPath }: GatewayPaths): readonly Problem[] {
  const [now = [], before = []] = [configPath, undoConfigPath].map((path) => validateConfig(loadConfigFile({ path }), 'unknown').warnings);
  const known = new Set(before.map(({ key, message }) => `${key} ${message}`));
  return now.filter(({ key, message }) => !known.has(`${key} ${message}`));
}

/** Returns the keys in which two documents differ. */
export function changedKeys(now: unknown, before: unknown, path: KeyPath = []): string[] {
  if (!isFields(now) || !isFields(before)) return JSON.stringify(now) === JSON.stringify(before) ? [] : [showKey(path)];
  const keys = new Set([...Object.keys(now), ...Object.keys(before)]);
  return [...keys].flatMap((key) => changedKeys(now[key], before[key], [...path, key]));
}

/** The error for a key that is not in the schema, or undefined. */
export function unknownKey(path: KeyPath): GatewayError | undefined {
  const root = configJsonSchema();
  const known = path.findIndex((_segment, index) => schemaAt(root, path.slice(0, index + 1)) === undefined);
  if (known === -1) return undefined;
  const parent = path.slice(0, known);
  const names = Object.keys(schemaAt(root, parent)?.properties ?? {});
  const match = closestMatch(String(path[known]), names);
  const suggestion = match === undefined ? '' : `; did you mean '${formatKey([...parent, match])}'?`;
  return new GatewayError('NOT_FOUND', {
    message: `'${formatKey(path)}' is not a key of the configuration${suggestion}`,
    hint:
      names.length === 0
        ? 'List all keys with: xopc config schema'
        : `Known ${parent.length === 0 ? 'at the top' : `in ${formatKey(parent)}`}: ${names.join(', ')}`,
  });
}

/**
 * Returns the value from the file, or its default.
 * @throws CONFIG_INVALID; NOT_FOUND if it is not known here, because it refers to a variable that is not set
 */
export function effectiveValue(document: ConfigDocument, path: KeyPath): unknown {
  const { value: config, problems } = validateConfig(document, 'unknown');
  if (problems.length > 0) throw configInvalid(document.file, problems);
  const value = valueAt(config, path);
  // Something around the variable was left out with it.
  const isLeftOut = value === undefined && valueAt(document.raw, path) !== undefined;
  const unset = document.unresolved.find((at) => {
    const around = isLeftOut ? at.path.slice(0, -1) : at.path;
    return isPrefix(around, path) || (value === undefined && isPrefix(path, at.path));
  });
  if (unset === undefined) return value;
  throw new GatewayError('NOT_FOUND', {
    message: notSetHere(unset),
    hint: `See it as written with: ${shellCommand`xopc config get ${formatKey(path)} --raw`}`,
  });
}

/** Says that a value is not known here; the gateway may have the variable. */
export function notSetHere({ path, variable }: UnresolvedReference): string {
  return `${showKey(path)} refers to \${${variable}}, which is not set in this shell`;
}

function parseLiteral(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text;
  }
}

/**
 * Returns the edit that writes the default list which a path leads into: an edit of the path alone would begin an empty one. None if the
 * list is in the file, or has no default.
 */
export function listEdits(document: ConfigDocument, path: KeyPath): JsoncEdit[] {
  const { value } = validateConfig(document, 'unknown');
  const lists = path.flatMap((segment, index) => (typeof segment === 'number' ? [path.slice(0, index)] : []));
  const list = lists.find((at) => Array.isArray(valueAt(value, at)) && valueAt(document.raw, at) === undefined);
  return list === undefined ? [] : [{ path: list, value: valueAt(value, list) }];
}

function problemsWith(text: string, edits: readonly JsoncEdit[], file: string): readonly Problem[] {
  return validateConfig(parseConfigText(editJsonc(text, edits), file), 'unknown').problems;
}

/**
 * Parses a value of the command line: JSON if possible, otherwise text. If the schema accepts only one of the two (a name that looks like a
 * number), that one is used.
 * @param context.before  edits before that of the value
 */
export function interpretValue(
  given: string,
  context: { text: string; file: string; path: KeyPath; before: readonly JsoncEdit[] },
): unknown {
  const { text, file, path, before } = context;
  const isValid = (value: unknown): boolean => problemsWith(text, [...before, { path, value }], file).length === 0;
  const literal = parseLiteral(given);
  if (typeof literal === 'string' || isValid(literal)) return literal;
  return isValid(given) ? given : literal;
}
