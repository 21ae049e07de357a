import { expect, test } from 'vitest';
import type { z } from 'zod';
import { mcpCallResponse, mcpServersResponse, mcpTestResponse, mcpToolsResponse } from '../../../../shared/api/tools/mcp.js';
import { startHttpApp, TOKEN } from '../../../helpers/http-app.js';

const headers = { Authorization: `Bearer ${TOKEN}` };
const CALL = '/api/mcp/files/tools/read_file/call';

test('every route answers the documented shape, and passes on what it was given', async () => {
  const { send, services } = await startHttpApp();
  const requests: readonly [string, string, () => z.ZodType][] = [
    ['GET', '/api/mcp', mcpServersResponse],
    ['GET', '/api/mcp/files/tools', mcpToolsResponse],
    ['POST', '/api/mcp/files/test', mcpTestResponse],
    ['POST', CALL, mcpCallResponse],
  ];
  for (const [method, path, schema] of requests) {
    const answer = await send(path, { method, headers });
    expect(answer.status).toBe(200);
    expect(schema().safeParse(answer.json).error).toBeUndefined();
  }
  await send(CALL, { method: 'POST', headers, body: { arguments: { path: 'x', deep: [{}] } } });
  const call = { name: 'files', tool: 'read_file' };
  expect(services.calls).toEqual([
    { name: 'mcp.list', input: undefined },
    { name: 'mcp.tools', input: 'files' },
    { name: 'mcp.probe', input: 'files' },
    { name: 'mcp.call', input: { ...call, input: {} } },
    { name: 'mcp.call', input: { ...call, input: { path: 'x', deep: [{}] } } },
  ]);
  expect(await send('/api/mcp/nobody/tools', { headers })).toMatchObject({ status: 404, json: { error: { code: 'NOT_FOUND' } } });
});

test('what is not a call is refused, and names the field', async () => {
  const { send, services } = await startHttpApp();
  const long = 'x'.repeat(1_000_000);
  for (const [path, body, field] of [
    [CALL, { arguments: [] }, 'arguments'],
    [CALL, { arguments: 'x' }, 'arguments'],
    [CALL, { args: {} }, 'args'],
    [CALL, { [long]: 1 }, 'unknown key'],
    ['/api/mcp/a%00b/tools/x/call', {}, 'server'],
    ['/api/mcp/Files/tools/x/call', {}, 'server'],
    [`/api/mcp/files/tools/${'t'.repeat(300)}/call`, {}, 'tool'],
  ] as const) {
    const { status, json } = await send(path, { method: 'POST', headers, body });
    expect({ status, json }).toMatchObject({ status: 400, json: { error: { message: expect.stringContaining(field) as string } } });
  }
  const rounded = { method: 'POST', headers: { ...headers, 'Content-Type': 'application/json' } };
  expect(await send(CALL, { ...rounded, body: '{"arguments": {"id": 1324567890123456789}}' })).toMatchObject({
    status: 400,
    json: {
      error: { code: 'INVALID_REQUEST', message: expect.stringContaining('the number 1324567890123456789 would be rounded') as string },
    },
  });
  expect(await send('/api/mcp/files/test', { method: 'POST', headers, body: { x: 1 } })).toMatchObject({ status: 400 });
  expect(services.calls).toEqual([]);
});

test('without a token, or with one that may only read, the servers are seen, and nothing is started or called', async () => {
  const { send, services } = await startHttpApp();
  const read = { Authorization: `Bearer ${services.grant({ scopes: ['read'] })}` };
  expect(await send('/api/mcp', { headers: read })).toMatchObject({ status: 200 });
  for (const [method, path] of [
    ['GET', '/api/mcp/files/tools'],
    ['POST', '/api/mcp/files/test'],
    ['POST', CALL],
  ] as const)
    expect([await send(path, { method, headers: read }), await send(path, { method })]).toMatchObject([{ status: 403 }, { status: 401 }]);
});
