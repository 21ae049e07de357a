/**
 * Validates a configuration document and describes its problems with file, line, column and key. It loads zod, which the
 * supervisor does not.
 */
import type { z } from 'zod';
import type { Problem } from '../errors.js';
import { explain, type Explained, isReason, reason, type Reason, reasonOfText } from '../text/reasons.js';
import { allowed, inputSchema, schemaAt, type SchemaNode, shownValue, unknownKey } from './describe-issue.js';
import { type ConfigDocument, describeFirst, MAX_LISTED, problemAt } from './document.js';
import { GUIDE_PROVIDER } from './defaults.js';
import { HEADER_NAME } from './fields.js';
import { OMIT, rebuild, type Rebuilt } from './interpolate.js';
import { formatKey, isPrefix, showKey, valueAt, type KeyPath } from './key-path.js';
import { findUnusable, findUnknownProviders } from './references.js';
import { isMaskAt } from './secrets.js';
import { modelsSchema, type ModelsDocument } from './models-schema.js';
import { configSchema, type Config } from './schema.js';

export interface Validation<T> {
  /** The configuration with all defaults filled in; undefined when there are problems. */
  readonly value: T | undefined;
  readonly problems: readonly Problem[];
  /** Items that are not configured because a variable is not set, and names that are unknown or invalid. */
  readonly warnings: readonly Problem[];
}

type Issue = z.core.$ZodIssue;

/** Each round omits items one level further out, so there are at most as many rounds as levels. */
const MAX_ROUNDS = 64;

function toKeyPath(path: readonly PropertyKey[]): KeyPath {
  return path.map((segment) => (typeof segment === 'number' ? segment : String(segment)));
}

/** The reason that a schema check has added to its message. */
const reasonIn = (params: Record<string, unknown> | undefined): Partial<Reason> => {
  const given = params?.['reason'];
  return isReason(given) ? given : {};
};

/** The keys of which a schema check requires one. */
const neededKeys = (params: Record<string, unknown> | undefined): readonly string[] => {
  const given = params?.['needed'];
  return Array.isArray(given) ? given.map(String) : [];
};

class IssueReader {
  readonly #document: ConfigDocument;
  readonly #pruned: Rebuilt;
  readonly #root: SchemaNode;

  constructor(document: ConfigDocument, pruned: Rebuilt, root: SchemaNode) {
    this.#document = document;
    this.#pruned = pruned;
    this.#root = root;
  }

  read(issue: Issue, parent: KeyPath = []): Problem[] {
    const path = [...parent, ...toKeyPath(issue.path)];
    switch (issue.code) {
      case 'unrecognized_keys':
        return issue.keys
          .slice(0, MAX_LISTED + 1)
          .map((key) => this.#problem([...path, key], explain(unknownKey(key, schemaAt(this.#root, path))), 'key'));
      case 'invalid_key':
        return [this.#problem(path, this.#invalidName(issue.issues[0]?.message), 'key')];
      case 'custom':
        return [this.#problem(path, { message: issue.message, ...reasonOfText(issue.message), ...reasonIn(issue.params) })];
      case 'invalid_union':
        return this.#readUnion(issue.errors, path);
      default:
        return [this.#problem(path, this.#wrongValue(issue, path))];
    }
  }

  /** Reports the problems inside the branch whose shape the value has; otherwise what the branches allow. */
  #readUnion(branches: readonly (readonly Issue[])[], path: KeyPath): Problem[] {
    const meant = branches.find((issues) => issues.every((issue) => issue.path.length > 0 || issue.code !== 'invalid_type'));
    if (meant !== undefined) return meant.flatMap((issue) => this.read(issue, path));
    return [this.#problem(path, explain(reason('wrong-value', { shown: this.#shown(path), allowed: this.#allowed(path) })))];
  }

  #invalidName(rule = 'must be another one'): Explained {
    return explain(reason('invalid-name', { rule: reasonOfText(rule) ?? rule }));
  }

  #wrongValue(issue: Issue, path: KeyPath): Explained {
    const shown = this.#shown(path);
    // Patterns have their own messages.
    if (issue.code === 'invalid_format' && issue.message.startsWith('must '))
      return explain(reason('breaks-rule', { shown, rule: reasonOfText(issue.message) ?? issue.message }));
    return explain(reason('wrong-value', { shown, allowed: this.#allowed(path) }));
  }

  #allowed(path: KeyPath): Reason {
    return allowed(schemaAt(this.#root, path) ?? {});
  }

  #shown(path: KeyPath): Reason {
    const textPath = this.textPath(path);
    return shownValue(valueAt(this.#document.raw, textPath), textPath);
  }

  textPath(path: KeyPath): KeyPath {
    return this.#document.textPath(this.#pruned.sourcePath(path));
  }

  #problem(path: KeyPath, what: Explained, part: 'key' | 'value' = 'value'): Problem {
    const textPath = this.textPath(path);
    return problemAt(this.#document, textPath, { key: showKey(textPath), ...what, part });
  }
}

/** Returns the paths of values whose absence would explain an issue. */
function neededPaths(issue: Issue): KeyPath[] {
  const path = toKeyPath(issue.path);
  const below = (ends: readonly KeyPath[]): KeyPath[] => ends.map((end) => [...path, ...end]);
  if (issue.code === 'invalid_union') return below(issue.errors.flat().flatMap(neededPaths));
  if (issue.code === 'custom') return below(neededKeys(issue.params).map((key) => [key]));
  return issue.code === 'invalid_type' ? [path] : [];
}

/**
 * Returns the enclosing item to omit if a value that it requires was omitted because of an unset variable. Paths are those of
 * `document.value`.
 */
function itemToDrop(issue: Issue, isLeftOut: (path: KeyPath) => boolean, pruned: Rebuilt): KeyPath | undefined {
  const needed = neededPaths(issue).map((path) => pruned.sourcePath(path));
  return needed.find((path) => path.length > 1 && isLeftOut(path))?.slice(0, -1);
}

/** Returns the outermost omitted item around a path, or the path itself. */
function leftOutItem(path: KeyPath, droppedTextKeys: ReadonlySet<string>): KeyPath {
  const length = path.findIndex((_segment, index) => droppedTextKeys.has(formatKey(path.slice(0, index))));
  return length === -1 ? path : path.slice(0, length);
}

function makeWarnings(document: ConfigDocument, dropped: readonly KeyPath[]): Problem[] {
  const droppedTextKeys = new Set(dropped.map((item) => formatKey(document.textPath(item))));
  return describeFirst(document, document.unresolved, ({ path, variable }) => {
    const item = leftOutItem(path, droppedTextKeys);
    return [problemAt(document, path, { key: showKey(path), ...explain(reason('unset-variable', { variable, key: showKey(item) })) })];
  });
}

/** Finds masks in place of secrets; if stored, they would lock their owner out. */
function findMasks(document: ConfigDocument): Problem[] {
  const masks: KeyPath[] = [];
  rebuild(document.value, (value, path) => {
    if (!isMaskAt(value, path)) return value;
    masks.push(document.textPath(path));
    return OMIT;
  });
  const what = explain(reason('masked-secret', { variable: 'VARIABLE' }));
  return describeFirst(document, masks, (path) => [problemAt(document, path, { key: showKey(path), ...what })]);
}

/** @returns undefined for more problems than zod can pass on: as arguments of a call, which overflow the stack */
function tryParse<T>(schema: z.ZodType<T>, value: unknown): z.ZodSafeParseResult<T> | undefined {
  try {
    // Compiling a parser does not pay off for one use per start.
    return schema.safeParse(value, { jitless: true });
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

/** Validates a document against a schema. Never throws. */
export function validateDocument<T>(document: ConfigDocument, schema: z.ZodType<T>): Validation<T> {
  if (document.problems.length > 0) return { value: undefined, problems: document.problems, warnings: [] };
  const masks = findMasks(document);
  if (masks.length > 0) return { value: undefined, problems: masks, warnings: [] };
  const dropped: KeyPath[] = [];
  const unresolvedKeys = new Set(document.unresolved.map((reference) => formatKey(reference.path)));
  for (let round = 0; ; round += 1) {
    const droppedKeys = new Set(dropped.map(formatKey));
    const isDropped = (path: KeyPath): boolean => droppedKeys.size > 0 && droppedKeys.has(formatKey(path));
    const pruned = rebuild(document.value, (value, path) => (isDropped(path) ? OMIT : value));
    const isLeftOut = (path: KeyPath): boolean => isDropped(path) || unresolvedKeys.has(formatKey(document.textPath(path)));
    const result = tryParse(schema, pruned.value);
    if (result === undefined)
      return { value: undefined, problems: [{ file: document.file, ...explain(reason('too-many-problems')) }], warnings: [] };
    if (result.success) return { value: result.data, problems: [], warnings: makeWarnings(document, dropped) };
    const items = result.error.issues.map((issue) => itemToDrop(issue, isLeftOut, pruned)).filter((path) => path !== undefined);
    if (items.length === 0 || round === MAX_ROUNDS) {
      const reader = new IssueReader(document, pruned, inputSchema(schema));
      return {
        value: undefined,
        problems: describeFirst(document, result.error.issues, (issue) => reader.read(issue)),
        warnings: makeWarnings(document, dropped),
      };
    }
    dropped.push(...items);
  }
}

/**
 * Whether the variables that a document was filled with are the gateway's. They are not known in a shell other than that of its start:
 * what is missing there may be set for the gateway.
 */
export type Variables = 'known' | 'unknown';

/** Values that an unset variable must not remove, and what would happen otherwise. */
const NEVER_LEFT_OUT: readonly { readonly path: KeyPath; readonly code: 'unset-restriction' | 'unset-store' | 'unset-host' }[] = [
  { path: ['gateway', 'host'], code: 'unset-host' },
  { path: ['gateway', 'allowedIps'], code: 'unset-restriction' },
  { path: ['gateway', 'auth', 'enabled'], code: 'unset-restriction' },
  { path: ['store', 'url'], code: 'unset-store' },
];

function findNeverLeftOut(document: ConfigDocument): Problem[] {
  return document.unresolved.flatMap(({ path, variable }) => {
    const kept = NEVER_LEFT_OUT.find((one) => isPrefix(one.path, path));
    if (kept === undefined) return [];
    return [problemAt(document, path, { key: showKey(path), ...explain(reason(kept.code, { variable })) })];
  });
}

/**
 * Validates `config.json`.
 * @param variables  unknown: one that is not set is only a warning, and the value has the default in place of what refers to it
 */
export function validateConfig(document: ConfigDocument, variables: Variables = 'known'): Validation<Config> {
  const { value, ...found } = validateDocument(document, configSchema);
  const unset = findNeverLeftOut(document);
  const problems = variables === 'known' ? [...found.problems, ...unset] : found.problems;
  if (value === undefined || problems.length > 0) return { value: undefined, problems, warnings: found.warnings };
  const others = found.warnings.filter(({ key }) => !unset.some((warning) => warning.key === key));
  return { value, problems, warnings: [...unset, ...others, ...findUnusable(document, value)] };
}

/** JSON Schema of `config.json` for editors (`$schema`) and `xopc config schema`. */
export function configJsonSchema(): SchemaNode {
  return inputSchema(configSchema);
}

/** Finds invalid header names. They are warnings, because only their provider cannot be used. */
function findBadHeaders(document: ConfigDocument, { providers }: ModelsDocument): Problem[] {
  const bad = Object.entries(providers).flatMap(([id, { headers = {} }]) =>
    Object.keys(headers).flatMap((name): KeyPath[] => (HEADER_NAME.test(name) ? [] : [['providers', id, 'headers', name]])),
  );
  const what = explain(reason('header-name'));
  return describeFirst(document, bad, (path) => [problemAt(document, path, { key: showKey(path), ...what, part: 'key' })]);
}

/** A provider with the name of the built-in guide is a warning, because a gateway that has one must start. */
function findHiddenProvider(document: ConfigDocument, { providers }: ModelsDocument): Problem[] {
  const path = ['providers', GUIDE_PROVIDER];
  return GUIDE_PROVIDER in providers ? [problemAt(document, path, { key: showKey(path), ...explain(reason('own-provider')) })] : [];
}

/** Validates `models.json`. */
export function validateModels(document: ConfigDocument): Validation<ModelsDocument> {
  const validation = validateDocument(document, modelsSchema);
  if (validation.value === undefined) return validation;
  const { value, warnings } = validation;
  return { ...validation, warnings: [...warnings, ...findBadHeaders(document, value), ...findHiddenProvider(document, value)] };
}

export interface ValidatedFiles {
  readonly config: Validation<Config>;
  readonly models: Validation<ModelsDocument>;
  /** Problems of what `config.json` refers to in `models.json`; known only if both are valid by themselves. */
  readonly references: readonly Problem[];
}

/** Validates `config.json` and `models.json`, and the references between them. @param variables  as of {@link validateConfig} */
export function validateFiles(document: ConfigDocument, modelsDocument: ConfigDocument, variables?: Variables): ValidatedFiles {
  const config = validateConfig(document, variables);
  const models = validateModels(modelsDocument);
  if (config.value === undefined || models.value === undefined) return { config, models, references: [] };
  const { file: modelsFile, exists: modelsExist, raw } = modelsDocument;
  // A provider that is left out because of a variable exists for a gateway that has it.
  const { providers = {} } = variables === 'unknown' ? (raw as Partial<ModelsDocument>) : models.value;
  const files = { document, config: config.value, models: { ...models.value, providers }, modelsFile, modelsExist };
  return { config, models, references: findUnknownProviders(files) };
}
