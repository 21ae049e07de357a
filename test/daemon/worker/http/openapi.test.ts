import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { expect, test } from 'vitest';
import type { Operation } from '../../../../daemon/worker/http/openapi/document.js';
import { codeSpans, tableRows } from '../../../helpers/doc-commands.js';
import { startHttpApp } from '../../../helpers/http-app.js';
import { createApiCheck, describeRoutes } from '../../../helpers/openapi-check.js';

const document = describeRoutes('1.2.3');
const operations = Object.entries(document.paths).flatMap(([path, item]) =>
  Object.entries(item).map(([method, operation]) => ({ name: `${method.toUpperCase()} ${path}`, path, operation })),
);

function schemasOf({ parameters, requestBody, responses }: Operation): object[] {
  const contents = [requestBody?.content, ...Object.values(responses).map(({ content }) => content)];
  return [
    ...parameters.map(({ schema }) => schema),
    ...contents.flatMap((content = {}) => Object.values(content).map(({ schema }) => schema)),
  ];
}

test('the gateway gives the document that its routes make', async () => {
  const { send } = await startHttpApp();
  const answer = await send('/openapi.json');
  expect(answer.json).toEqual(JSON.parse(JSON.stringify(document)));
  expect([document.openapi, document.info.version]).toEqual(['3.1.1', '1.2.3']);
});

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
    expect(Object.keys(operation.responses['200']?.content ?? {}), name).not.toEqual([]);
    expect(tags, name).toEqual(expect.arrayContaining([...operation.tags]));
  }
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
  ajv.addSchema({ $id: 'https://xopc.test/openapi', components: document.components });
  for (const { name, operation } of operations) {
    for (const schema of schemasOf(operation)) {
      const absolute = JSON.parse(JSON.stringify(schema).replaceAll('"#/components', '"https://xopc.test/openapi#/components')) as object;
      expect(() => ajv.compile(absolute), name).not.toThrow();
    }
  }
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
  expect(() =>
    api.check({ method: 'GET', path: '/v1/models' }, answer(401, { error: { code: 'UNAUTHORIZED', message: 'm', requestId: 'r' } })),
  ).toThrow();
  expect(() => api.check({ method: 'GET', path: '/nowhere' }, answer(404, { error: 'no' }))).toThrow();
});

test('the page for people has every operation, and nothing inline or from elsewhere', async () => {
  const { send } = await startHttpApp({ peer: '198.51.100.7' });
  const { status, text, headers } = await send('/docs', { headers: { Host: '192.0.2.10:18790' } });
  expect([status, headers['content-type']]).toEqual([200, 'text/html; charset=utf-8']);
  for (const { operation } of operations) expect(text).toContain(`id="${operation.operationId}"`);
  expect(text).not.toMatch(/<style|style=|<script|\son\w+=|href="(?!\.\/(assets\/|openapi\.json)|#)/);
  expect(headers['content-security-policy']).toContain("default-src 'none'");
});

test('the description needs the token from elsewhere, as the API does', async () => {
  const { send } = await startHttpApp({ peer: '198.51.100.7' });
  expect((await send('/openapi.json', { headers: { Host: '192.0.2.10' } })).status).toBe(401);
});
