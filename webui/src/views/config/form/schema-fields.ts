/** The JSON Schema of the configuration as rows of a form. Settings without a simple field are edited in the file's text. */
import { isSecretMask, isSecretName } from '../../../../../shared/config/secrets.js';
import type { ConfigView } from '../../../../../shared/api/gateway/config.js';
import { formatKey, type KeyPath, valueAt } from '../../../../../shared/config/key-path.js';

/** The parts of JSON Schema that the gateway uses. */
export interface Schema {
  readonly type?: string;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly additionalProperties?: boolean | Schema;
  readonly items?: Schema;
  readonly enum?: readonly string[];
  readonly anyOf?: readonly Schema[];
  readonly default?: unknown;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly maxLength?: number;
}

type FieldKind = 'switch' | 'choice' | 'number' | 'text' | 'lines' | 'secret' | 'list' | 'other';

/** Texts that may be as long have several lines. */
const LINES_FROM_LENGTH = 10_000;

export interface Field {
  readonly path: KeyPath;
  /** `gateway.port`. */
  readonly key: string;
  readonly kind: FieldKind;
  readonly schema: Schema;
}

function kindOf(schema: Schema, name: string, value: unknown): FieldKind {
  const simple = schema.anyOf?.find(({ type }) => type !== 'null') ?? schema;
  if (isSecretMask(value) || isSecretName(name)) return 'secret';
  if (simple.enum !== undefined) return 'choice';
  if (simple.type === 'boolean') return simple.default === undefined ? 'choice' : 'switch';
  if (simple.type === 'integer' || simple.type === 'number') return 'number';
  if (simple.type === 'string' && (typeof value === 'string' || value === undefined || value === null))
    return (simple.maxLength ?? 0) >= LINES_FROM_LENGTH ? 'lines' : 'text';
  const items = simple.items?.anyOf?.[0] ?? simple.items;
  if (simple.type === 'array' && items?.type === 'string') return 'list';
  return 'other';
}

/** Whether groups of settings below it are shown while they are not set: those of accounts, and those of whole sections. */
const isOffered = (path: KeyPath): boolean => path.length < 1 || path.at(-2) === 'accounts';

/** Returns the rows below a schema. Objects with user-defined names have the rows of the names in the value; a map of texts is one row. */
function fieldsBelow(schema: Schema, path: KeyPath, value: unknown): Field[] {
  const own = schema.additionalProperties;
  if (
    schema.properties === undefined &&
    typeof own === 'object' &&
    own.properties !== undefined &&
    typeof value === 'object' &&
    value !== null &&
    !isSecretMask(value)
  ) {
    return Object.entries(value).flatMap(([name, item]) => fieldsBelow(own, [...path, name], item));
  }
  if (schema.properties === undefined) {
    return [{ path, key: formatKey(path), kind: kindOf(schema, String(path.at(-1)), value), schema }];
  }
  return Object.entries(schema.properties)
    .filter(
      ([name, part]) => name !== '$schema' && (valueAt(value, [name]) !== undefined || part.properties === undefined || isOffered(path)),
    )
    .flatMap(([name, part]) => fieldsBelow(part, [...path, name], valueAt(value, [name])));
}

export interface Section {
  readonly name: string;
  readonly fields: readonly Field[];
}

/** Returns the keys of the file that the schema lacks: from another version of the gateway, or misspelled. They stay until removed. */
function unknownFields(schema: Schema, value: unknown, path: KeyPath = []): Field[] {
  const { properties, additionalProperties: own } = schema;
  if (typeof value !== 'object' || value === null || Array.isArray(value) || isSecretMask(value)) return [];
  return Object.entries(value).flatMap(([name, item]) => {
    const below = [...path, name];
    const part = properties?.[name] ?? (typeof own === 'object' ? own : undefined);
    if (part !== undefined) return unknownFields(part, item, below);
    if (properties === undefined) return [];
    return [{ path: below, key: formatKey(below), kind: 'other' as const, schema: {} }];
  });
}

/** Whether a list is the same after it was edited in lines: no item is hidden, empty, has several lines, or spaces around it. */
const isLines = (list: readonly unknown[]): boolean => list.every((item) => typeof item === 'string' && /^\S(?:.*\S)?$/.test(item));

function withControl(field: Field, view: ConfigView): Field {
  const value = field.kind === 'list' ? shownValue(field, view) : undefined;
  return Array.isArray(value) && !isLines(value) ? { ...field, kind: 'other' } : field;
}

/** Groups the settings by the first part of the key; unknown keys come first, under an empty name. */
export function sectionsOf(schema: Schema, view: ConfigView): Section[] {
  const unknown = unknownFields(schema, view.config);
  const known = Object.entries(schema.properties ?? {})
    .filter(([name]) => name !== '$schema')
    .map(([name, part]) => ({ name, fields: fieldsBelow(part, [name], valueAt(view.effective, [name])) }))
    .map(({ name, fields }) => ({ name, fields: fields.map((field) => withControl(field, view)) }))
    .filter(({ fields }) => fields.length > 0);
  return unknown.length === 0 ? known : [{ name: '', fields: unknown }, ...known];
}

/** Returns the value to show: that of the file, even where it is not in force yet, else the one in force. */
export function shownValue({ path, key }: Field, view: ConfigView): unknown {
  const inFile = valueAt(view.config, path);
  return inFile === undefined || view.pinned[key] !== undefined ? valueAt(view.effective, path) : inFile;
}

/** Returns whether the file sets it to another value than the default. */
export function isCustomised({ path, schema }: Field, view: ConfigView): boolean {
  const value = valueAt(view.config, path);
  return value !== undefined && JSON.stringify(value) !== JSON.stringify(schema.default);
}

/** Returns a value as the text of its field. */
export function draftOf(kind: FieldKind, value: unknown): string {
  if (value === undefined || value === null || isSecretMask(value)) return '';
  if (kind === 'list') return (value as readonly unknown[]).join('\n');
  return typeof value === 'string' ? value : JSON.stringify(value, null, 2);
}

/** Returns the value of a field's text; null removes the key from the file. */
export function valueOf(kind: FieldKind, draft: string): unknown {
  if (kind === 'switch') return draft === 'true';
  if (kind === 'list')
    return draft
      .split('\n')
      .map((line) => line.trim())
      .filter(Boolean);
  if (draft === '') return null;
  if (kind === 'choice' && (draft === 'true' || draft === 'false')) return draft === 'true';
  if (kind === 'number') return /^-?\d+(\.\d+)?$/.test(draft.trim()) ? Number(draft) : draft;
  return draft;
}

/** Returns edits by path as one merge patch. */
export function patchOf(edits: readonly { readonly path: KeyPath; readonly value: unknown }[]): Record<string, unknown> {
  const patch: Record<string, unknown> = {};
  for (const { path, value } of edits) {
    let part = patch;
    for (const segment of path.slice(0, -1)) part = (part[segment] ??= {}) as Record<string, unknown>;
    part[String(path.at(-1))] = value;
  }
  return patch;
}

/** Whether a change of the key moves the gateway to another address without an interruption; every other key is in force at once. */
export const isRebound = (key: string): boolean => key === 'gateway.host' || key === 'gateway.port';
