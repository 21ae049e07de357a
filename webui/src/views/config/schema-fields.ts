/** The JSON Schema of the configuration as rows of a form. What has no simple field is left to the file's text. */
import { isSecretName } from '../../../../shared/config/secrets.js';
import type { ConfigView } from '../../../../shared/api/gateway/config.js';
import { formatKey, type KeyPath, valueAt } from '../../../../shared/config/key-path.js';

/** The parts of JSON Schema that the gateway's uses. */
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
  readonly description?: string;
}

export type FieldKind = 'switch' | 'choice' | 'number' | 'text' | 'secret' | 'list' | 'other';

export interface Field {
  readonly path: KeyPath;
  /** `gateway.port`. */
  readonly key: string;
  readonly kind: FieldKind;
  readonly schema: Schema;
}

function kindOf(schema: Schema, name: string, value: unknown): FieldKind {
  const simple = schema.anyOf?.find(({ type }) => type !== 'null') ?? schema;
  if (isMask(value) || isSecretName(name)) return 'secret';
  if (simple.enum !== undefined) return 'choice';
  if (simple.type === 'boolean') return 'switch';
  if (simple.type === 'integer' || simple.type === 'number') return 'number';
  if (simple.type === 'string' && (typeof value === 'string' || value === undefined || value === null)) return 'text';
  const items = simple.items?.anyOf?.[0] ?? simple.items;
  if (simple.type === 'array' && items?.type === 'string') return 'list';
  return 'other';
}

export function isMask(value: unknown): value is { readonly $secret: true; readonly hint: string } {
  return typeof value === 'object' && value !== null && '$secret' in value;
}

/** The rows below one schema; objects with names of the user's own are followed where a value has them. */
function fieldsBelow(schema: Schema, path: KeyPath, value: unknown): Field[] {
  const own = schema.additionalProperties;
  if (schema.properties === undefined && typeof own === 'object' && typeof value === 'object' && value !== null && !isMask(value)) {
    return Object.entries(value).flatMap(([name, item]) => fieldsBelow(own, [...path, name], item));
  }
  if (schema.properties === undefined) {
    return [{ path, key: formatKey(path), kind: kindOf(schema, String(path.at(-1)), value), schema }];
  }
  return Object.entries(schema.properties)
    .filter(
      ([name, part]) => name !== '$schema' && (valueAt(value, [name]) !== undefined || part.properties === undefined || path.length < 1),
    )
    .flatMap(([name, part]) => fieldsBelow(part, [...path, name], valueAt(value, [name])));
}

export interface Section {
  readonly name: string;
  readonly fields: readonly Field[];
}

/** What the file has and the schema does not: an older or a newer gateway's, or a slip. It stays until it is taken out. */
function unknownFields(schema: Schema, value: unknown, path: KeyPath = []): Field[] {
  const { properties, additionalProperties: own } = schema;
  if (typeof value !== 'object' || value === null || Array.isArray(value) || isMask(value)) return [];
  return Object.entries(value).flatMap(([name, item]) => {
    const below = [...path, name];
    const part = properties?.[name] ?? (typeof own === 'object' ? own : undefined);
    if (part !== undefined) return unknownFields(part, item, below);
    if (properties === undefined) return [];
    return [{ path: below, key: formatKey(below), kind: 'other' as const, schema: {} }];
  });
}

/** By the first part of the key; those that are not known first, under no name. */
export function sectionsOf(schema: Schema, view: ConfigView): Section[] {
  const unknown = unknownFields(schema, view.config);
  const known = Object.entries(schema.properties ?? {})
    .filter(([name]) => name !== '$schema')
    .map(([name, part]) => ({ name, fields: fieldsBelow(part, [name], valueAt(view.effective, [name])) }))
    .filter(({ fields }) => fields.length > 0);
  return unknown.length === 0 ? known : [{ name: '', fields: unknown }, ...known];
}

/** What a field shows: what the file says, else what is in force. A file that is not in force yet is shown as it is, too. */
export function shownValue({ path, key }: Field, view: ConfigView): unknown {
  const inFile = valueAt(view.config, path);
  return inFile === undefined || view.pinned[key] !== undefined ? valueAt(view.effective, path) : inFile;
}

/** Whether the file sets it to something else than the default. */
export function isCustomised({ path, schema }: Field, view: ConfigView): boolean {
  const value = valueAt(view.config, path);
  return value !== undefined && JSON.stringify(value) !== JSON.stringify(schema.default);
}

/** A value as its field holds it. */
export function draftOf(kind: FieldKind, value: unknown): string {
  if (value === undefined || value === null || isMask(value)) return '';
  if (kind === 'list') return (value as readonly unknown[]).join('\n');
  return typeof value === 'string' ? value : JSON.stringify(value, null, 2);
}

/** What a field's text means; null takes the key out of the file. */
export function valueOf(kind: FieldKind, draft: string): unknown {
  if (kind === 'switch') return draft === 'true';
  if (kind === 'list')
    return draft
      .split('\n')
      .map((line) => line.trim())
      .filter(Boolean);
  if (draft === '') return null;
  if (kind === 'number') return /^-?\d+(\.\d+)?$/.test(draft.trim()) ? Number(draft) : draft;
  return draft;
}

/** Edits by path as one merge patch. */
export function patchOf(edits: readonly { readonly path: KeyPath; readonly value: unknown }[]): Record<string, unknown> {
  const patch: Record<string, unknown> = {};
  for (const { path, value } of edits) {
    let part = patch;
    for (const segment of path.slice(0, -1)) part = (part[segment] ??= {}) as Record<string, unknown>;
    part[String(path.at(-1))] = value;
  }
  return patch;
}

/** A change of these keys moves the gateway to another address, without a gap; every other key is in force at once. */
export const REBOUND_KEYS: readonly string[] = ['gateway.host', 'gateway.port'];

export const isRebound = (key: string): boolean => REBOUND_KEYS.includes(key);
