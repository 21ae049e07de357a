import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { noBrowser, openPage } from '../helpers/browser.js';
import { startPageWorld } from '../helpers/page-world.js';
import { appendLog, tokenOf } from '../helpers/page.js';
import { launcher, RealGateway, runProcess, until } from '../helpers/real-gateway.js';

test.skipIf(noBrowser)('logs --web shows the log of a gateway that is stopped, and of one that runs, until Ctrl-C', async () => {
  const gateway = await RealGateway.start();
  expect((await gateway.xopc('gateway', 'stop')).code).toBe(0);
  const locks = (): string[] => readdirSync(join(gateway.xopcHome, 'locks'));
  const before = locks();
  const web = runProcess(launcher, ['gateway', 'logs', '--web', '--json'], { env: gateway.env });
  const url = await until('the link', () => /"url": "([^"]+)"/.exec(web.output().stdout)?.[1]);
  const page = await openPage(url, { allowedErrors: /401|ERR_|Failed to load/ });
  await page.locator('.log-head').first().waitFor();
  appendLog(gateway, { level: 'error', msg: 'written while it is stopped', session: 's', requestId: 'req_1' });
  await page.getByText('written while it is stopped').waitFor();
  await page
    .getByRole('radiogroup', { name: 'Lowest level' })
    .getByRole('radio', { name: /^Errors 1/ })
    .click();
  await until('one line', async () => (await page.locator('.log-head').count()) === 1);
  await page.locator('.log-head').click();
  await page.getByRole('link', { name: 'req_1' }).waitFor();
  // Nothing that needs a gateway: no other view, no level, no connection.
  expect(await page.getByRole('navigation').count()).toBe(0);
  expect(await page.getByRole('link', { name: 's', exact: true }).count()).toBe(0);
  expect(await page.getByRole('button', { name: /^Log level/ }).count()).toBe(0);
  expect(page.url()).not.toContain('link');
  expect(locks()).toEqual(before);
  await page.reload();
  await page.locator('.log-head').first().waitFor();
  const stranger = await openPage(url, { allowedErrors: /401|404|WebSocket/ });
  await stranger.getByText(/link/i).first().waitFor();
  expect(await stranger.locator('.log-head').count()).toBe(0);
  await stranger.context().close();

  await gateway.run();
  await page.getByRole('radio', { name: /^Debug/ }).click();
  await page.getByText('gateway running').last().waitFor();
  web.child.kill('SIGINT');
  expect((await web.done).code).toBe(0);
});

test.skipIf(noBrowser)('without the token the log stays closed, and opens when it is given', async () => {
  const { gateway } = await startPageWorld({ gateway: { auth: { enabled: true } } });
  const page = await openPage(`${gateway.url}/#/logs`, { allowedErrors: /401|WebSocket/ });
  await page.getByRole('dialog', { name: 'Sign in' }).waitFor();
  expect(await page.locator('.log-head').count()).toBe(0);
  await page.getByLabel('Access token', { exact: true }).fill(tokenOf(gateway));
  await page.keyboard.press('Enter');
  await page.locator('.log-head').first().waitFor();
});
