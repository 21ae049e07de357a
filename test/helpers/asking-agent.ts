/** An agent that asks before it sends, with a model of a vendor that answers as the test says, in a gateway with one chat of a webhook. */
import { anthropic } from '../fakes/vendors/anthropic.js';
import { startVendor } from '../fakes/vendors/vendor-server.js';
import { INBOUND_TOKEN, makeChat } from './chat-fixture.js';
import type { TestConversation } from './make-conversation.js';

/** @returns `said`: what is in a session, a line each */
export async function makeAskingAgent() {
  const fake = await startVendor(anthropic);
  const model = { id: 'fake-model' };
  const models = { providers: { fake: { baseUrl: fake.baseUrl, apiKey: 'key-of-the-fake', api: 'anthropic-messages', models: [model] } } };
  const chat = await makeChat();
  const account = { url: chat.receiver.url, inboundToken: INBOUND_TOKEN };
  const config = { agents: { defaults: { permissions: { send: 'ask' } } }, channels: { webhook: { accounts: { default: account } } } };
  const said = async ({ sessions }: TestConversation, key: string): Promise<string[]> => {
    const { messages } = await sessions.get(key);
    return messages.map(({ role, content }) => `${role}: ${content.split('\n').join('|')}`);
  };
  return { fake, models, chat, config, said };
}
