/** Describes a schema issue: the value and what is allowed. */
import * as z from 'zod';
import { closestMatch } from '../text/closest-match.js';
import { reason, type Reason, say } from '../text/reasons.js';
import { escapeJsonControls } from '../log/escape.js';
import type { KeyPath } from './key-path.js';
import { HIDDEN_SECRET, hidesValue, isSecret } from './secrets.js';

/** The parts of JSON Schema that the configuration's schemas use. */
export interface SchemaNode {
  readonly type?: string;
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly format?: string;
  readonly properties?: Readonly<Record<string, SchemaNode>>;
  readonly additionalProperties?: SchemaNode | boolean;
  readonly items?: SchemaNode;
  readonly anyOf?: readonly SchemaNode[];
}

/** Returns the JSON Schema of the input that a person may write. */
export function inputSchema(schema: z.ZodType): SchemaNode {
  return z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }) as SchemaNode;
}

function childNode(node: SchemaNode, segment: string | number): SchemaNode | undefined {
  for (const branch of node.anyOf ?? []) {
    const found = childNode(branch, segment);
    if (found !== undefined) return found;
  }
  if (typeof segment === 'number') return node.items;
  const property = node.properties?.[segment];
  if (property !== undefined) return property;
  return typeof node.additionalProperties === 'object' ? node.additionalProperties : undefined;
}

/** Returns the node that describes the value at `path`. */
export function schemaAt(root: SchemaNode, path: KeyPath): SchemaNode | undefined {
  return path.reduce<SchemaNode | undefined>((node, segment) => (node === undefined ? undefined : childNode(node, segment)), root);
}

function allowedNumber(node: SchemaNode): Reason {
  const kind = node.type === 'integer' ? 'int' : 'number';
  const min = node.minimum !== undefined && node.minimum > Number.MIN_SAFE_INTEGER ? node.minimum : undefined;
  const max = node.maximum !== undefined && node.maximum < Number.MAX_SAFE_INTEGER ? node.maximum : undefined;
  if (min !== undefined && max !== undefined) return reason(`${kind}-range`, { min, max });
  if (min !== undefined) return reason(`${kind}-from`, { min });
  return max === undefined ? reason(`type-${kind}`) : reason(`${kind}-to`, { max });
}

function allowedText(node: SchemaNode): Reason {
  if (node.format === 'uri') return reason('url');
  if (node.maxLength !== undefined) return reason('text-range', { min: node.minLength ?? 0, max: node.maxLength });
  if (node.minLength !== undefined && node.minLength > 1) return reason('text-from', { min: node.minLength });
  return reason(node.minLength === 1 ? 'text-not-empty' : 'text');
}

function either(choices: readonly SchemaNode[]): Reason {
  const [first = reason('type-other'), ...others] = new Map(choices.map(allowed).map((one) => [say(one), one])).values();
  return others.reduce((before, second) => reason('either', { first: before, second }), first);
}

/** Returns what is allowed, as a phrase that follows "must be". */
export function allowed(node: SchemaNode): Reason {
  if (node.enum !== undefined) return reason('one-of', { values: node.enum.map((value) => JSON.stringify(value)).join(', ') });
  if (node.const !== undefined) return reason('exactly', { value: JSON.stringify(node.const) });
  if (node.anyOf !== undefined) return either(node.anyOf);
  switch (node.type) {
    case 'integer':
    case 'number':
      return allowedNumber(node);
    case 'string':
      return allowedText(node);
    case 'boolean':
      return reason('type-boolean');
    case 'array':
      return reason('list');
    case 'object':
      return reason('object');
    case 'null':
      return reason('type-null');
    default:
      return reason('type-other');
  }
}

const MAX_SHOWN_LENGTH = 60;

function hideSecret(key: string, value: unknown): unknown {
  return typeof value !== 'boolean' && hidesValue(key) ? HIDDEN_SECRET : value;
}

/** Returns a value as a phrase: one line, shortened, without control or direction characters and without secrets. */
export function shownValue(value: unknown, path: KeyPath): Reason {
  if (value === undefined) return reason('required');
  // A list or an object in the place of a secret may contain the secret.
  if (isSecret(typeof value === 'object' ? '' : value, path)) return reason('invalid-value');
  if (typeof value === 'number' && Math.abs(value) > Number.MAX_SAFE_INTEGER)
    return reason('beyond-safe', { max: String(Number.MAX_SAFE_INTEGER) });
  const text = escapeJsonControls(JSON.stringify(value, hideSecret));
  return reason('is-value', { value: text.length > MAX_SHOWN_LENGTH ? `${text.slice(0, MAX_SHOWN_LENGTH)}…` : text });
}

/** Returns a phrase with the closest known key, or all known keys. */
export function unknownKey(key: string, node: SchemaNode | undefined): Reason {
  const known = Object.keys(node?.properties ?? node?.anyOf?.find((branch) => branch.properties)?.properties ?? {}).filter(
    (name) => name !== '$schema',
  );
  const name = closestMatch(key, known);
  if (name !== undefined) return reason('unknown-key-near', { name });
  return known.length === 0 ? reason('unknown-key') : reason('unknown-key-known', { names: known.join(', ') });
}
