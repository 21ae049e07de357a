/** The gateway's `/v1` over a real conversation whose one provider is a server that replays chunks. */
import OpenAI from 'openai';
import { type ReplayServer, startReplay } from '../fakes/openai/replay.js';
import { startHttpApp, type TestApp, TOKEN } from './http-app.js';
import { type ConversationOptions, makeConversation, type TestConversation } from './make-conversation.js';

export interface OpenAiGateway extends TestApp {
  readonly upstream: ReplayServer;
  readonly conversation: TestConversation;
  readonly baseURL: string;
  /** The unmodified SDK, without retries of its own unless told. */
  readonly client: OpenAI;
}

export async function startOpenAiGateway(config: object = {}, options: ConversationOptions = {}): Promise<OpenAiGateway> {
  const upstream = await startReplay();
  const models = {
    providers: {
      up: {
        baseUrl: upstream.baseUrl,
        apiKey: 'sk-upstream-secret',
        models: [{ id: 'one', cost: { input: 2, output: 4 } }, { id: 'vendor/two' }],
      },
    },
  };
  const conversation = await makeConversation({ ...options, config, models });
  const app = await startHttpApp({ services: conversation });
  const baseURL = `http://127.0.0.1:${app.port}/v1`;
  return { ...app, upstream, conversation, baseURL, client: new OpenAI({ baseURL, apiKey: TOKEN, maxRetries: 0 }) };
}
