/** A worker whose clock is five minutes ahead, on a database whose clock is right. */
import { expect, test } from 'vitest';
import { systemClock } from '../../../../shared/clock.js';
import { startWebhookReceiver } from '../../../fakes/webhook-receiver/receiver.js';
import { eventually } from '../../../helpers/eventually.js';
import { makeConversation } from '../../../helpers/make-conversation.js';
import { databaseOf, query } from '../../../helpers/store-engine.js';
import { tempDir } from '../../../helpers/temp-dir.js';

const AHEAD_MS = 300_000;
const inMs = (ms: number): string => new Date(Date.now() + ms).toISOString();

test('its jobs and its retries come when they are due by the clock of the database, and it keeps its leases', async () => {
  const receiver = await startWebhookReceiver();
  receiver.react = ({ content }) => (content === 'failing' ? { status: 503, headers: { 'Retry-After': '120' } } : { status: 204 });
  const home = tempDir();
  const { url = '' } = await databaseOf(home);
  const config = { channels: { webhook: { accounts: { default: { url: receiver.url } } } } };
  const shared = { home, config, liveInstanceIds: () => ['wk_right', 'wk_ahead'] };
  const right = await makeConversation({ ...shared, instanceId: 'wk_right' });
  const chat = { mode: 'direct', channel: 'webhook', chat_id: 'jobs' } as const;
  await right.messages.accept({ channel: 'webhook', chat_id: 'failing', content: 'failing' });
  await right.cron.create({ ...chat, schedule: `at ${inMs(180_000)}`, message: 'later' });
  await eventually(async () => expect(await query(url, `select from outbox_messages where state = 'retry_wait'`)).toHaveLength(1));
  await right.quiesce();

  const clock = { ...systemClock, now: () => Date.now() + AHEAD_MS };
  const ahead = await makeConversation({ ...shared, instanceId: 'wk_ahead', clock });
  await ahead.cron.create({ ...chat, schedule: 'every 1s', message: 'soon' });
  await receiver.until((received) => received.some(({ content }) => content === 'soon'));
  const contents = receiver.received.map(({ content }) => content);
  expect([contents.filter((content) => content === 'failing'), new Set(contents)]).toEqual([['failing'], new Set(['failing', 'soon'])]);
  expect(await query(url, `select owner from leases where key = 'account:webhook/default'`)).toEqual([{ owner: 'wk_ahead' }]);
  const [{ ahead: aheadMs } = {}] = await query(url, `select max(created_at) - extract(epoch from now()) * 1000 as ahead from messages`);
  expect(Number(aheadMs)).toBeLessThan(AHEAD_MS / 2);
});
