/** Two workers on one database: what one does, the other learns by being told, not by looking. */
import { expect, onTestFinished, test } from 'vitest';
import { systemClock } from '../../../../shared/clock.js';
import { startFakeOpenAi } from '../../../fakes/openai/server.js';
import { startWebhookReceiver } from '../../../fakes/webhook-receiver/receiver.js';
import { eventually } from '../../../helpers/eventually.js';
import { startHttpApp } from '../../../helpers/http-app.js';
import { fakeModels, makeConversation } from '../../../helpers/make-conversation.js';
import { greetSocket } from '../../../helpers/socket-client.js';
import { databaseOf, query } from '../../../helpers/store-engine.js';
import { tempDir } from '../../../helpers/temp-dir.js';

/** One on which no look for changes ever comes by itself. */
const never = { ...systemClock, after: (ms: number, run: () => void) => (ms < 500 ? systemClock.after(ms, run) : () => undefined) };

test('a message that another worker accepts is sent, and an answer that another one gives is followed, without looking', async () => {
  const model = await startFakeOpenAi({ models: ['one', 'two'] });
  onTestFinished(() => model.close());
  const receiver = await startWebhookReceiver();
  const home = tempDir();
  const { url = '' } = await databaseOf(home);
  const config = {
    agents: { defaults: { model: 'fake/one' } },
    channels: { webhook: { accounts: { default: { url: receiver.url } } } },
  };
  const shared = { home, config, models: fakeModels(model.baseUrl), clock: never, liveInstanceIds: () => ['wk_a', 'wk_b'] };
  await makeConversation({ ...shared, instanceId: 'wk_a' });
  const other = await makeConversation({ ...shared, instanceId: 'wk_b', isActive: false });
  const listening = `select from pg_stat_activity where datname = current_database() and query = 'listen xopc' and state = 'idle'`;
  await eventually(async () => expect(await query(url, listening)).toHaveLength(2));

  await other.messages.accept({ channel: 'webhook', chat_id: 'chat', content: 'told' });
  await receiver.until((received) => received.length === 1);

  let open: (value?: unknown) => void = () => undefined;
  model.reply({ type: 'text', parts: ['one ', 'two ', 'three'], gate: { before: 2, until: new Promise((resolve) => (open = resolve)) } });
  const { session } = await other.sessions.create({});
  const { port } = await startHttpApp({ services: other });
  const client = await greetSocket(port);
  client.send('watch', { session: session.key });
  await client.next('current');
  // Taken by the active one, which is told of it, too.
  client.send('send', { session: session.key, key: 'k', content: 'Count' });
  const { turn } = await client.next('turn');
  expect(await client.next('delta')).toMatchObject({ turn, at: 0, text: 'one two ' });
  open();
  expect(await client.next('message', ({ message }) => message.role === 'assistant')).toMatchObject({
    message: { content: 'one two three' },
  });
});
