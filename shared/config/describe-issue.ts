/** Describes an issue of a schema in one sentence: the value and what is allowed. */
import * as z from 'zod';
import { closestMatch } from '../text/closest-match.js';
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

/** Returns the JSON Schema of what a person may write. */
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

function describeNumber(node: SchemaNode): string {
  const kind = node.type === 'integer' ? 'a whole number' : 'a number';
  const min = node.minimum !== undefined && node.minimum > Number.MIN_SAFE_INTEGER ? node.minimum : undefined;
  const max = node.maximum !== undefined && node.maximum < Number.MAX_SAFE_INTEGER ? node.maximum : undefined;
  if (min !== undefined && max !== undefined) return `${kind} from ${min} to ${max}`;
  if (min !== undefined) return `${kind} of at least ${min}`;
  return max === undefined ? kind : `${kind} of at most ${max}`;
}

function describeText(node: SchemaNode): string {
  if (node.format === 'uri') return 'a URL such as https://example.com';
  if (node.maxLength !== undefined) return `text of ${node.minLength ?? 0} to ${node.maxLength} characters`;
  if ((node.minLength ?? 0) > 1) return `text of at least ${node.minLength} characters`;
  return node.minLength === 1 ? 'a non-empty string' : 'text';
}

/** Returns what is allowed, as a phrase that follows "must be". */
export function describeAllowed(node: SchemaNode): string {
  if (node.enum !== undefined) return `one of ${node.enum.map((value) => JSON.stringify(value)).join(', ')}`;
  if (node.const !== undefined) return JSON.stringify(node.const);
  if (node.anyOf !== undefined) return [...new Set(node.anyOf.map(describeAllowed))].join(' or ');
  switch (node.type) {
    case 'integer':
    case 'number':
      return describeNumber(node);
    case 'string':
      return describeText(node);
    case 'boolean':
      return 'true or false';
    case 'array':
      return 'a list [ … ]';
    case 'object':
      return 'an object { … }';
    case 'null':
      return 'null';
    default:
      return 'a different value';
  }
}

const MAX_SHOWN_LENGTH = 60;

function hideSecret(key: string, value: unknown): unknown {
  return typeof value !== 'boolean' && hidesValue(key) ? HIDDEN_SECRET : value;
}

/** Returns a value as a phrase: one line, shortened, without control or direction characters and without secrets. */
export function showValue(value: unknown, path: KeyPath): string {
  if (value === undefined) return 'is required';
  // A list or an object in the place of a secret may contain the secret.
  if (isSecret(typeof value === 'object' ? '' : value, path)) return 'has an invalid value';
  if (typeof value === 'number' && Math.abs(value) > Number.MAX_SAFE_INTEGER) return `is a number beyond ±${Number.MAX_SAFE_INTEGER}`;
  const text = escapeJsonControls(JSON.stringify(value, hideSecret));
  return `is ${text.length > MAX_SHOWN_LENGTH ? `${text.slice(0, MAX_SHOWN_LENGTH)}…` : text}`;
}

/** Returns a phrase with the closest known key, or all known keys. */
export function describeUnknownKey(key: string, node: SchemaNode | undefined): string {
  const known = Object.keys(node?.properties ?? node?.anyOf?.find((branch) => branch.properties)?.properties ?? {}).filter(
    (name) => name !== '$schema',
  );
  const match = closestMatch(key, known);
  if (match !== undefined) return `is not a known key; did you mean '${match}'?`;
  return known.length === 0 ? 'is not a known key' : `is not a known key; known here: ${known.join(', ')}`;
}
