/** Describes the parameters of an operation: path, query and headers. */
import { label } from '../../../../shared/api/fields.js';
import { type JsonSchema, toJsonSchema } from '../../../../shared/api/json-schema.js';
import type { RouteFacts } from '../route.js';
import type { Parameter } from './document.js';

const anyLabel = () => label(512);

function inPath(template: string, { params = {} }: RouteFacts): Parameter[] {
  return [...template.matchAll(/\{(\w+)\}/g)].map(([, name = '']) => ({
    name,
    in: 'path',
    required: true,
    schema: toJsonSchema((params[name] ?? anyLabel)(), 'input'),
  }));
}

/** A query is text, but its schema converts it to numbers, booleans and lists; those are the types that a program sends. */
const READ_AS = ['integer', 'number', 'boolean', 'array'];

function inQuery({ query }: RouteFacts): Parameter[] {
  if (query === undefined) return [];
  const schema = query();
  const { properties = {}, required = [] } = toJsonSchema(schema, 'input') as {
    properties?: Record<string, JsonSchema>;
    required?: string[];
  };
  const { properties: read = {} } = toJsonSchema(schema, 'output') as { properties?: Record<string, JsonSchema> };
  return Object.entries(properties).map(([name, written]) => {
    // A value that only represents a missing one is not offered to callers.
    const { default: missing, ...rest } = read[name] ?? {};
    const value = Number(missing) < Number(rest['minimum']) ? rest : (read[name] ?? {});
    const shown = READ_AS.includes(String(value['type'])) ? value : written;
    return {
      name,
      in: 'query',
      required: required.includes(name),
      // Separated by commas.
      ...(shown['type'] === 'array' ? { style: 'form', explode: false } : {}),
      schema: shown,
    };
  });
}

function inHeaders({ headers = {} }: RouteFacts): Parameter[] {
  return Object.entries(headers).map(([name, description]) => ({
    name,
    in: 'header',
    required: false,
    description,
    schema: { type: 'string' },
  }));
}

/** @param template  the path in OpenAPI's notation */
export function parametersOf(template: string, facts: RouteFacts): Parameter[] {
  return [...inPath(template, facts), ...inQuery(facts), ...inHeaders(facts)];
}
