/**
 * Generates the types of `xopc/client` from the OpenAPI document. Existing generators need the TypeScript 5 compiler, which this
 * project does not install.
 */

const isName = (text) => /^[A-Za-z_$][\w$]*$/.test(text);
const keyOf = (name) => (isName(name) ? name : JSON.stringify(name));
const capitalized = (text) => text.charAt(0).toUpperCase() + text.slice(1);

/** Adds parentheses to `A | B` inside another type. */
const grouped = (type) => (/ [|&] /.test(type) ? `(${type})` : type);

function union(types) {
  const distinct = [...new Set(types)];
  return distinct.length === 0 ? 'never' : distinct.map((type) => (type.includes(' & ') ? grouped(type) : type)).join(' | ');
}

function objectType({ properties = {}, required = [], additionalProperties }) {
  const fields = Object.entries(properties).map(
    ([name, schema]) => `${keyOf(name)}${required.includes(name) ? '' : '?'}: ${typeOf(schema)}`,
  );
  if (fields.length > 0 && additionalProperties === false) return `{ ${fields.join('; ')} }`;
  const isTyped = typeof additionalProperties === 'object' && Object.keys(additionalProperties).length > 0;
  // Next to named fields, an index signature has to allow their types too.
  const other = isTyped && fields.length === 0 ? typeOf(additionalProperties) : 'unknown';
  if (fields.length === 0 && additionalProperties === false) return 'Record<string, never>';
  return `{ ${[...fields, `[other: string]: ${other}`].join('; ')} }`;
}

function arrayType({ items, prefixItems }) {
  if (prefixItems !== undefined) return `[${prefixItems.map(typeOf).join(', ')}]`;
  return `${grouped(typeOf(items ?? {}))}[]`;
}

const SIMPLE = { string: 'string', number: 'number', integer: 'number', boolean: 'boolean', null: 'null' };

function typedOf(schema) {
  const { type } = schema;
  if (Array.isArray(type)) return union(type.map((one) => typedOf({ ...schema, type: one })));
  if (type === 'object' || (type === undefined && schema.properties !== undefined)) return objectType(schema);
  if (type === 'array') return arrayType(schema);
  return SIMPLE[type] ?? 'unknown';
}

/** @returns the TypeScript type of a JSON Schema; supports the keywords that zod emits */
function typeOf(schema) {
  const { $ref, enum: values, anyOf, oneOf, allOf, not } = schema;
  if ($ref !== undefined) return $ref.split('/').at(-1);
  if (not !== undefined) return 'never';
  if ('const' in schema) return JSON.stringify(schema.const);
  if (values !== undefined) return union(values.map((value) => JSON.stringify(value)));
  if (allOf !== undefined) return allOf.map((one) => grouped(typeOf(one))).join(' & ');
  if (anyOf !== undefined || oneOf !== undefined) return union((anyOf ?? oneOf).map(typeOf));
  return typedOf(schema);
}

/** The parameters of a call. They can be omitted when none is required. */
function inputOf({ parameters, requestBody }) {
  const groups = { path: 'path', query: 'query', header: 'headers' };
  const parts = Object.entries(groups).flatMap(([place, name]) => {
    const inPlace = parameters.filter((parameter) => parameter.in === place);
    if (inPlace.length === 0) return [];
    const fields = inPlace.map(
      (parameter) => `${keyOf(parameter.name)}${parameter.required ? '' : '?'}: ${grouped(typeOf(parameter.schema))}`,
    );
    // A caller may send other headers, such as the credentials of a webhook.
    if (place === 'header') fields.push('[name: string]: string | undefined');
    return [{ isNeeded: inPlace.some(({ required }) => required), text: (mark) => `${name}${mark}: { ${fields.join('; ')} }` }];
  });
  if (requestBody !== undefined) {
    const types = Object.values(requestBody.content).map(({ schema }) => typeOf(schema));
    parts.push({ isNeeded: requestBody.required, text: (mark) => `body${mark}: ${union(types)}` });
  }
  const isNeeded = parts.some((part) => part.isNeeded);
  return { isNeeded, type: `{ ${[...parts.map((part) => part.text(part.isNeeded ? '' : '?')), 'signal?: AbortSignal'].join('; ')} }` };
}

const STREAM = 'text/event-stream';
const isBytes = (type) => type === '*/*' || type === 'application/gzip';
const contentOf = ({ responses }) => responses[200]?.content ?? {};

function answerOf(operation) {
  const types = Object.entries(contentOf(operation)).filter(([type]) => type !== STREAM);
  return union(types.map(([type, { schema }]) => (isBytes(type) ? 'Blob' : type === 'application/json' ? typeOf(schema) : 'string')));
}

/** Named events are described with their names; a stream without event names by its data without errors, which the client throws. */
function eventOf(operation, { schemas }) {
  const reference = contentOf(operation)[STREAM]?.schema;
  if (reference === undefined) return undefined;
  const name = typeOf(reference);
  const { oneOf = [] } = schemas[name];
  const isNamed = oneOf.length > 0 && oneOf.every(({ properties = {} }) => 'event' in properties && 'data' in properties);
  return isNamed ? name : `{ event: string; data: Exclude<${name}, { error: unknown }> }`;
}

function codesOf({ responses }, components) {
  const failures = Object.values(responses).flatMap(({ $ref }) =>
    $ref === undefined ? [] : [components.responses[$ref.split('/').at(-1)]],
  );
  const codes = failures.flatMap(({ content }) => {
    const { properties } = content['application/json'].schema.allOf[1].properties.error;
    return Object.values(properties).flatMap((one) => one.enum);
  });
  return [...new Set(codes)];
}

/** @returns the operations of the client by name, without the WebSocket and `/mcp`, which has its own clients */
function operationsOf({ paths }) {
  return Object.entries(paths).flatMap(([path, item]) =>
    Object.entries(item)
      .filter(([, operation]) => operation.responses[200] !== undefined && path !== '/mcp')
      .map(([method, operation]) => ({ name: operation.operationId, route: `${method.toUpperCase()} ${path}`, operation })),
  );
}

/** Where a stream is requested, besides the `Accept` header; or `bytes` when the answer is a file. */
function noteOf(operation) {
  const types = Object.keys(contentOf(operation));
  if (types.every(isBytes)) return ' bytes';
  if (!types.includes(STREAM)) return '';
  if (operation.parameters.some((parameter) => parameter.in === 'query' && parameter.name === 'stream')) return ' query';
  const body = operation.requestBody?.content['application/json'].schema.properties ?? {};
  return 'stream' in body ? ' body' : '';
}

/** @returns the table for `createClientFor` */
export function operationTable(document) {
  return Object.fromEntries(operationsOf(document).map(({ name, route, operation }) => [name, `${route}${noteOf(operation)}`]));
}

function comment({ summary, description }, route, codes) {
  return `/** ${summary}. \`${route}\`. ${description}${codes.length === 0 ? '' : ` Fails with: ${codes.join(', ')}.`} */`.replaceAll(
    '*/*',
    '* / *',
  );
}

/** @returns the declarations of the client */
export function clientTypes(document) {
  const { components } = document;
  const operations = operationsOf(document).map(({ name, route, operation }) => ({
    name,
    title: capitalized(name),
    input: inputOf(operation),
    answer: answerOf(operation),
    event: eventOf(operation, components),
    text: comment(operation, route, codesOf(operation, components)),
  }));
  const schemas = Object.entries(components.schemas).map(([name, schema]) => `export type ${name} = ${typeOf(schema)};`);
  const types = operations.flatMap(({ title, input, answer }) => [
    `export type ${title}Input = ${input.type};`,
    ...(answer === 'never' ? [] : [`export type ${title}Answer = ${answer};`]),
  ]);
  const argument = ({ title, input }) => `input${input.isNeeded ? '' : '?'}: ${title}Input`;
  const calls = operations
    .filter(({ answer }) => answer !== 'never')
    .map((one) => `  ${one.text}\n  ${one.name}(${argument(one)}): Promise<${one.title}Answer>;`);
  const streams = operations
    .filter(({ event }) => event !== undefined)
    .map((one) => `  ${one.text}\n  ${one.name}(${argument(one)}): AsyncGenerator<${one.event}, void>;`);
  return [
    ...schemas,
    ...types,
    `/** Streams end when the loop over them is left, or \`signal\` is aborted. */\nexport interface Streams {\n${streams.join('\n')}\n}`,
    `export interface Client {\n  readonly stream: Streams;\n${calls.join('\n')}\n}`,
    '/** Needs nothing but `fetch`. */\nexport declare function createClient(options?: ClientOptions): Client;',
    '',
  ].join('\n');
}
