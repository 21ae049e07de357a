/** A turn that waits for a person, in a real gateway whose worker is killed in each of its states. */
import { expect, onTestFinished, test } from 'vitest';
import type { ApprovalDocument } from '../../shared/api/tools/approvals.js';
import { fakeHttp } from '../fakes/http-server.js';
import { callsTools, says } from '../fakes/openai/reply.js';
import { startFakeOpenAi } from '../fakes/openai/server.js';
import { startWebhookReceiver } from '../fakes/webhook-receiver/receiver.js';
import { killHard } from '../helpers/home-processes.js';
import { fakeModels } from '../helpers/make-conversation.js';
import { RealGateway, until } from '../helpers/real-gateway.js';

interface SessionMessage {
  readonly role: string;
  readonly content: string;
}

async function startWorld() {
  const model = await startFakeOpenAi();
  onTestFinished(() => model.close());
  const receiver = await startWebhookReceiver();
  onTestFinished(() => receiver.close());
  const page = { isHeld: true };
  const site = await fakeHttp((_request, response) => {
    if (!page.isHeld) response.end('the page');
  });
  const gateway = await RealGateway.create();
  gateway.put('models.json', fakeModels(model.baseUrl));
  const defaults = { model: 'fake/one', permissions: { send: 'ask' }, fetchAllow: ['127.0.0.1'] };
  const webhook = { accounts: { default: { url: receiver.url, inboundToken: 'a-token-of-sixteen' } } };
  gateway.put('config.json', { agents: { defaults }, channels: { webhook } });
  await gateway.run();
  const kill = async (): Promise<void> => {
    const worker = gateway.workerPid();
    killHard(worker);
    await gateway.untilReplaced(worker);
  };
  const read = async <T>(path: string): Promise<T> => (await (await fetch(gateway.url + path)).json()) as T;
  const post = (path: string, body: object) =>
    fetch(gateway.url + path, { method: 'POST', body: JSON.stringify(body), headers: { 'Content-Type': 'application/json' } });
  const approvals = async () => (await read<{ approvals: ApprovalDocument[] }>('/api/approvals')).approvals;
  return { model, receiver, page, site, kill, read, post, approvals };
}

test('a question, its decision and what follows from it survive kills of the worker in every state, and nothing happens twice', async () => {
  const { model, receiver, page, site, kill, read, post, approvals } = await startWorld();
  const send = (content: string) => ({ name: 'send', input: { channel: 'webhook', chat_id: 'room', content } });
  const load = { name: 'fetch', input: { url: `http://127.0.0.1:${site.port}/` } };
  const held = { ...says('Do', 'ne'), gate: { before: 1, until: new Promise(() => undefined) } };
  model.reply(callsTools(send('Tea?'), load), callsTools(send('At four.')), held, says('Done.'));
  const decide = async (): Promise<void> => {
    const [approval] = await until('a question', async () => {
      const found = (await approvals()).filter(({ state }) => state === 'pending');
      return found.length > 0 && found;
    });
    expect((await post(`/api/approvals/${approval?.id}/decide`, { decision: 'approve' })).status).toBe(200);
  };

  // Asked, while the call that needs no decision runs. The caller is not answered; it has no key.
  const asked = post('/api/agent', { message: 'Invite them' }).catch(() => undefined);
  await until('the page to be read', () => site.seen.length === 1);
  await kill();
  await asked;
  // Waiting.
  await kill();
  expect(await approvals()).toMatchObject([{ state: 'pending', tool: 'send', input: send('Tea?').input }]);
  expect([model.requests.length, receiver.received.length, site.seen.length]).toEqual([1, 0, 1]);

  // Decided, and killed before anything shows that it goes on.
  await decide();
  await kill();
  // The approved call is done, the other one runs again.
  await until('the page to be read again', () => site.seen.length >= 2 && receiver.received.length > 0);
  page.isHeld = false;
  await kill();
  // A second question, and all calls are done: the model answers.
  await decide();
  await until('the model to be asked', () => model.requests.length === 3);
  await kill();

  const path = '/api/sessions/main:api:default:direct:default';
  const messages = async () => (await read<{ messages: SessionMessage[] }>(path)).messages;
  await until('the answer', async () => (await messages()).at(-1)?.content === 'Done.');
  expect((await messages()).map(({ role }) => role)).toEqual(['user', 'tool', 'tool', 'tool', 'assistant']);
  expect((await approvals()).map(({ state }) => state)).toEqual(['approved', 'approved']);
  const delivered = new Map(receiver.received.map(({ id, content }) => [id, content]));
  expect([...delivered.values()]).toEqual(['Tea?', 'At four.']);
  expect(JSON.stringify(model.requests.at(-1)?.body)).not.toContain('outcome unknown');
  expect(model.requests).toHaveLength(4);
});
