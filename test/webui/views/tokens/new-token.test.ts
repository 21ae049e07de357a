import { expect, test } from 'vitest';
import { SCOPES, tokenRequest } from '../../../../shared/api/gateway/tokens.js';
import { createCall, NEW_TOKEN, type TokenFields, trialOf } from '../../../../webui/src/views/tokens/new-token.js';

const NOW = Date.parse('2026-03-10T12:00:00Z');

const bodyOf = (fields: Partial<TokenFields>): unknown => createCall({ ...NEW_TOKEN, name: 'ci', scopes: ['chat'], ...fields }, NOW).body;

test('the form becomes a request of the API', () => {
  const all = { whose: 'some', agents: ['main'], rate: ' 1,060 ', usd: '2,50' } as const;
  expect(tokenRequest().parse(bodyOf(all))).toEqual({
    name: 'ci',
    scopes: ['chat'],
    agents: ['main'],
    expiresAt: '2026-06-08T12:00:00.000Z',
    requestsPerMinute: 1_060,
    dailyUsd: 2.5,
  });
  expect(tokenRequest().parse(bodyOf({ expiry: 'never', agents: ['main'] }))).toEqual({ name: 'ci', scopes: ['chat'] });
});

test('a token that ends on a date is valid through that day where the browser is', () => {
  const { expiresAt } = tokenRequest().parse(bodyOf({ expiry: 'date', date: '2027-01-31' }));
  expect(expiresAt).toBe(new Date(2027, 0, 31, 23, 59, 59).toISOString());
  expect(bodyOf({ expiry: 'date', date: 'x' })).toMatchObject({ expiresAt: 'x' });
});

test.each([
  [['chat', 'read'], ['main'], { path: '/api/agent', body: { message: 'Hello', agentId: 'main' } }],
  [['chat'], null, { path: '/api/agent', body: { message: 'Hello' } }],
  [['admin'], null, { path: '/api/agent' }],
  [['read', 'cron'], null, { path: '/api/sessions' }],
  [['send', 'cron'], null, { path: '/api/cron' }],
  [['send'], null, { path: '/api/messages' }],
] as const)('a token with %j is tried with what it allows', (scopes, agents, call) => {
  expect(SCOPES).toEqual(expect.arrayContaining([...scopes]));
  expect(trialOf({ scopes: [...scopes], agents: agents && [...agents] })).toMatchObject(call);
});
