import { createHmac } from 'node:crypto';
import { expect, onTestFinished, test } from 'vitest';
import { says } from '../../../fakes/openai/reply.js';
import { ALERTMANAGER, GITHUB, SLACK } from '../../../fixtures/webhook-calls.js';
import { startFakeOpenAi } from '../../../fakes/openai/server.js';
import { startHttpApp } from '../../../helpers/http-app.js';
import { fakeModels, makeConversation } from '../../../helpers/make-conversation.js';
import { startWebhookReceiver } from '../../../fakes/webhook-receiver/receiver.js';

const SECRET = 'the secret of the service';
const TOKEN = 'the-token-of-alertmanager';
const sign = (content: string): string => createHmac('sha256', SECRET).update(content).digest('hex');

/** A worker with accounts of three services, of which only `alerts` has a receiver for answers, and one in the gateway's own form. */
async function startWorld() {
  const model = await startFakeOpenAi({ models: ['one', 'two'] });
  onTestFinished(() => model.close());
  const receiver = await startWebhookReceiver();
  const accounts = {
    github: { preset: 'github', inboundSecret: SECRET },
    alerts: { preset: 'alertmanager', inboundToken: TOKEN, url: receiver.url },
    slack: { preset: 'slack', inboundSecret: SECRET },
    own: { url: receiver.url, inboundToken: TOKEN },
    paused: { url: receiver.url, inboundToken: TOKEN, enabled: false },
  };
  const conversation = await makeConversation({ config: { channels: { webhook: { accounts } } }, models: fakeModels(model.baseUrl) });
  const app = await startHttpApp({ services: conversation });
  const call = async (account: string, body: unknown, headersFor: (text: string) => Record<string, string>) => {
    const text = JSON.stringify(body);
    const answer = await app.send(`/api/webhook/${account}`, { method: 'POST', headers: headersFor(text), body });
    return { status: answer.status, json: answer.json, isReplayed: answer.headers['idempotent-replayed'] === 'true' };
  };
  const github = (event: keyof typeof GITHUB, delivery: string, signature?: string) =>
    call('github', GITHUB[event], (text) => ({
      'X-GitHub-Event': event,
      'X-GitHub-Delivery': delivery,
      'X-Hub-Signature-256': `sha256=${signature ?? sign(text)}`,
    }));
  const slack = (body: object) =>
    call('slack', body, (text) => {
      const time = String(Math.floor(Date.now() / 1_000));
      return { 'X-Slack-Request-Timestamp': time, 'X-Slack-Signature': `v0=${sign(`v0:${time}:${text}`)}` };
    });
  const preview = (body: unknown) => app.send('/api/channels/webhook/preview', { method: 'POST', body });
  return { model, receiver, conversation, call, github, slack, preview, read: (path: string) => app.send(path) };
}

test('an account that is switched off is listed, and takes nothing', async () => {
  const { read, call } = await startWorld();
  const { channels } = (await read('/api/channels')).json as { channels: { accountId: string; state: string }[] };
  expect(channels.filter(({ state }) => state === 'off').map(({ accountId }) => accountId)).toEqual(['paused']);
  expect(await call('paused', {}, () => ({ Authorization: `Bearer ${TOKEN}` }))).toMatchObject({ status: 401 });
});

test('a call of GitHub is acknowledged while the model is silent, runs once, and is answered in its session', async () => {
  const { model, conversation, github, read } = await startWorld();
  let open = (): void => undefined;
  const until = new Promise<void>((resolve) => (open = resolve));
  model.reply({ ...says('Noted'), gate: { before: 0, until } });
  expect(await github('push', 'd1', sign('another body'))).toMatchObject({ status: 401 });
  expect((await conversation.sessions.list({})).sessions).toEqual([]);
  const first = await github('push', 'd1');
  expect(first).toMatchObject({ status: 200, json: { status: 'ok', message_id: expect.stringMatching(/^msg_/) }, isReplayed: false });
  await model.received(1);
  expect(await github('push', 'd1')).toEqual({ ...first, isReplayed: true });
  expect(await github('ping', 'd0')).toEqual({ status: 200, json: { status: 'ok', message_id: null }, isReplayed: false });
  open();
  // The name of a conversation has characters that mean something in an address.
  const key = 'main:webhook:github:direct:Codertocat/Hello-World';
  await expect.poll(async () => (await conversation.sessions.get(key)).messages.at(-1)?.content).toBe('Noted');
  expect(await read(`/api/sessions/${encodeURIComponent(key)}`)).toMatchObject({ status: 200, json: { session: { key } } });
  expect(model.requests).toHaveLength(1);
  // It has no receiver, so the answer is delivered by being stored.
  expect((await conversation.outgoing.list({})).messages.map(({ status, parts }) => ({ status, parts }))).toEqual([
    { status: 'delivered', parts: 0 },
  ]);
});

test('alerts come with the token as a password, and their answers go to the receiver', async () => {
  const { model, receiver, call } = await startWorld();
  model.reply(says('I look into it'));
  const basic = `Basic ${Buffer.from(`alertmanager:${TOKEN}`).toString('base64')}`;
  expect(await call('alerts', ALERTMANAGER, () => ({ Authorization: basic }))).toMatchObject({ status: 200, isReplayed: false });
  expect(await call('alerts', ALERTMANAGER, () => ({ Authorization: basic }))).toMatchObject({ status: 200, isReplayed: true });
  expect(await call('alerts', ALERTMANAGER, () => ({ Authorization: basic.toUpperCase() }))).toMatchObject({ status: 401 });
  await receiver.until((received) => received.length === 1);
  expect(receiver.received[0]).toMatchObject({ chatId: '{}:{alertname="InstanceDown"}', content: 'I look into it' });
});

test('Slack gets its challenge back if it is signed', async () => {
  const { slack, call, conversation } = await startWorld();
  const { challenge } = SLACK.challenge;
  expect(await slack(SLACK.challenge)).toMatchObject({ status: 200, json: { status: 'ok', message_id: null, challenge } });
  expect(await call('slack', SLACK.challenge, () => ({}))).toMatchObject({ status: 401 });
  expect(await slack(SLACK.bot)).toMatchObject({ status: 200, json: { message_id: null } });
  expect((await conversation.sessions.list({})).sessions).toEqual([]);
  expect(await slack(SLACK.message)).toMatchObject({ status: 200, isReplayed: false });
  expect(await slack(SLACK.message)).toMatchObject({ status: 200, isReplayed: true });
});

test('a preview reads a call as the account would, and stores nothing', async () => {
  const { preview, conversation } = await startWorld();
  const shown = await preview({
    accountId: 'github',
    payload: GITHUB.issues,
    headers: { 'X-GitHub-Event': 'issues', 'x-github-delivery': 'd1' },
  });
  expect(shown).toMatchObject({
    status: 200,
    json: { preview: { outcome: 'message', chat_id: 'Codertocat/Hello-World#1', id: 'd1', challenge: null } },
  });
  expect(await preview({ accountId: 'slack', payload: SLACK.challenge })).toMatchObject({
    json: { preview: { outcome: 'challenge', content: null } },
  });
  const own = { chat_id: 7, content: 'hi' };
  expect(await preview({ accountId: 'own', payload: own })).toMatchObject({ json: { preview: { chat_id: '7', content: 'hi', id: null } } });
  for (const [body, status, text] of [
    [{ accountId: 'nobody', payload: {} }, 404, "no account 'nobody'"],
    [{ accountId: 'own', payload: { chat_id: 'x' } }, 400, "Invalid payload: 'content' is required"],
    [{ accountId: 'own', payload: { ...own, more: 1 } }, 400, "unknown key 'more'"],
    [{ accountId: 'github' }, 400, "'payload' is required"],
    [{ accountId: 'github', payload: [] }, 400, "'payload' is"],
    [{ accountId: 'github', payload: {}, headers: { 'a b': '' } }, 400, "'headers"],
    [{ accountId: 'github', payload: {}, headers: { a: 1 } }, 400, "'headers.a' "],
    [{ accountId: 'github', payload: {}, headers: { a: 'x'.repeat(500_000) } }, 400, "'headers.a' "],
    [{ accountId: 'x'.repeat(500_000), payload: {} }, 400, "'accountId' has more than"],
    [{ accountId: 'github', payload: {}, other: 1 }, 400, "unknown key 'other'"],
  ] as const) {
    const answer = await preview(body);
    expect(answer).toMatchObject({ status, json: { error: { message: expect.stringContaining(text) as string } } });
    expect(answer.text.length).toBeLessThan(1_000);
  }
  expect(await preview({ accountId: 'github', payload: { text: 'x'.repeat(900_000) } })).toMatchObject({ status: 200 });
  expect((await conversation.sessions.list({})).sessions).toEqual([]);
});

test('a call of an account without a preset must have the form of the gateway', async () => {
  const { call } = await startWorld();
  const headers = () => ({ 'X-Webhook-Token': TOKEN });
  for (const [body, text] of [
    [{ chat_id: 'x' }, "Invalid body: 'content' is required"],
    [{ chat_id: true, content: 'x' }, "'chat_id' must be text or a whole number"],
    [{ chat_id: 'x', content: 'x', more: 1 }, "unknown key 'more'"],
  ] as const)
    expect(await call('own', body, headers)).toMatchObject({
      status: 400,
      json: { error: { message: expect.stringContaining(text) as string } },
    });
});
