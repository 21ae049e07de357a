import { expect, test } from 'vitest';
import { makeConversation, ask } from '../../../helpers/make-conversation.js';
import { findAgent } from '../../../../daemon/worker/config/agents.js';
import { configSchema } from '../../../../shared/config/schema.js';

const OFF = { list: [{ id: 'main', enabled: false }, { id: 'first' }, { id: 'second' }] };

test('an agent is found by its id; without one, the default agent', () => {
  const config = configSchema.parse({ agents: OFF });
  expect([findAgent(config).id, findAgent(config, 'second').id]).toEqual(['first', 'second']);
  expect(() => findAgent(config, 'main')).toThrow("the agent 'main' is disabled");
  expect(() => findAgent(config, 'nobody')).toThrow("there is no agent 'nobody'");
});

test('API, chats, jobs and the list of models use the first enabled agent while main is disabled or absent', async () => {
  const conversation = await makeConversation({ config: { agents: OFF } });
  expect((await ask(conversation, 'hello')).last).toMatchObject({ type: 'done', sessionKey: 'first:api:default:direct:default' });
  expect((await conversation.sessions.create({})).session.agentId).toBe('first');
  const message = { channel: 'webchat', chat_id: 'me', content: 'hello' };
  await conversation.messages.accept(message);
  expect((await conversation.sessions.get('first:webchat:default:direct:me')).messages).toHaveLength(1);
  expect((await conversation.completions.models()).map(({ id }) => id)).toEqual(['first', 'second', 'xopc/guide']);
  const job = await conversation.cron.create({ schedule: '0 0 1 1 *', message: 'hello', mode: 'agent' });
  await conversation.cron.trigger(job.id);
  await expect.poll(async () => (await conversation.cron.list())[0]?.lastRun?.state).toBe('done');
  expect((await conversation.cron.list())[0]?.lastRun?.session).toBe(`first:cron:default:direct:${job.id}`);
  conversation.setConfig({ agents: { default: 'second', list: OFF.list } });
  expect((await ask(conversation, 'hello')).last).toMatchObject({ type: 'done', sessionKey: 'second:api:default:direct:default' });
});
