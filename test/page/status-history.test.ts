import { expect, test } from 'vitest';
import { expectAccessible, noBrowser } from '../helpers/browser.js';
import { Installation } from '../helpers/installation.js';
import { failOnce, untilInForce } from '../helpers/job-runs.js';
import { callApi, openView } from '../helpers/page.js';
import { RealGateway, until } from '../helpers/real-gateway.js';

/** A version of the configuration is kept a moment after it is in effect. */
const untilVersions = (gateway: RealGateway, count: number): Promise<boolean> =>
  until(`${count} versions`, async () => {
    const { versions } = await callApi<{ versions: unknown[] }>(gateway, 'GET /api/config/versions');
    return versions.length === count;
  });

test.skipIf(noBrowser)('the last day, what went wrong in it with the way to its log lines, and what can be fixed from here', async () => {
  const gateway = await RealGateway.create();
  gateway.put('config.json', { agents: { list: [{ id: 'main' }, { id: 'gone' }] } });
  await gateway.run();
  await untilVersions(gateway, 1);
  const body = { name: 'Nightly', schedule: '0 0 1 1 *', message: 'x', mode: 'agent', agentId: 'gone', retries: 0 };
  const { job } = await callApi<{ job: { id: string } }>(gateway, 'POST /api/cron/create', body);
  gateway.put('config.json', { agents: { list: [{ id: 'main' }] } });
  await untilInForce(gateway);
  await untilVersions(gateway, 2);
  await failOnce(gateway, job.id);
  await callApi(gateway, 'PATCH /api/logs/level', { level: 'debug' });

  const page = await openView(gateway, '#/status');
  await page.getByRole('img', { name: '100% up in the last 24 hours, 0 crashes' }).waitFor();
  await page.getByRole('link', { name: /^Requests/ }).waitFor();
  await page
    .getByRole('list', { name: /^Restarts, crashes/ })
    .getByText('Configuration changed')
    .first()
    .waitFor();
  await page.getByRole('heading', { name: 'Nightly fails' }).waitFor();
  await page.getByRole('link', { name: 'Nightly', exact: true }).waitFor();
  await page.getByText(/the log level is 'debug' until/).waitFor();
  await expectAccessible(page);
  await page.setViewportSize({ width: 1_440, height: 900 });
  await page.getByRole('button', { name: /^Restore the level now/ }).click();
  await page.getByText(/the log level is 'debug' until/).waitFor({ state: 'detached' });
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
  await expect.poll(() => uptime.innerText()).toMatch(/^Uptime\n[\d.]+%\n2 crashes · 1 restart · .+ down$/);
  const events = page.getByRole('list', { name: /^Restarts, crashes/ }).getByRole('listitem');
  await expect
    .poll(() => events.allInnerTexts().then((texts) => texts.map((text) => text.split('\n')[1])))
    .toEqual(['Restarted', 'Crashed', 'Crashed', 'Started']);
  await page.getByRole('link', { name: 'Sessions', exact: true }).click();
  await page.getByRole('link', { name: 'Status 1 issue' }).waitFor();
});

test.skipIf(noBrowser)('the nodes of a cluster: which one is silent, and in what one differs', async () => {
  const gateway = await RealGateway.start();
  const page = await openView(gateway, '#/chat');
  const second = (count: number): string => new Date(Date.now() - 1_000 * count).toISOString();
  const here = { name: '/home/you/.xopc on one', version: '0.1.0', address: '10.0.0.1:18790', since: second(7_200), settings: 'a-b-c' };
  const nodes = [
    { ...here, renewedAt: second(1), isSelf: true },
    { ...here, name: '/home/you/.xopc on two', renewedAt: second(3), isSelf: false },
    { ...here, name: '/srv/xopc on three', version: '0.2.0', settings: 'a-x-c', address: null, renewedAt: second(14), isSelf: false },
  ];
  const warning = { code: 'NODES_DIFFER', message: 'three differs', hint: '' };
  await page.route('**/api/status', async (route) => {
    const answer = await route.fetch();
    await route.fulfill({ response: answer, json: { ...((await answer.json()) as object), nodes, warnings: [warning] } });
  });
  await page.goto(`${gateway.url}/#/status`);
  const table = page.getByRole('table', { name: 'Nodes' });
  const texts = async (): Promise<string[]> =>
    (await table.getByRole('row').allInnerTexts()).slice(1).map((text) => text.replaceAll(/\s+/g, ' ').replace(/ 2 hours ago.*/, ''));
  await expect
    .poll(texts)
    .toEqual([
      '/home/you/.xopc on one This one Active 0.1.0 10.0.0.1:18790',
      '/home/you/.xopc on two Active 0.1.0 10.0.0.1:18790',
      '/srv/xopc on three Other version Silent 0.2.0 –',
    ]);
  await page.getByText('Give all nodes the same version').waitFor();
  expect(await page.getByText('three differs').count()).toBe(0);
  await expectAccessible(page);
});

test.skipIf(noBrowser)('with XOPC_NO_RESPAWN a restart is not said to activate a newer build', async () => {
  const installation = new Installation();
  const gateway = await RealGateway.start({ command: installation.command, env: { XOPC_NO_RESPAWN: '1' } });
  installation.setBuild({ version: '9.9.9', buildId: 'ffffffffffffffff' });
  const page = await openView(gateway, '#/status');
  await page.getByText('Restart the container, or stop the gateway').waitFor();
  await page.getByText('xopc gateway stop', { exact: true }).waitFor();
  expect((await gateway.xopc('gateway', 'restart')).stdout).toContain('A restart replaces only the worker (XOPC_NO_RESPAWN)');
});
