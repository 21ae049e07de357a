/** Questions with keys through the real binary, while its worker is killed and restarted: each is asked and answered once. */
import { setTimeout as delay } from 'node:timers/promises';
import { expect, onTestFinished, test } from 'vitest';
import { says } from '../fakes/openai/reply.js';
import { startFakeOpenAi } from '../fakes/openai/server.js';
import { fakeModels } from '../helpers/make-conversation.js';
import { RealGateway } from '../helpers/real-gateway.js';
import { seededRandom } from '../helpers/seeded-random.js';

const SESSIONS = 5;
const CLIENTS = 15;
const KILLS = 12;
const ANSWER = 'one two three four five six';

/** Asks until there is an answer; now and then the caller hangs up in the middle and asks again. */
async function ask(url: string, question: { text: string; session: string }, random: () => number): Promise<string> {
  for (;;) {
    const headers = { 'Content-Type': 'application/json', 'Idempotency-Key': question.text.replaceAll(' ', '-') };
    const body = JSON.stringify({ message: question.text, session: question.session });
    const signal = random() < 0.2 ? AbortSignal.timeout(20 + Math.floor(random() * 200)) : null;
    try {
      const answer = await fetch(`${url}/api/agent`, { method: 'POST', headers, body, signal });
      const said = (await answer.json()) as { reply?: string };
      if (said.reply !== undefined) return said.reply;
      expect([502, 503], JSON.stringify(said)).toContain(answer.status);
    } catch (error) {
      // The worker was killed, or the caller has hung up.
      if (!(error instanceof TypeError || error instanceof DOMException)) throw error;
    }
    await delay(20);
  }
}

test('fifteen callers who repeat their questions through twelve kills: each is answered once, and stands in its session once', async () => {
  const fake = await startFakeOpenAi();
  onTestFinished(() => fake.close());
  fake.replyAlways({ ...says(...ANSWER.split(/(?<= )/)), delayMs: 15 });
  const gateway = await RealGateway.create();
  gateway.put('models.json', fakeModels(fake.baseUrl));
  await gateway.run();
  const random = seededRandom(7);
  const over = new AbortController();
  const asked: { text: string; session: string }[] = [];
  const open = new Set<Promise<string>>();
  const client = async (index: number): Promise<void> => {
    for (let number = 0; number === 0 || !over.signal.aborted; number += 1) {
      const question = { text: `question ${index} ${number}`, session: `s${index % SESSIONS}` };
      asked.push(question);
      const answer = ask(gateway.url, question, random);
      open.add(answer);
      expect(await answer).toBe(ANSWER);
      open.delete(answer);
    }
  };
  const clients = Promise.all(Array.from({ length: CLIENTS }, (_, index) => client(index)));
  for (let kill = 0; kill < KILLS; kill += 1) {
    await delay(300 + Math.floor(random() * 500));
    const pid = gateway.workerPid();
    process.kill(pid, 'SIGKILL');
    await gateway.untilReplaced(pid);
    // A question that ends three workers is given up.
    if (kill % 2 === 1) await Promise.all(open);
    // Forgives the kills, so that the next worker comes at once.
    if (kill % 3 === 2) expect(await gateway.xopc('gateway', 'restart')).toMatchObject({ code: 0 });
  }
  over.abort();
  await clients;
  expect(asked.length).toBeGreaterThan(3 * CLIENTS);
  for (let index = 0; index < SESSIONS; index += 1) {
    const response = await fetch(`${gateway.url}/api/sessions/main:api:default:direct:s${index}`);
    const { messages } = (await response.json()) as { messages: { role: string; status: string; content: string }[] };
    const questions = messages.filter(({ role }) => role === 'user').map(({ content }) => content);
    expect(questions.toSorted()).toEqual(
      asked
        .filter(({ session }) => session === `s${index}`)
        .map(({ text }) => text)
        .toSorted(),
    );
    const answers = messages.filter(({ role, status }) => role === 'assistant' && status === 'complete');
    expect(answers).toHaveLength(questions.length);
  }
});
