import { expect, test } from 'vitest';
import { callsTools, says } from '../../../fakes/openai/reply.js';
import { makeChat } from '../../../helpers/chat-fixture.js';
import { eventually } from '../../../helpers/eventually.js';

test('while an account is disabled, nobody else answers its messages, not even after a decision; they wait for it', async () => {
  const { start, say, told, model, receiver } = await makeChat();
  const configOf = (enabled: boolean) => ({
    channels: {
      webhook: { accounts: { default: { url: receiver.url, inboundToken: 'inbound-token-of-the-test', agentId: 'coder', enabled } } },
    },
    agents: { list: [{ id: 'main' }, { id: 'coder', systemPrompt: 'You are CODER', permissions: { time: 'ask' } }] },
  });
  const conversation = await start({ config: configOf(true) });
  const apply = (enabled: boolean) => {
    conversation.setConfig(configOf(enabled));
    return conversation.reconfigure();
  };
  let open = (): void => undefined;
  const until = new Promise<void>((resolve) => (open = resolve));
  model.reply(callsTools({ name: 'time', input: {} }), { ...says('first ', 'answer'), gate: { before: 1, until } });
  await say(conversation, 'how late is it?', { chatId: 'parked' });
  await told(1);
  await say(conversation, 'one');
  await model.received(2);
  await say(conversation, 'two');
  await apply(false);
  model.reply(says('another answer'), says('another answer'));
  await conversation.approvals.decide({ id: 1, decision: 'approve', by: { via: 'api', name: null } }, undefined);
  open();
  await eventually(async () => expect(JSON.stringify(await conversation.outgoing.list({}))).toContain('first answer'));
  await new Promise(setImmediate);
  await apply(true);
  expect((await told(4)).slice(1)).toEqual(expect.arrayContaining(['first answer', 'another answer', 'another answer']));
  const { sessions } = await conversation.sessions.list({});
  expect(sessions.map(({ key }) => key.split(':')[0])).toEqual(['coder', 'coder']);
});
