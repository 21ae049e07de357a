/** Scheduled turns of agents that have nothing to report. */
import { expect, onTestFinished, test } from 'vitest';
import { apiError, callsTools, says, type StatusReply } from '../../../fakes/openai/reply.js';
import { type ReceivedRequest, startFakeOpenAi } from '../../../fakes/openai/server.js';
import { ask, fakeModels, makeConversation } from '../../../helpers/make-conversation.js';
import type { CronRunDocument } from '../../../../shared/api/cron.js';

const turn = { schedule: 'every 1h', message: 'Report', mode: 'agent', channel: 'webchat', chat_id: 'me' } as const;
const CHAT_KEY = 'main:webchat:default:direct:me';

/** A text, and the call of the tool behind it. */
function quietly(text: string, input: object): StatusReply {
  const delta = { id: 'c', object: 'chat.completion.chunk', created: 1, model: 'm', choices: [{ index: 0, delta: { content: text } }] };
  const call = callsTools({ name: 'nothing_to_report', input });
  return text === '' ? call : { ...call, body: `data: ${JSON.stringify(delta)}\n\n${call.body}` };
}

async function start() {
  const fake = await startFakeOpenAi();
  onTestFinished(() => fake.close());
  const config = {
    agents: {
      list: [
        { id: 'main', model: 'fake/one' },
        { id: 'plain', model: 'fake/one', tools: [] },
      ],
    },
  };
  const conversation = await makeConversation({ models: fakeModels(fake.baseUrl), config, random: () => 0 });
  const { cron, sessions } = conversation;
  let count = 0;
  return {
    fake,
    conversation,
    /** Runs a new job until it has ended. */
    async run(job: object): Promise<CronRunDocument> {
      count += 1;
      const { id } = await cron.create({ ...turn, chat_id: `me${count}`, ...job });
      await cron.trigger(id);
      for (;;) {
        const [run] = (await cron.runs(id, {})).runs;
        if (run !== undefined && run.finishedAt !== null) return run;
        await new Promise(setImmediate);
      }
    },
    texts: async (key: string) => (await sessions.get(key)).messages.map(({ role, content }) => `${role}: ${content}`),
  };
}

const toolsOf = (request: ReceivedRequest | undefined): string => JSON.stringify(request?.body['tools'] ?? []);

test('the run is done and nothing is sent, also if there was a text; the model is not asked again', async () => {
  const { fake, conversation, run, texts } = await start();
  fake.reply(quietly('All is calm.', { reason: 'no mail' }), quietly('', {}));
  expect(await run({})).toMatchObject({ state: 'done', output: 'All is calm.', nothingToReport: 'no mail', error: null, delivery: null });
  expect(await run({ session: 'main', chat_id: 'me' })).toMatchObject({ state: 'done', output: '', nothingToReport: '', delivery: null });
  expect(fake.requests).toHaveLength(2);
  expect(toolsOf(fake.requests[0])).toContain('nothing_to_report');
  expect((await conversation.outgoing.list({})).messages).toEqual([]);
  // The question and what the tool did.
  const said = await texts(CHAT_KEY);
  expect(said.map((text) => text.split(':')[0])).toEqual(['user', 'tool']);
});

test('a call that the tool refuses ends nothing, other tools of the step run too, and nobody else has the tool', async () => {
  const { fake, conversation, run } = await start();
  fake.reply(quietly('', { reason: 5 }), says('one'));
  expect(await run({})).toMatchObject({ state: 'done', output: 'one', nothingToReport: null, delivery: { status: 'delivered' } });
  fake.reply(callsTools({ name: 'time', input: {} }, { name: 'nothing_to_report', input: {} }));
  expect(await run({})).toMatchObject({ state: 'done', nothingToReport: '' });
  fake.reply(callsTools({ name: 'nothing_to_report', input: {} }), says('two'), says('three'));
  expect((await ask(conversation, { message: 'hi', session: 's' })).last).toMatchObject({ type: 'done', reply: 'two' });
  expect(toolsOf(fake.requests.at(-1))).not.toContain('nothing_to_report');
  // An agent has it although it has no other tools; a model that takes none is asked without it.
  expect(await run({ agentId: 'plain' })).toMatchObject({ output: 'three' });
  expect(JSON.parse(toolsOf(fake.requests.at(-1)))).toMatchObject([{ function: { name: 'nothing_to_report' } }]);
  fake.reply(apiError(400, { message: 'this model does not support tools' }), says('four'));
  expect(await run({ agentId: 'plain' })).toMatchObject({ output: 'four' });
  expect(toolsOf(fake.requests.at(-1))).toBe('[]');
});
