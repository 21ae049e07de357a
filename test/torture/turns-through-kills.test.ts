/** An answer of ten steps, each with a tool, through the real binary, whose worker is killed at one step after another. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { anthropic } from '../fakes/vendors/anthropic.js';
import { says } from '../fakes/vendors/vendor-reply.js';
import { startVendor } from '../fakes/vendors/vendor-server.js';
import { startWebhookReceiver } from '../fakes/webhook-receiver/receiver.js';
import { RealGateway, until } from '../helpers/real-gateway.js';

const STEPS = 10;
const INBOUND_TOKEN = 'inbound-token-0123456789';

interface Reply {
  readonly reply?: string;
  readonly usage?: { readonly inputTokens: number };
}

/** Asks until there is an answer. */
async function ask(url: string, key: string): Promise<Reply> {
  for (;;) {
    try {
      const headers = { 'Content-Type': 'application/json', 'Idempotency-Key': key };
      const answer = await fetch(`${url}/api/agent`, { method: 'POST', headers, body: JSON.stringify({ message: key, session: key }) });
      const body = (await answer.json()) as Reply;
      if (body.reply !== undefined) return body;
      expect([502, 503]).toContain(answer.status);
    } catch (error) {
      // The worker was killed.
      if (!(error instanceof TypeError)) throw error;
    }
    await delay(20);
  }
}

test('an answer of ten steps, killed at each of them: no step is asked again, no message is sent twice, and all of it is counted once', async () => {
  const fake = await startVendor(anthropic);
  const receiver = await startWebhookReceiver();
  const gateway = await RealGateway.create();
  mkdirSync(gateway.xopcHome, { recursive: true, mode: 0o700 });
  const account = { url: receiver.url, inboundToken: INBOUND_TOKEN };
  const config = { agents: { defaults: { maxToolIterations: 20 } }, channels: { webhook: { accounts: { default: account } } } };
  writeFileSync(join(gateway.xopcHome, 'config.json'), JSON.stringify(config));
  const provider = { baseUrl: fake.baseUrl, apiKey: 'key-of-the-fake', api: 'anthropic-messages', models: [{ id: 'fake-model' }] };
  writeFileSync(join(gateway.xopcHome, 'models.json'), JSON.stringify({ providers: { fake: provider } }));
  await gateway.run();
  for (let killedAt = 1; killedAt <= STEPS; killedAt += 1) {
    const steps = Array.from({ length: STEPS }, (_, step) => ({
      ...says(`part ${step}.`),
      calls: [{ id: `c${step}`, name: 'send', input: { channel: 'webhook', chat_id: `turn-${killedAt}`, content: `${step}` } }],
    }));
    const held = { ...says('cut', 'never'), gate: { before: 1, until: new Promise(() => undefined) } };
    fake.reply(...steps.slice(0, killedAt), held, ...steps.slice(killedAt), says('Done.'));
    const before = fake.requests.length;
    const answered = ask(gateway.url, `turn-${killedAt}`);
    await until('the step to be asked', () => fake.requests.length === before + killedAt + 1);
    const pid = gateway.workerPid();
    process.kill(pid, 'SIGKILL');
    await gateway.untilReplaced(pid);
    const { reply, usage } = await answered;
    expect(reply).toBe([...steps.map((_, step) => `part ${step}.`), 'Done.'].join('\n\n'));
    expect(usage?.inputTokens).toBe(11 * (STEPS + 1));
    expect(fake.requests.length - before).toBe(STEPS + 2);
    await until('all messages', () => receiver.received.some(({ chatId, content }) => chatId === `turn-${killedAt}` && content === '9'));
    const all = receiver.received.filter(({ chatId }) => chatId === `turn-${killedAt}`);
    expect([...new Map(all.map(({ id, content }) => [id, content])).values()]).toEqual(steps.map((_, step) => `${step}`));
    // Forgives the kills, so that the next worker comes at once.
    if (killedAt % 3 === 0) expect(await gateway.xopc('gateway', 'restart')).toMatchObject({ code: 0 });
  }
});
