/** A gateway's conversation part with one webhook account, whose other side is a real receiver, and a model in the test's hands. */
import { onTestFinished } from 'vitest';
import { startFakeOpenAi, type FakeOpenAi } from '../fakes/openai/server.js';
import { startWebhookReceiver, type WebhookReceiver } from '../fakes/webhook-receiver/receiver.js';
import { fakeModels, makeConversation, type ConversationOptions, type TestConversation } from './make-conversation.js';

export const INBOUND_TOKEN = 'inbound-token-of-the-test';

export interface ChatFixture {
  readonly model: FakeOpenAi;
  readonly receiver: WebhookReceiver;
  readonly config: unknown;
  readonly start: (options?: ConversationOptions) => Promise<TestConversation>;
  /** Says something in a chat, as a program with the account's token does. */
  readonly say: (conversation: TestConversation, content: string, options?: { chatId?: string; id?: string }) => Promise<string>;
  /** Resolves with what the receiver has been told, once it is that many texts. */
  readonly told: (count: number) => Promise<string[]>;
}

export async function makeChat(account: Record<string, unknown> = {}): Promise<ChatFixture> {
  const model = await startFakeOpenAi({ models: ['one', 'two'] });
  onTestFinished(() => model.close());
  const receiver = await startWebhookReceiver();
  const config = { channels: { webhook: { accounts: { default: { url: receiver.url, inboundToken: INBOUND_TOKEN, ...account } } } } };
  return {
    model,
    receiver,
    config,
    start: (options = {}) => makeConversation({ config, models: fakeModels(model.baseUrl), ...options }),
    async say(conversation, content, { chatId = 'chat', id } = {}) {
      const call = { accountId: 'default', headers: { authorization: `Bearer ${INBOUND_TOKEN}` } };
      const { messageId } = await conversation.webhooks.receive(call, { chat_id: chatId, content, id });
      return messageId ?? '';
    },
    async told(count) {
      await receiver.until((received) => received.length >= count);
      return receiver.received.map(({ content }) => content);
    },
  };
}

/** What was said in a chat of the webhook account. */
export async function chatHistory(conversation: TestConversation, chatId = 'chat'): Promise<string[]> {
  const { messages } = await conversation.sessions.get(`main:webhook:default:direct:${chatId}`);
  return messages.map(({ role, content, status }) => `${role} ${status}: ${content}`);
}
