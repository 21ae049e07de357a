/** What an agent used, in its documented shape. */
const amounts = {
  turns: 2,
  calls: 3,
  inputTokens: 300,
  outputTokens: 40,
  cacheReadTokens: 0,
  cacheWriteTokens: 0,
  costUsd: 0.0015,
  unpricedTurns: 1,
  unpricedCalls: 0,
};

export const fakeUsage = {
  total: amounts,
  days: [
    { date: '2026-01-01', models: [] },
    { date: '2026-01-02', models: [{ model: 'fake/echo', ...amounts }] },
  ],
  models: [{ model: 'fake/echo', ...amounts }],
  sessions: [{ key: 'main:api:default:direct:one', title: 'One', channel: 'api', ...amounts }],
  agents: [{ agentId: 'main', ...amounts }],
  kinds: [{ kind: 'turn' as const, ...amounts }],
  tokens: [{ id: 'tok_1', name: 'ci', ...amounts }],
};
