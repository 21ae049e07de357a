import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { expectAccessible, noBrowser } from '../helpers/browser.js';
import { failOnce, untilInForce } from '../helpers/job-runs.js';
import { callApi, openView } from '../helpers/page.js';
import { RealGateway } from '../helpers/real-gateway.js';

test.skipIf(noBrowser)('the last day, what went wrong in it with the way to its log lines, and what can be fixed from here', async () => {
  const gateway = await RealGateway.create();
  mkdirSync(gateway.xopcHome, { recursive: true });
  writeFileSync(join(gateway.xopcHome, 'config.json'), JSON.stringify({ agents: { list: [{ id: 'main' }, { id: 'gone' }] } }));
  await gateway.run();
  const body = { name: 'Nightly', schedule: '0 0 1 1 *', message: 'x', mode: 'agent', agentId: 'gone', retries: 0 };
  const { job } = await callApi<{ job: { id: string } }>(gateway, 'POST /api/cron/create', body);
  writeFileSync(join(gateway.xopcHome, 'config.json'), JSON.stringify({ agents: { list: [{ id: 'main' }] } }));
  await untilInForce(gateway);
  await failOnce(gateway, job.id);
  await callApi(gateway, 'PATCH /api/logs/level', { level: 'debug' });

  const page = await openView(gateway, '#/status');
  await page.getByRole('img', { name: '100 % up in the last 24 hours, 0 crashes' }).waitFor();
  await page.getByRole('link', { name: /^Requests/ }).waitFor();
  await page
    .getByRole('list', { name: /^Restarts, crashes/ })
    .getByText('Configuration changed')
    .first()
    .waitFor();
  await page.getByRole('heading', { name: 'Nightly fails' }).waitFor();
  await page.getByRole('link', { name: 'Nightly', exact: true }).waitFor();
  await page.getByRole('heading', { name: /the log level is 'debug' until/ }).waitFor();
  await expectAccessible(page);
  await page.setViewportSize({ width: 1_440, height: 900 });
  await page.getByRole('button', { name: /^Restore the level now/ }).click();
  await page.getByRole('heading', { name: /the log level is 'debug' until/ }).waitFor({ state: 'detached' });
  await page.getByRole('link', { name: 'Logs Nightly' }).focus();
  await page.keyboard.press('Enter');
  await page.getByText('a scheduled job failed').first().waitFor();
});

test.skipIf(noBrowser)('crashes are in the headline, the numbers and the timeline, also after a restart', async () => {
  const gateway = await RealGateway.start();
  for (let count = 0; count < 2; count += 1) {
    const worker = gateway.workerPid();
    process.kill(worker, 'SIGKILL');
    await gateway.untilReplaced(worker);
  }
  const worker = gateway.workerPid();
  expect((await gateway.xopc('gateway', 'restart')).code).toBe(0);
  await gateway.untilReplaced(worker);
  const page = await openView(gateway, '#/status');
  await page.getByRole('status').getByText('Degraded').waitFor();
  await page.getByText(/The gateway crashed 2 times in the last hour/).waitFor();
  const uptime = page.getByRole('link', { name: /^Uptime/ });
  expect(await uptime.innerText()).toMatch(/^Uptime\n\d\d(\.\d+)? %\n2 crashes · 1 restart$/);
  const events = page.getByRole('list', { name: /^Restarts, crashes/ }).getByRole('listitem');
  await expect
    .poll(() => events.allInnerTexts().then((texts) => texts.map((text) => text.split('\n')[1])))
    .toEqual(['Restarted', 'Crashed', 'Crashed', 'Started']);
  await page.getByRole('link', { name: 'Sessions', exact: true }).click();
  await page.getByRole('link', { name: 'Status 1 issue' }).waitFor();
});
