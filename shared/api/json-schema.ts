/** The API's schemas as JSON Schema 2020-12, the dialect of OpenAPI 3.1. */
import * as z from 'zod';
import type { Schema } from './validate.js';

/** An object of plain JSON. */
export type JsonSchema = Readonly<Record<string, unknown>>;

/** The pattern of {@link label}, and the same for programs that read patterns without the flag `u`. */
const CONTROL_CHARACTERS = { pattern: '^\\P{Cc}*$', plain: String.raw`^[^\u0000-\u001f\u007f-\u009f]*$` };

/** The bounds of every integer, which no program needs to know. */
const isWidest = (key: string, value: unknown): boolean =>
  (key === 'minimum' && value === Number.MIN_SAFE_INTEGER) || (key === 'maximum' && value === Number.MAX_SAFE_INTEGER);

function simplify(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(simplify);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([key, inner]) => !isWidest(key, inner))
      .map(([key, inner]) => [key, key === 'pattern' && inner === CONTROL_CHARACTERS.pattern ? CONTROL_CHARACTERS.plain : simplify(inner)]),
  );
}

/** @param side  `input`: what a caller may send; `output`: what a response contains. */
export function toJsonSchema(schema: Schema<unknown>, side: 'input' | 'output'): JsonSchema {
  const { $schema: _dialect, ...rest } = z.toJSONSchema(schema, { io: side, target: 'draft-2020-12', unrepresentable: 'any' });
  return simplify(rest) as JsonSchema;
}
