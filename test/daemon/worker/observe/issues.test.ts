import { expect, test } from 'vitest';
import { Issues } from '../../../../daemon/worker/observe/issues.js';
import { configSchema } from '../../../../shared/config/schema.js';
import { FakeClock } from '../../../helpers/fake-clock.js';
import { logMemory } from '../../../helpers/log-memory.js';
import { makeConversation } from '../../../helpers/make-conversation.js';

test('an account that cannot deliver and a job that fails are issues, with what to do', async () => {
  const config = { channels: { webhook: { accounts: { default: { url: 'http://127.0.0.1:9/' } } } }, agents: { list: [{ id: 'main' }] } };
  const { issues, cron, messages, outgoing, setConfig } = await makeConversation({ config });
  await issues.refresh();
  expect(issues.current).toEqual([]);
  const job = await cron.create({ name: 'Report', schedule: '0 0 1 1 *', message: 'x', mode: 'agent', agentId: 'main', retries: 0 });
  setConfig({ ...config, agents: { list: [{ id: 'other' }], default: 'other' } });
  await cron.trigger(job.id);
  await expect.poll(async () => (await cron.list())[0]?.failures).toBe(1);
  await messages.accept({ channel: 'webhook', chat_id: '7', content: 'hi' });
  await expect.poll(async () => (await outgoing.list({})).messages[0]?.status).toBe('retry_wait');
  await issues.refresh();
  expect(issues.current).toEqual([
    {
      id: 'channel:webhook',
      severity: 'warning',
      name: 'webhook',
      text: expect.stringMatching(
        /^Channel webhook: Sending fails and is being retried: 1 message waiting\. The last error: .*127\.0\.0\.1:9/,
      ) as string,
      action: 'See: xopc channels',
    },
    {
      id: `job:${job.id}`,
      severity: 'warning',
      name: 'Report',
      text: "The job 'Report' has failed once.",
      action: `See: xopc cron history ${job.id}`,
    },
  ]);
});

test('jobs that would fire while scheduled jobs are disabled are an issue', async () => {
  const { issues, cron, setConfig } = await makeConversation({ config: { cron: { enabled: false } } });
  await issues.refresh();
  expect(issues.current).toEqual([]);
  await cron.create({ schedule: '0 0 1 1 *', message: 'x', channel: 'webchat', chat_id: 'me' });
  await issues.refresh();
  const text = 'Scheduled jobs are disabled in this gateway (cron.enabled): none of them runs.';
  expect(issues.current).toMatchObject([
    { id: 'cron', severity: 'warning', text, action: expect.stringContaining('cron.enabled true') as string },
  ]);
  setConfig({});
  await issues.refresh();
  expect(issues.current).toEqual([]);
});

test('issues are looked for again after 15 s, and after the clock was set back', async () => {
  const clock = new FakeClock();
  let looks = 0;
  const issues = new Issues({
    clock,
    logger: logMemory(),
    config: () => configSchema.parse({}),
    store: { read: <T>() => Promise.resolve([] as T) },
    listAccounts: async () => ((looks += 1), []),
    listProviders: async () => [],
  });
  for (const forwardMs of [0, 14_000, 1_000, -7_200_000, 0]) {
    clock.jump(forwardMs);
    await issues.refreshIfOld();
  }
  expect(looks).toBe(3);
});
