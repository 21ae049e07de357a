/** The schemas of streams and the WebSocket: one for each kind of event or frame. */
import { type JsonSchema, toJsonSchema } from '../../../../shared/api/json-schema.js';
import type { EventSchemas, EventStream, RouteFacts } from '../route.js';

const object = (properties: Record<string, unknown>, description: string): JsonSchema => ({
  type: 'object',
  description,
  properties,
  required: Object.keys(properties),
  additionalProperties: false,
});

/** A frame has the fields of its type in addition to those of every frame. */
function frameSchema(type: string, fields: JsonSchema): JsonSchema {
  const properties = { v: { type: 'number', const: 1 }, id: { type: 'string' }, type: { type: 'string', const: type } };
  const { properties: own = {}, required = [] } = fields as { properties?: Record<string, unknown>; required?: readonly string[] };
  return {
    ...object(properties, `The frame \`${type}\``),
    properties: { ...properties, ...own },
    required: ['v', 'id', 'type', ...required],
  };
}

function eventSchema(name: string, data: JsonSchema, hasId: boolean): JsonSchema {
  return object({ ...(hasId ? { id: { type: 'string' } } : {}), event: { type: 'string', const: name }, data }, `The event \`${name}\``);
}

const each = (schemas: EventSchemas, make: (name: string, schema: JsonSchema) => JsonSchema): JsonSchema => ({
  oneOf: Object.entries(schemas()).map(([name, schema]) => make(name, toJsonSchema(schema, 'output'))),
});

function streamSchema(stream: EventStream, { headers = {} }: RouteFacts): JsonSchema {
  if ('data' in stream) return toJsonSchema(stream.data(), 'output');
  return each(stream.events, (name, data) => eventSchema(name, data, 'Last-Event-ID' in headers));
}

/** Returns the schema components for the messages of a route, by name. */
export function messageSchemas(facts: RouteFacts): Record<string, JsonSchema> {
  const { stream, frames } = facts;
  return {
    ...(stream === undefined ? {} : { [stream.name]: streamSchema(stream, facts) }),
    ...(frames === undefined
      ? {}
      : { ClientFrame: toJsonSchema(frames.fromClient(), 'input'), ServerFrame: each(frames.fromServer, frameSchema) }),
  };
}
