/** Responses in the background through the real binary, while its worker is killed and restarted: each ends, and each reader sees it once. */
import { setTimeout as delay } from 'node:timers/promises';
import OpenAI from 'openai';
import { expect, onTestFinished, test } from 'vitest';
import { says } from '../fakes/openai/reply.js';
import { startFakeOpenAi } from '../fakes/openai/server.js';
import { fakeModels } from '../helpers/make-conversation.js';
import { RealGateway } from '../helpers/real-gateway.js';
import { seededRandom } from '../helpers/seeded-random.js';

const CLIENTS = 10;
const KILLS = 10;
const ANSWER = 'one two three four five six seven eight';
/** What a response that has seen three workers die says. */
const POISONED = /3 times/;

/** Repeats a call while no worker answers. */
async function patiently<T>(call: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await call();
    } catch (error) {
      if (!(error instanceof OpenAI.APIConnectionError || error instanceof OpenAI.InternalServerError)) throw error;
      await delay(20);
    }
  }
}

/** Reads the stream of a response to its end, over as many connections as that takes. */
async function follow(client: OpenAI, id: string): Promise<OpenAI.Responses.Response> {
  let seen: number | undefined;
  let text = '';
  for (;;) {
    const query = { stream: true, ...(seen === undefined ? {} : { starting_after: seen }) } as const;
    const stream = await patiently(() => client.responses.retrieve(id, query));
    try {
      for await (const event of stream) {
        if (event.type === 'error') break;
        if (seen !== undefined) expect(event.sequence_number).toBeGreaterThan(seen);
        seen = event.sequence_number;
        if (event.type === 'response.in_progress') text = '';
        if (event.type === 'response.output_text.delta') text += event.delta;
        if (event.type !== 'response.completed' && event.type !== 'response.failed') continue;
        if (event.type === 'response.completed') expect(text).toBe(ANSWER);
        return event.response;
      }
    } catch (error) {
      // The worker was killed.
      if (error instanceof Error && error.name === 'AssertionError') throw error;
    }
    await delay(20);
  }
}

test('ten readers of responses in the background through ten kills: each response ends, and its stream has the answer once', async () => {
  const fake = await startFakeOpenAi();
  onTestFinished(() => fake.close());
  fake.replyAlways({ ...says(...ANSWER.split(/(?<= )/)), delayMs: 40 });
  const gateway = await RealGateway.create();
  gateway.put('models.json', fakeModels(fake.baseUrl));
  await gateway.run();
  const client = new OpenAI({ baseURL: `${gateway.url}/v1`, apiKey: 'local', maxRetries: 0 });
  const random = seededRandom(11);
  const over = new AbortController();
  const ended: OpenAI.Responses.Response[] = [];
  const work = async (index: number): Promise<void> => {
    for (let number = 0; number === 0 || !over.signal.aborted; number += 1) {
      const request = { model: 'fake/one', input: `question ${index} ${number}`, background: true };
      const headers = { 'Idempotency-Key': `${index}-${number}` };
      const { id } = await patiently(() => client.responses.create(request, { headers }));
      const response = await follow(client, id);
      const stored = await patiently(() => client.responses.retrieve(id));
      expect(stored).toMatchObject({ id, status: response.status });
      if (response.status === 'completed') expect(stored.output_text).toBe(ANSWER);
      else expect(response.error?.message).toMatch(POISONED);
      ended.push(response);
    }
  };
  const clients = Promise.all(Array.from({ length: CLIENTS }, (_, index) => work(index)));
  for (let kill = 0; kill < KILLS; kill += 1) {
    await delay(400 + Math.floor(random() * 500));
    const pid = gateway.workerPid();
    process.kill(pid, 'SIGKILL');
    await gateway.untilReplaced(pid);
    // Forgives the kills, so that the next worker comes at once.
    if (kill % 3 === 2) expect(await gateway.xopc('gateway', 'restart')).toMatchObject({ code: 0 });
  }
  over.abort();
  await clients;
  expect(ended.filter(({ status }) => status === 'completed').length).toBeGreaterThan(2 * CLIENTS);
});
