import { expect, test } from 'vitest';
import type { z } from 'zod';
import { approvalListResponse, approvalResponse, grantListResponse, grantRemoved } from '../../../../shared/api/tools/approvals.js';
import { fakeApproval, fakeGrant } from '../../../helpers/fake-approvals.js';
import { startHttpApp } from '../../../helpers/http-app.js';

const DECIDE = '/api/approvals/12/decide';
const by = { via: 'api', name: null };
const approve = { decision: 'approve', remember: 'agent', note: 'go' };
const ONE = '/api/approvals/12';

const documents: readonly { method?: string; path: string; body?: object; schema: () => z.ZodType; name: string; input: unknown }[] = [
  { path: '/api/approvals', schema: approvalListResponse, name: 'list', input: {} },
  {
    path: '/api/approvals?state=pending&session=a%3Ab&limit=200&cursor=12',
    schema: approvalListResponse,
    name: 'list',
    input: { state: 'pending', session: 'a:b', limit: 200, cursor: 12 },
  },
  { path: ONE, schema: approvalResponse, name: 'get', input: 12 },
  {
    method: 'POST',
    path: DECIDE,
    body: { decision: 'deny' },
    schema: approvalResponse,
    name: 'decide',
    input: { id: 12, by, decision: 'deny' },
  },
  { method: 'POST', path: DECIDE, body: approve, schema: approvalResponse, name: 'decide', input: { id: 12, by, ...approve } },
  { path: '/api/approvals/grants', schema: grantListResponse, name: 'grants', input: undefined },
  { method: 'DELETE', path: '/api/approvals/grants/3', schema: grantRemoved, name: 'removeGrant', input: 3 },
];

test('each route answers the documented shape, and knows who decides', async () => {
  const { send, services } = await startHttpApp();
  for (const { method = 'GET', path, body, schema, name, input } of documents) {
    const answer = await send(path, { method, ...(body && { body }) });
    expect([answer.status, schema().safeParse(answer.json).error], path).toEqual([200, undefined]);
    expect(services.calls.pop()).toEqual({ name: `approvals.${name}`, input });
  }
  const token = services.grant({ name: 'ops', scopes: ['chat'] });
  for (const [headers, decider] of [
    // Node's fetch names a mode, but no site.
    [{ 'Sec-Fetch-Mode': 'cors' }, { via: 'api', name: null }],
    [{ 'Sec-Fetch-Site': 'same-origin' }, { via: 'page', name: null }],
    [{ 'User-Agent': 'xopc' }, { via: 'command', name: null }],
    [{ Authorization: `Bearer ${token}` }, { via: 'api', name: 'ops' }],
  ] as const) {
    await send(DECIDE, { method: 'POST', body: { decision: 'approve' }, headers });
    expect(services.calls.pop()?.input).toMatchObject({ by: decider });
    const message = { channel: 'webchat', chat_id: 'desk', content: '/approve 12' };
    await send('/api/message/sync', { method: 'POST', body: message, headers });
    expect(services.calls.pop()?.input).toMatchObject({ decider });
  }
  expect((await send('/api/approvals/13')).status).toBe(404);
  expect([fakeApproval.id, fakeGrant.id]).toEqual([12, 3]);
});

test('what is not of the documented form is refused, and the answer names the field', async () => {
  const { send, services } = await startHttpApp();
  const posts = [
    {},
    { decision: 'maybe' },
    { decision: 1 },
    [],
    { decision: 'deny', remember: 'agent' },
    { decision: 'approve', remember: 'all' },
  ];
  const notes = ['', 5, 'x'.repeat(2_001), 'x'.repeat(900_000)].map((note) => ({ decision: 'approve', note }));
  for (const body of [...posts, ...notes, { decision: 'approve', id: 3 }]) {
    const { status, json } = await send(DECIDE, { method: 'POST', body });
    const field = !('decision' in body) || !/approve|deny/.test(String(body.decision)) ? 'decision' : Object.keys(body)[1];
    expect([status, JSON.stringify(json)]).toEqual([400, expect.stringContaining(Array.isArray(body) ? 'body' : String(field))]);
  }
  const numbers = ['0', '-1', '1.5', '9999999999', 'x', '%00'].flatMap((id) => [`/api/approvals/${id}`, `/api/approvals/grants/${id}`]);
  for (const path of numbers) {
    const method = path.includes('grants') ? 'DELETE' : 'GET';
    expect([path, (await send(path, { method })).status]).toEqual([path, 400]);
  }
  for (const query of ['state=open', 'limit=0', 'limit=201', 'cursor=x', 'more=1', `session=${'x'.repeat(513)}`])
    expect([query, (await send(`/api/approvals?${query}`)).status]).toEqual([query, 400]);
  expect(services.calls).toEqual([]);
});
