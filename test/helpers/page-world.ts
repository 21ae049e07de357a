/** A real gateway with a model in the test's hands, for tests of the page. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { startFakeOpenAi, type FakeOpenAi } from '../fakes/openai/server.js';
import { fakeModels } from './make-conversation.js';
import { RealGateway } from './real-gateway.js';

export interface PageWorld {
  readonly model: FakeOpenAi;
  readonly gateway: RealGateway;
  /** Makes a session with one question and one answer. @returns its key */
  readonly talk: (question: string) => Promise<string>;
}

/** @param providers  more of `models.json` */
export async function startPageWorld(config: object = {}, providers: object = {}): Promise<PageWorld> {
  const model = await startFakeOpenAi({ models: ['one', 'two'] });
  onTestFinished(() => model.close());
  const gateway = await RealGateway.create();
  mkdirSync(gateway.xopcHome, { recursive: true });
  writeFileSync(
    join(gateway.xopcHome, 'models.json'),
    JSON.stringify({ providers: { ...fakeModels(model.baseUrl).providers, ...providers } }),
  );
  writeFileSync(join(gateway.xopcHome, 'config.json'), JSON.stringify({ agents: { defaults: { model: 'fake/one' } }, ...config }));
  await gateway.run();
  return {
    model,
    gateway,
    async talk(question) {
      const chatId = `chat_${question.length}_${Array.from(question).reduce((sum, letter) => sum + letter.charCodeAt(0), 0)}`;
      const body = JSON.stringify({ channel: 'webchat', chat_id: chatId, content: question });
      const answer = await fetch(`${gateway.url}/api/message/sync`, {
        method: 'POST',
        headers: { 'Content-Type': 'application/json' },
        body,
      });
      if (!answer.ok) throw new Error(await answer.text());
      return `main:webchat:default:direct:${chatId}`;
    },
  };
}
