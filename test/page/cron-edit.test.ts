/** A schedule is changed: only what was changed is sent, and an empty field is the default. */
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { noBrowser } from '../helpers/browser.js';
import { untilInForce } from '../helpers/job-runs.js';
import { callApi, openView } from '../helpers/page.js';
import { RealGateway } from '../helpers/real-gateway.js';
import { replaceFile } from '../helpers/replace-file.js';

test.skipIf(noBrowser)('emptied fields of a schedule get their defaults, and untouched ones stay as they are', async () => {
  const gateway = await RealGateway.start();
  replaceFile(join(gateway.xopcHome, 'config.json'), '{ "cron": { "defaultTimezone": "Europe/Berlin" } }');
  await untilInForce(gateway);
  const given = { timezone: 'Asia/Tokyo', schedule: '0 9 * * *', timeoutMs: 90_500, retries: 1, chat_id: 7, channel: 'webchat' };
  const { job } = await callApi<{ job: { id: string } }>(gateway, 'POST /api/cron/create', {
    name: 'Old',
    message: 'Look',
    mode: 'agent',
    ...given,
  });
  const page = await openView(gateway, `#/cron/${job.id}/edit`);
  await page.getByText('Times in Asia/Tokyo').waitFor();
  await page.getByText('Advanced').click();
  await page.getByLabel('Time zone').fill('');
  // The next runs are those of the default.
  await page.getByText('Times in Europe/Berlin').waitFor();
  await page.getByLabel('Name').fill('');
  await page.getByLabel('Retries').fill('');
  const saved = page.waitForRequest((request) => request.method() === 'PATCH');
  await page.getByRole('button', { name: 'Save' }).click();
  expect((await saved).postDataJSON()).toEqual({ name: null, timezone: null, retries: null });
  await page.getByRole('heading', { name: 'Look', exact: true }).waitFor();
  expect((await callApi<{ jobs: unknown[] }>(gateway, 'GET /api/cron')).jobs).toMatchObject([
    { ...given, name: 'Look', timezone: 'Europe/Berlin', retries: 3 },
  ]);
});

test.skipIf(noBrowser)('a time in so many seconds is that time from now', async () => {
  const gateway = await RealGateway.start();
  const page = await openView(gateway, '#/cron/new');
  const asked = page.waitForRequest((request) => request.url().includes('/api/cron/preview'));
  const from = Date.now();
  await page.getByLabel('When', { exact: true }).fill('in 20 seconds');
  await page.getByText(/^Once, at .*:\d\d:\d\d$/).waitFor();
  const [, time = ''] = new URL((await asked).url()).searchParams.get('schedule')?.split(' ') ?? [];
  // Without parts of a second.
  expect(Date.parse(time)).toBeGreaterThan(from + 19_000);
  expect(await page.getByText('This time is in the past').count()).toBe(0);
});

test.skipIf(noBrowser)('on a phone, why a schedule could not be created comes into sight and has the focus', async () => {
  const gateway = await RealGateway.start();
  const page = await openView(gateway, '#/cron/new', { hasTouch: true, size: 'narrow', allowedErrors: /503/ });
  await page.getByLabel('When', { exact: true }).fill('0 9 * * *');
  await page.getByLabel('Task').fill('Report');
  const error = { code: 'WORKER_NOT_READY', message: '' };
  await page.route('**/api/cron/create', (route) => route.fulfill({ status: 503, json: { error } }));
  // As the keyboard of a phone submits it, or a key in the middle of the form.
  await page.getByLabel('Name').press('Enter');
  const alert = page.getByRole('main').getByRole('alert');
  await expect.poll(() => alert.evaluate((box: object) => box === (globalThis as never)['document']['activeElement'])).toBe(true);
  const box = await alert.boundingBox();
  expect((box?.y ?? 0) + (box?.height ?? 0)).toBeLessThan(844 - 56);
});

test.skipIf(noBrowser)('a gateway that cannot answer finds no fault in a schedule, and previews it once it is back', async () => {
  const gateway = await RealGateway.start();
  const page = await openView(gateway, '#/cron/new', { allowedErrors: /503|ERR_|WebSocket/ });
  // As the fallback answers.
  const error = { code: 'UNAVAILABLE', message: 'The worker is not running' };
  await page.route('**/api/cron/preview*', (route) => route.fulfill({ status: 503, json: { error } }), { times: 1 });
  const refused = page.waitForResponse('**/api/cron/preview*');
  await page.getByLabel('When', { exact: true }).fill('30 9 * * *');
  await refused;
  expect((await gateway.xopc('gateway', 'restart')).code).toBe(0);
  await page.getByText('At 09:30', { exact: true }).waitFor();
});
