import { expect, test } from 'vitest';
import { ToolGate } from '../../../../daemon/worker/approvals/tool-gate.js';
import { addGrant } from '../../../../daemon/worker/store/approvals/grants.js';
import type { Approval } from '../../../../daemon/worker/store/approvals/approvals.js';
import { readApprovalsOfTurn } from '../../../../daemon/worker/store/approvals/approvals.js';
import { FakeClock } from '../../../helpers/fake-clock.js';
import { addSession, openStore } from '../../../helpers/open-store.js';
import { testConfig } from '../../../helpers/test-config.js';

test('a question is stored with the step, and posted when that is committed', async () => {
  const [store, clock] = [await openStore(), new FakeClock()];
  const session = await addSession(store, 'a');
  let config = testConfig({ agents: { defaults: { approvalTimeoutMs: 60_000 } } });
  const [post, posted]: [number[], string[]] = [[], []];
  const gate = new ToolGate({
    store,
    clock,
    config: () => config,
    questions: { post: async (_tx, { id }) => void post.push(id), posted: async (turnId) => void posted.push(turnId) },
  });
  const [agent] = config.agents.list;
  if (agent === undefined) throw new Error('there is no agent');
  const tool = { name: 'files__write', isReadOnly: false, isBuiltIn: false };
  const call = { agent, sessionKey: session.key, tool };
  expect(await gate.decide(call)).toBe('ask');

  const asked = { turnId: 'turn_1', step: 0, sessionId: session.id, agentId: 'main', tool: tool.name, input: { a: 1 }, said: 'I will.' };
  const failed = store.write(async (tx) => {
    await gate.ask(tx, { ...asked, callIndex: 0 });
    throw new Error('the step was not stored');
  });
  await expect(failed).rejects.toThrow('the step was not stored');
  await store.write(async (tx) => {
    for (const callIndex of [0, 1]) await gate.ask(tx, { ...asked, callIndex });
  });
  const read = (): Promise<Approval[]> => store.read((tx) => readApprovalsOfTurn(tx, 'turn_1'));
  const found = await read();
  const [[first], ids] = [found, found.map(({ id }) => id)];
  expect(found.map(({ callIndex }) => callIndex)).toEqual([0, 1]);
  expect(first).toMatchObject({ input: { a: 1 }, askedAtMs: clock.now(), expiresAtMs: clock.now() + 60_000 });
  expect(post.slice(-2)).toEqual(ids);
  await gate.announce('turn_1');
  expect(posted).toEqual(['turn_1']);

  if (first !== undefined) await store.write((tx) => addGrant(tx, first, { for: 'session', nowMs: clock.now() }));
  expect([await gate.decide(call), gate.isDenied(agent, tool)]).toEqual(['allow', false]);
  config = testConfig({ agents: { defaults: { permissions: { 'files__*': 'deny' } } } });
  expect([await gate.decide(call), gate.isDenied(agent, tool)]).toEqual(['deny', true]);
});
