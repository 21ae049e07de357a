/** Turns of programs that are decided about after their model or their agent was taken out of the configuration. */
import { expect, test } from 'vitest';
import { createLiveness } from '../../../../../daemon/worker/store/liveness.js';
import { WaitingTurns } from '../../../../../daemon/worker/turns/steps/waiting-turns.js';
import { anthropic } from '../../../../fakes/vendors/anthropic.js';
import { says } from '../../../../fakes/vendors/vendor-reply.js';
import { startVendor } from '../../../../fakes/vendors/vendor-server.js';
import { FakeClock } from '../../../../helpers/fake-clock.js';
import { logMemory } from '../../../../helpers/log-memory.js';
import { ask, makeConversation, type TestConversation } from '../../../../helpers/make-conversation.js';
import { openStore } from '../../../../helpers/open-store.js';
import { testConfig } from '../../../../helpers/test-config.js';
import { addWaitingTurn, stateOfTurn } from '../../../../helpers/waiting-turn.js';

const agents = { defaults: { permissions: { send: 'ask' } }, list: [{ id: 'main' }, { id: 'other' }] };
const channels = { webhook: { accounts: { default: { url: 'http://127.0.0.1:9/', inboundToken: 'a-token-of-sixteen' } } } };

test.each([
  {
    gone: 'model',
    change: ({ setModels }: TestConversation) => setModels({ providers: {} }),
    error: { code: 'AGENT_ERROR', message: expect.stringContaining('fake-model') as string },
    sent: 1,
  },
  {
    gone: 'agent',
    change: ({ setConfig }: TestConversation) => setConfig({ channels, agents: { default: 'other', list: [{ id: 'other' }] } }),
    error: { code: 'INVALID_REQUEST', message: expect.stringContaining("'main'") as string },
    sent: 0,
  },
])('a turn whose $gone is gone when it is decided about ends with that error, for its caller and in its session', async (row) => {
  const fake = await startVendor(anthropic);
  const model = { id: 'fake-model' };
  const models = { providers: { fake: { baseUrl: fake.baseUrl, apiKey: 'key-of-the-fake', api: 'anthropic-messages', models: [model] } } };
  const worker = await makeConversation({ config: { channels, agents }, models });
  const input = { channel: 'webhook', chat_id: 'room', content: '1' };
  fake.reply({ ...says('I ask.'), calls: [{ id: 'c', name: 'send', input }] });
  const keyed = { message: 'go', idempotency: { key: 'k' } };
  const { last } = await ask(worker, keyed);
  if (last?.type !== 'done') throw new Error('the turn does not wait');
  row.change(worker);
  const by = { via: 'page', name: null };
  await worker.approvals.decide({ id: last.approvals?.[0]?.id ?? 0, decision: 'approve', by }, undefined);
  expect((await ask(worker, keyed)).last).toMatchObject({ type: 'error', ...row.error });
  const { messages } = await worker.sessions.get('main:api:default:direct:default');
  expect(messages.at(-1)).toMatchObject({ role: 'system', status: 'error', content: row.error.message });
  expect((await worker.outgoing.list({})).messages).toHaveLength(row.sent);
});

test('a turn of an agent that only another gateway has is left to it', async () => {
  const store = await openStore();
  const { turnId } = await addWaitingTurn(store, { name: 'x', agentId: 'elsewhere' });
  const [logger, clock] = [logMemory(), new FakeClock()];
  const asked: unknown[] = [];
  const liveness = {
    ...createLiveness('wk_1', () => ['wk_1']),
    isServedElsewhere: async (_tx: unknown, needs: unknown) => asked.push(needs) > 0,
  };
  const config = () => testConfig();
  const options = {
    store,
    logger,
    clock,
    instanceId: 'wk_1',
    liveness,
    live: { touch: () => undefined },
    inbox: { wake: () => undefined },
    outbox: { enqueue: async () => undefined, wake: () => undefined },
    config,
  };
  const waiting = new WaitingTurns({ ...options, registry: () => ({}) as never });
  await waiting.start({ turns: { start: () => expect.unreachable() }, wakeJobs: () => undefined });
  await expect.poll(() => asked).toEqual([['agent:elsewhere']]);
  await waiting.stop();
  expect([await stateOfTurn(store, turnId), logger.entries]).toEqual(['waiting', []]);
});
