import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { expect, test } from 'vitest';
import { type Answered, type Operation, responseOf } from '../../../../daemon/worker/http/openapi/document.js';
import { MEANINGS } from '../../../../daemon/worker/http/openapi/meanings.js';
import { gatewayEvents } from '../../../../shared/api/gateway/events.js';
import { codeSpans, tableRows } from '../../../helpers/doc-commands.js';
import { createApiCheck } from '../../../helpers/openapi-check.js';
import { describeRoutes, descriptionFiles } from '../../../../daemon/worker/http/openapi/describe-routes.js';

const document = describeRoutes('1.2.3');
const operations = Object.entries(document.paths).flatMap(([path, item]) =>
  Object.entries(item).map(([method, operation]) => ({ name: `${method.toUpperCase()} ${path}`, path, operation })),
);

const schemasIn = (content: Answered['content'] = {}): object[] => Object.values(content).map(({ schema }) => schema);

function schemasOf({ parameters, requestBody, responses }: Operation): object[] {
  const answers = Object.values(responses).flatMap((response) => ('$ref' in response ? [] : schemasIn(response.content)));
  return [...parameters.map(({ schema }) => schema), ...schemasIn(requestBody?.content), ...answers];
}

test('every part of the API that the manual promises is described', () => {
  expect(operations.map(({ name }) => name)).toEqual(
    expect.arrayContaining([
      'GET /health',
      'POST /api/message',
      'POST /api/message/sync',
      'POST /api/agent',
      'POST /api/sessions',
      'GET /api/sessions/{key}',
      'DELETE /api/sessions/{key}',
      'GET /api/config',
      'PATCH /api/config',
      'GET /api/models-json',
      'PATCH /api/models-json',
      'GET /api/status',
      'GET /api/logs',
      'GET /v1/models',
      'GET /v1/models/{id}',
      'POST /v1/chat/completions',
      'GET /openapi.json',
    ]),
  );
});

test('the manual lists every operation, with its summary, whether it needs a token on this machine, and its scopes, and no other', () => {
  const manual = readFileSync(join(import.meta.dirname, '../../../../docs/api.md'), 'utf8');
  const listed = tableRows(manual, 'All endpoints').map(([name = '', summary, token, scopes = '']) => [
    codeSpans(name)[0],
    summary,
    token,
    codeSpans(scopes),
  ]);
  const described = operations.map(({ name, operation: { summary, security, 'x-scopes': scopes = [] } }) => {
    const needsToken = security.every((way) => Object.keys(way).length > 0);
    return [name, summary, needsToken ? 'yes' : 'no', scopes.filter((scope) => scope !== 'admin' || scopes.length === 1)];
  });
  const byName = (rows: unknown[][]): unknown[][] => rows.toSorted(([a], [b]) => String(a).localeCompare(String(b)));
  expect(byName(listed)).toEqual(byName(described));
});

test('each operation has an id of its own, a summary without a full stop, an answer, and a tag that is described', () => {
  const ids = operations.map(({ operation }) => operation.operationId);
  expect(new Set(ids).size).toBe(ids.length);
  const tags = document.tags.map(({ name }) => name);
  for (const { name, operation } of operations) {
    expect(operation.summary, name).toMatch(/^[A-Z].{10,}[^.]$/);
    if (operation['x-websocket'] === undefined)
      expect(Object.keys(responseOf(document, operation, 200)?.content ?? {}), name).not.toEqual([]);
    expect(tags, name).toEqual(expect.arrayContaining([...operation.tags]));
  }
});

test('the WebSocket says what a token needs, and the stream of events names all of them', () => {
  expect(document.paths['/ws']?.['get']?.description).toContain('An access token needs the scopes `chat` and `read`.');
  const events = operations.find(({ name }) => name === 'GET /api/events');
  const content = events && responseOf(document, events.operation, 200)?.content;
  const text = content?.['text/event-stream']?.schema['description'];
  expect(codeSpans(String(text))).toEqual(expect.arrayContaining(Object.keys(gatewayEvents())));
});

test('the parameters in each path are declared, and no others', () => {
  for (const { name, path, operation } of operations) {
    const inPath = [...path.matchAll(/\{(\w+)\}/g)].map(([, parameter]) => parameter);
    expect(
      operation.parameters.filter((parameter) => parameter.in === 'path').map((parameter) => parameter.name),
      name,
    ).toEqual(inPath);
    const keys = operation.parameters.map((parameter) => `${parameter.in} ${parameter.name}`);
    expect(new Set(keys).size, name).toBe(keys.length);
  }
});

test('every schema is valid and refers only to existing ones', () => {
  const ajv = new Ajv2020({ strict: false, validateFormats: false });
  const { schemas, responses } = document.components;
  const failures = Object.entries(responses).map(([name, { content }]) => ({ name, schemas: schemasIn(content) }));
  const components = Object.entries(schemas).map(([name, schema]) => ({ name, schemas: [schema] }));
  for (const part of [...operations.map(({ name, operation }) => ({ name, schemas: schemasOf(operation) })), ...failures, ...components])
    for (const schema of part.schemas) expect(ajv.validateSchema(schema), `${part.name}: ${ajv.errorsText()}`).toBe(true);
  for (const [, kind = '', name = ''] of JSON.stringify(document).matchAll(/"\$ref":"#\/components\/(\w+)\/([^"]+)"/g))
    expect(document.components, `${kind}/${name}`).toHaveProperty([kind, name]);
});

test('each operation has an example of what it takes and answers, and each example is valid', () => {
  const ajv = new Ajv2020({ strict: false, validateFormats: false, logger: false, code: { optimize: false } });
  ajv.addSchema({ $id: 'https://xopc.test/openapi', components: document.components });
  const absolute = (schema: object) =>
    JSON.parse(JSON.stringify(schema).replaceAll('"#/components', '"https://xopc.test/openapi#/components')) as object;
  const wrong: string[] = [];
  for (const { name, operation } of operations) {
    const { requestBody, 'x-websocket': frames } = operation;
    const contents = [requestBody?.content, frames === undefined ? responseOf(document, operation, 200)?.content : {}];
    for (const [type, { schema, example }] of contents.flatMap((content = {}) => Object.entries(content))) {
      if (/^(application\/(x-ndjson|gzip)|text\/markdown|\*\/\*)$/.test(type)) continue;
      if (example === undefined) wrong.push(`${name} ${type} has none: see 'A route' in CONTRIBUTING.md`);
      else if (!ajv.validate(absolute(schema), example)) wrong.push(`${name} ${type}: ${ajv.errorsText()}`);
    }
  }
  expect(wrong).toEqual([]);
});

const codesOf = (name: string, status: number): unknown => {
  const operation = operations.find((one) => one.name === name)?.operation;
  const response = operation && responseOf(document, operation, status);
  return (response?.content?.['application/json']?.schema as { allOf: { properties: { error: { properties: object } } }[] } | undefined)
    ?.allOf[1]?.properties.error.properties;
};

test('each operation lists the statuses with which it fails, with their codes', () => {
  const statusesOf = (name: string) => Object.keys(operations.find((one) => one.name === name)?.operation.responses ?? {}).map(Number);
  expect(statusesOf('GET /health')).toEqual([200, 400, 403, 429, 500, 503]);
  expect(statusesOf('GET /api/sessions/{key}')).toEqual([200, 400, 401, 403, 404, 429, 500, 503]);
  expect(statusesOf('POST /api/message')).toEqual([200, 400, 401, 403, 404, 409, 413, 415, 429, 500, 503]);
  expect(statusesOf('PATCH /api/models-json')).toContain(412);
  expect(statusesOf('GET /ws').slice(0, 1)).toEqual([101]);
  expect(codesOf('GET /api/sessions/{key}', 404)).toEqual({ code: { type: 'string', enum: ['SESSION_NOT_FOUND'] } });
  expect(codesOf('POST /v1/chat/completions', 402)).toEqual({ code: { type: 'string', enum: ['insufficient_quota'] } });
  expect(codesOf('POST /v1/messages', 529)).toEqual({ type: { type: 'string', enum: ['overloaded_error'] } });
});

test('the meaning of each code is that of the manual', () => {
  const manual = readFileSync(join(import.meta.dirname, '../../../../docs/errors.md'), 'utf8');
  const rows = ['API errors', 'Supervision and the command line'].flatMap((title) => tableRows(manual, title));
  const meanings = Object.fromEntries(rows.map(([code = '', , , , meaning]) => [codeSpans(code)[0], meaning]));
  expect(meanings).toMatchObject(MEANINGS);
});

test('events, frames and the values of a query are described as what they are', () => {
  const { AgentEvent, GatewayEvent, ServerFrame, ClientFrame } = document.components.schemas as Record<
    string,
    { oneOf: { properties: object }[] }
  >;
  expect(AgentEvent?.oneOf[0]?.properties).toEqual({
    event: { type: 'string', const: 'delta' },
    data: { type: 'object', properties: { text: { type: 'string' } }, required: ['text'], additionalProperties: false },
  });
  expect(GatewayEvent?.oneOf[0]?.properties).toHaveProperty('id');
  expect(ServerFrame?.oneOf.map(({ properties }) => properties)).toContainEqual({
    v: { type: 'number', const: 1 },
    id: { type: 'string' },
    type: { type: 'string', const: 'pong' },
    re: { type: 'string' },
  });
  expect(ClientFrame?.oneOf.length).toBe(7);
  const query = (name: string) => operations.find((one) => one.name === name)?.operation.parameters.filter((one) => one.in === 'query');
  expect(query('GET /api/overview/history')).toEqual([
    { name: 'hours', in: 'query', required: false, schema: { type: 'integer', minimum: 1, maximum: 168 } },
    { name: 'stepMinutes', in: 'query', required: false, schema: { type: 'integer', minimum: 1, maximum: 240 } },
  ]);
  expect(query('GET /api/cron')).toMatchObject([{ style: 'form', explode: false, schema: { type: 'array' } }, { name: 'deleted' }]);
  expect(JSON.stringify(document)).not.toContain(String(Number.MAX_SAFE_INTEGER));
});

test('the check that every test makes finds a wrong answer', () => {
  const api = createApiCheck(document);
  const headers = { 'content-type': 'application/json; charset=utf-8' };
  const answer = (status: number, json: object) => ({ status, headers, text: '', json: json as Record<string, unknown> });
  const agent = { method: 'POST', path: '/api/message' };
  expect(() => api.check(agent, answer(200, { status: 'ok', message_id: 'msg_1' }))).not.toThrow();
  expect(() => api.check(agent, answer(200, { status: 'ok', messageId: 'msg_1' }))).toThrow(/message_id/);
  expect(() => api.check(agent, answer(404, { error: 'no' }))).toThrow();
  expect(() => api.check(agent, answer(302, {}))).toThrow();
  const failure = (code: string) => ({ error: { code, message: 'm', requestId: 'r' } });
  expect(() => api.check(agent, answer(404, failure('CHANNEL_NOT_FOUND')))).not.toThrow();
  expect(() => api.check(agent, answer(404, failure('JOB_NOT_FOUND')))).toThrow(/postApiMessage/);
  expect(() => api.check(agent, answer(412, failure('PRECONDITION_FAILED')))).toThrow(
    /not declared in `errors` of its route: postApiMessage/,
  );
  expect(() =>
    api.check({ method: 'GET', path: '/v1/models' }, answer(401, { error: { code: 'UNAUTHORIZED', message: 'm', requestId: 'r' } })),
  ).toThrow();
  expect(() => api.check({ method: 'GET', path: '/nowhere' }, answer(404, { error: 'no' }))).toThrow();
});

test('the page for people has every operation, and nothing inline or from elsewhere', () => {
  const { 'docs.html': text, 'openapi.json': json } = descriptionFiles('1.2.3');
  expect(json).toBe(JSON.stringify(document));
  for (const { operation } of operations) expect(text).toContain(`id="${operation.operationId}"`);
  expect(text).not.toMatch(/<style|style=|<script|\son\w+=|href="(?!\.\/(assets\/|openapi\.json)|#)/);
});
