/** The API's schemas as JSON Schema 2020-12, the dialect of OpenAPI 3.1. */
import * as z from 'zod';
import type { Schema } from './validate.js';

/** An object of plain JSON. */
export type JsonSchema = Readonly<Record<string, unknown>>;

/** @param side  `input`: what a caller may send; `output`: what a response contains. */
export function toJsonSchema(schema: Schema<unknown>, side: 'input' | 'output'): JsonSchema {
  const { $schema: _dialect, ...rest } = z.toJSONSchema(schema, { io: side, target: 'draft-2020-12', unrepresentable: 'any' });
  return rest;
}
