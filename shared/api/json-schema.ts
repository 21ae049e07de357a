/** The API's schemas as JSON Schema 2020-12, the dialect of OpenAPI 3.1. */
import * as z from 'zod';
import type { Schema } from './validate.js';

/** An object of plain JSON. */
export type JsonSchema = Readonly<Record<string, unknown>>;

/** Of {@link label}, and the same for programs that read patterns without the flag `u`. */
const CONTROL_CHARACTERS = { pattern: '^\\P{Cc}*$', plain: String.raw`^[^\u0000-\u001f\u007f-\u009f]*$` };

function withPlainPatterns(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withPlainPatterns);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [
      key,
      key === 'pattern' && inner === CONTROL_CHARACTERS.pattern ? CONTROL_CHARACTERS.plain : withPlainPatterns(inner),
    ]),
  );
}

/** @param side  `input`: what a caller may send; `output`: what a response contains. */
export function toJsonSchema(schema: Schema<unknown>, side: 'input' | 'output'): JsonSchema {
  const { $schema: _dialect, ...rest } = z.toJSONSchema(schema, { io: side, target: 'draft-2020-12', unrepresentable: 'any' });
  return withPlainPatterns(rest) as JsonSchema;
}
