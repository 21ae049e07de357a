import type { Route } from 'playwright-core';
import { expect, test } from 'vitest';
import { expectAccessible, noBrowser } from '../helpers/browser.js';
import { callApi, changeEditor, openView } from '../helpers/page.js';
import { RealGateway, until } from '../helpers/real-gateway.js';

interface Job {
  readonly id: string;
  readonly name: string;
  readonly schedule: string;
  readonly enabled: boolean;
  readonly lastRun: { readonly state: string } | null;
}

const jobsOf = async (gateway: RealGateway): Promise<readonly Job[]> => (await callApi<{ jobs: Job[] }>(gateway, 'GET /api/cron')).jobs;

test.skipIf(noBrowser)(
  'a job is made with a preview, run, paused, changed, deleted and brought back, with the mouse',
  { tags: ['long'] },
  async () => {
    const gateway = await RealGateway.start();
    // 404: the event of its deletion may come before the answer, and the runs are read once more.
    const page = await openView(gateway, '#/cron', { allowedErrors: /400|404.* at .*\/runs|ERR_FAILED/ });
    await page.getByRole('button', { name: 'New schedule' }).click();
    const when = page.getByLabel('When', { exact: true });
    const task = page.getByLabel('Task', { exact: true });
    await when.fill('every weekday at 9');
    await page.getByText('At 09:00, Monday through Friday').waitFor();
    await when.fill('0 99 * * *');
    await page.getByText(/has an invalid hour: 99/).waitFor();
    await when.fill('30 2 * 3 0#L');
    await page.getByText('Advanced').click();
    await page.getByLabel('Time zone').fill('Europe/Berlin');
    // The last Sunday in March has no 02:30 there.
    await page.getByText('Clocks go forward: runs right after the skipped hour').first().waitFor();
    await when.fill('0 0 31 2 *');
    await page.getByText('This schedule never fires').waitFor();
    await page.getByRole('button', { name: 'Every hour' }).click();
    await page.getByText('Every hour', { exact: true }).nth(1).waitFor();
    await page.getByRole('button', { name: 'Create schedule' }).click();
    await page.getByText('Enter a task.').waitFor();
    await task.and(page.locator(':focus')).waitFor();
    // The task is still empty when another field is changed.
    await when.fill('every 2 hours');
    await page.getByText('Every 2 hours', { exact: true }).waitFor();
    await page.getByText('Enter a task.').waitFor();
    await page.getByRole('button', { name: 'Every hour' }).click();
    await task.fill('Look after the house');
    // What was typed outlives a gateway that does not answer, a reload and another view.
    await page.route('**/api/cron/create', (route) => route.abort(), { times: 1 });
    await page.getByRole('button', { name: 'Create schedule' }).click();
    await page.getByRole('alert').waitFor();
    await page.reload();
    await page.getByText('Your draft was kept.').waitFor();
    await page.getByRole('link', { name: 'Sessions' }).click();
    await page.getByRole('heading', { name: 'Sessions', exact: true }).waitFor();
    await page.goBack();
    await expect.poll(() => task.inputValue()).toBe('Look after the house');
    await page.getByRole('button', { name: 'Create schedule' }).click();

    await page.getByRole('heading', { name: 'Look after the house' }).waitFor();
    await page.getByRole('button', { name: 'Run now' }).click();
    // The run opens, and is followed to its end.
    const run = page.getByRole('dialog', { name: 'Run of Look after the house' });
    await run.getByText('Done').waitFor();
    await run.getByRole('link', { name: 'Conversation' }).waitFor();
    await run.getByRole('button', { name: 'Close' }).click();
    await page.getByRole('cell', { name: 'Done' }).first().waitFor();
    const next = page.getByRole('list', { name: 'Next runs' }).getByRole('listitem');
    await expect.poll(() => next.count()).toBe(3);
    await page.getByRole('button', { name: 'Pause' }).click();
    await page.getByRole('button', { name: 'Resume' }).waitFor();
    await expect.poll(() => next.count()).toBe(0);
    await expect.poll(async () => (await jobsOf(gateway))[0]).toMatchObject({ enabled: false, schedule: '0 * * * *' });
    // The preview comes when the pointer may be on its way to a button below it.
    const previews: Route[] = [];
    await page.route('**/api/cron/preview*', (route) => void previews.push(route), { times: 1 });
    const reads = ['**/api/channels', '**/api/models'].map((path) => page.waitForResponse(path));
    await Promise.all([...reads, until('the preview', () => previews.length === 1), page.getByRole('button', { name: 'Edit' }).click()]);
    const save = page.getByRole('button', { name: 'Save' });
    const { y: before } = (await save.boundingBox()) ?? {};
    await previews[0]?.continue();
    await next.first().waitFor();
    expect(await save.boundingBox()).toMatchObject({ y: before });
    await page.getByLabel('Name').fill('House');
    await save.click();
    await page.getByRole('heading', { name: 'House', exact: true }).waitFor();
    await page.getByRole('button', { name: 'Actions for House' }).click();
    await page.getByRole('menuitem', { name: 'Delete' }).click();
    await page.getByText('No schedules yet').waitFor();
    await page.getByText('House was deleted with its runs').waitFor();
    expect(await jobsOf(gateway)).toEqual([]);
    await page.getByRole('button', { name: 'Undo' }).click();
    await page.getByRole('link', { name: 'House' }).waitFor();
    await expect
      .poll(() => jobsOf(gateway))
      .toMatchObject([{ name: 'House', schedule: '0 * * * *', enabled: false, lastRun: { state: 'done' } }]);
    await page.getByRole('switch', { name: 'House is on' }).click();
    await until('the job to be on', async () => (await jobsOf(gateway))[0]?.enabled === true);
  },
);

test.skipIf(noBrowser)('a job is made from an example, run and deleted by keyboard alone', async () => {
  const gateway = await RealGateway.start();
  const page = await openView(gateway, '#/cron', { allowedErrors: /400/ });
  const main = page.getByRole('main');
  await main.getByRole('link', { name: 'Morning summary' }).focus();
  await page.keyboard.press('Enter');
  await page.getByText('At 08:00, Monday through Friday').waitFor();
  await main.getByRole('link', { name: 'Schedules' }).focus();
  await page.keyboard.press('Enter');
  await page.getByText('No schedules yet').waitFor();
  // The link is gone.
  await expect.poll(() => page.evaluate('document.activeElement.id')).toBe('content');
  await page.keyboard.press('n');
  await page.getByLabel('When', { exact: true }).focus();
  await page.keyboard.type('every hour');
  await page.getByLabel('Task', { exact: true }).focus();
  await page.keyboard.type('Say hello');
  await page.getByLabel('Name').focus();
  await page.keyboard.type('By hand');
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { name: 'By hand' }).waitFor();
  await main.getByRole('link', { name: 'Schedules' }).focus();
  await page.keyboard.press('Enter');
  // The job's own view has a menu of the same name.
  await page.getByRole('table', { name: 'Schedules' }).getByRole('button', { name: 'Actions for By hand' }).focus();
  await page.keyboard.press('Enter');
  await page.getByRole('menu').waitFor();
  await page.keyboard.press('End');
  await page.keyboard.press('Enter');
  await page.getByText('By hand was deleted with its runs').waitFor();
  await page.getByText('No schedules yet').waitFor();
  // The row is gone, with its menu.
  expect(await page.evaluate('document.activeElement.id')).toBe('content');
  await until('no job', async () => (await jobsOf(gateway)).length === 0);
});

test.skipIf(noBrowser)('a run and a save that take long leave the user where they have gone meanwhile', async () => {
  const gateway = await RealGateway.start();
  const body = { name: 'Slow', schedule: '0 * * * *', message: 'x', mode: 'agent' };
  const { job } = await callApi<{ job: Job }>(gateway, 'POST /api/cron/create', body);
  const page = await openView(gateway, `#/cron/${job.id}`);
  const held: Route[] = [];
  await page.route(/api\/cron\/(?:trigger|create)/, (route) => void held.push(route));
  const leave = async (): Promise<void> => {
    await until('the call', () => held.length === 1);
    await page.getByRole('link', { name: 'Sessions' }).click();
    await page.getByRole('heading', { name: 'Sessions', exact: true }).waitFor();
    await held.pop()?.continue();
  };
  await page.getByRole('button', { name: 'Run now' }).click();
  await leave();
  await page.getByText('Slow was started').waitFor();
  expect(page.url()).toMatch(/#\/sessions$/);
  await page.getByRole('button', { name: 'Open run' }).click();
  const run = page.getByRole('dialog', { name: 'Run of Slow' });
  await run.getByText('Done').waitFor();
  await run.locator('code').getByText('xopc setup').waitFor();
  await page.goto(`${gateway.url}/#/cron/new`);
  await page.getByLabel('When', { exact: true }).fill('every hour');
  await page.getByLabel('Task', { exact: true }).fill('Made while away');
  await page.getByRole('button', { name: 'Create schedule' }).click();
  await leave();
  await page.getByText('Made while away was saved').waitFor();
  expect(page.url()).toMatch(/#\/sessions$/);
  await page.getByRole('button', { name: 'Open schedule' }).click();
  await page.getByRole('heading', { name: 'Made while away' }).waitFor();
});

test.skipIf(noBrowser)('the list is loaded with one request, however many jobs there are', async () => {
  const gateway = await RealGateway.start();
  for (const name of ['One', 'Two', 'Three']) {
    const body = { name, schedule: '0 9 * * 1-5', message: 'x', mode: 'agent' };
    const { job } = await callApi<{ job: Job }>(gateway, 'POST /api/cron/create', body);
    await callApi(gateway, 'POST /api/cron/trigger', { job_id: job.id });
    await until('a run', async () => (await jobsOf(gateway)).find(({ id }) => id === job.id)?.lastRun?.state === 'done');
  }
  const page = await openView(gateway, '#/chat');
  const asked: string[] = [];
  page.on('request', (request) => asked.push(new URL(request.url()).pathname));
  await page.getByRole('link', { name: 'Schedules' }).click();
  await expect.poll(() => page.getByRole('img', { name: 'Runs: 1, failed: 0' }).count()).toBe(3);
  await expect.poll(() => page.getByText('At 09:00, Monday through Friday').count()).toBe(3);
  expect(asked.filter((path) => path.startsWith('/api/cron'))).toEqual(['/api/cron']);
  // The choices of the form are read with the form.
  expect(asked).not.toContain('/api/channels');
  const names = (): Promise<string[]> => page.locator('.job-name > a').allInnerTexts();
  await page.getByRole('button', { name: 'Name' }).click();
  await expect.poll(names).toEqual(['One', 'Three', 'Two']);
  await page.getByRole('button', { name: 'Name' }).click();
  await expect.poll(names).toEqual(['Two', 'Three', 'One']);
});

test.skipIf(noBrowser)('the next runs of a job begin with its next run, also for an interval, in the zone of the job alone', async () => {
  const gateway = await RealGateway.start();
  const body = { name: 'Often', schedule: 'every 45m', message: 'x', mode: 'agent', timezone: 'Asia/Dubai' };
  const { job } = await callApi<{ job: Job & { nextRunAt: string } }>(gateway, 'POST /api/cron/create', body);
  const page = await openView(gateway, `#/cron/${job.id}`);
  const local = new Date(Date.parse(job.nextRunAt) + 4 * 3_600_000).toISOString().slice(11, 16);
  const next = page.getByRole('list', { name: 'Next runs' });
  await next.getByRole('listitem').first().getByText(local).waitFor();
  await expect.poll(() => page.getByText('Asia/Dubai').count()).toBe(1);
  await page.locator('.stat', { hasText: 'Next run' }).getByText(`${local} GMT+4`).waitFor();
  await page.getByRole('button', { name: 'Run now' }).click();
  const run = page.getByRole('dialog', { name: 'Run of Often' });
  await run.getByText(/\d\d:\d\d GMT\+4$/).waitFor();
  await run.getByRole('button', { name: 'Close' }).click();
  await page.getByRole('cell', { name: /\d\d:\d\d GMT\+4/ }).waitFor();
  await page.goto(`${gateway.url}/#/cron`);
  await page.getByRole('row', { name: 'Often' }).getByText(`${local} GMT+4`).waitFor();
});

test.skipIf(noBrowser)('table, form and history are free of barriers, and the words come in Chinese too', { tags: ['long'] }, async () => {
  const gateway = await RealGateway.start();
  const body = { name: '<b>Bold</b>', schedule: '*/5 * * * *', message: 'x', mode: 'agent', timezone: 'Asia/Shanghai' };
  const { job } = await callApi<{ job: Job }>(gateway, 'POST /api/cron/create', body);
  await callApi(gateway, 'POST /api/cron/trigger', { job_id: job.id });
  const page = await openView(gateway, '#/cron');
  await page.getByRole('link', { name: '<b>Bold</b>' }).last().waitFor();
  await expectAccessible(page);
  await page.getByRole('link', { name: '<b>Bold</b>' }).last().click();
  await page.getByRole('cell', { name: 'Done' }).first().waitFor();
  await expectAccessible(page);
  await page.goto(`${gateway.url}/#/cron/${job.id}/edit`);
  await page.getByText('Every 5 minutes', { exact: true }).waitFor();
  await expectAccessible(page);
  const chinese = await openView(gateway, `#/cron/${job.id}`, { locale: 'zh-CN', allowedErrors: /400/ });
  await chinese.getByText('每隔 5 分钟').waitFor();
  await chinese.goto(`${gateway.url}/#/cron/${job.id}/edit`);
  await chinese.getByLabel('时间', { exact: true }).fill('61 * * * *');
  await chinese.getByText('分钟无效：61').waitFor();
  await chinese.goto(`${gateway.url}/#/config/text`);
  await changeEditor(chinese, () => '{ "gateway": { "port": 70000 } }');
  await chinese.getByText('值为 70000；必须是 1 到 65,535 的整数').waitFor();
});
