import { expect, test } from 'vitest';
import { noBrowser, openPage } from '../helpers/browser.js';
import { tokenOf } from '../helpers/page.js';
import { startPageWorld } from '../helpers/page-world.js';

test.skipIf(noBrowser)(
  'the sign-in screen is shown even if it could not be loaded at first, and says in words why a sign-in fails',
  async () => {
    const { gateway } = await startPageWorld({ gateway: { auth: { enabled: true } } });
    const page = await openPage(`${gateway.url}/health`, { allowedErrors: /401|503|ERR_FAILED|WebSocket/ });
    let failures = 0;
    await page.route('**/assets/*.js', async (route) => {
      const response = await route.fetch();
      const isFailed = failures < 2 && (await response.text()).includes('palette-list');
      if (isFailed) failures += 1;
      await (isFailed ? route.abort() : route.fulfill({ response }));
    });
    await page.goto(gateway.url);
    await page.getByText('A part of this page could not be loaded.').waitFor();
    await page.getByLabel('Access token', { exact: true }).fill('secret-token');
    expect(failures).toBe(2);
    const error = { code: 'STORE_UNAVAILABLE', message: 'The disk is full.' };
    await page.route('**/api/page-session', (route) => route.fulfill({ status: 503, json: { status: 'error', error } }), { times: 1 });
    await page.keyboard.press('Enter');
    await page.getByText('The gateway cannot use its database.').waitFor();
    await page.getByText('The disk is full.').waitFor();
    await page.route('**/api/page-session', (route) => route.abort(), { times: 1 });
    await page.keyboard.press('Enter');
    await page.getByText('The gateway does not answer.').waitFor();
    await page.evaluate('navigator.clipboard.writeText = async (text) => void (window.copied = text)');
    await page.getByRole('button', { name: 'Copy as curl' }).click();
    await expect.poll(() => page.evaluate('window.copied')).toMatch(/page-session.*\$XOPC_TOKEN/);
    expect(await page.evaluate('window.copied')).not.toContain('secret-token');
  },
);

test.skipIf(noBrowser)('who has signed in meanwhile, in another tab, is not asked again by the button of an earlier error', async () => {
  const { gateway } = await startPageWorld({ gateway: { allowedHosts: ['gateway.example'] } });
  const page = await openPage(`${gateway.url}/#/logs`, { allowedErrors: /401|WebSocket/ });
  await page.getByRole('button', { name: 'Continue without token' }).click();
  const signIn = page.getByRole('alert').getByRole('button', { name: 'Sign in' });
  await signIn.waitFor();
  await page.context().request.post(`${gateway.url}/api/page-session`, { headers: { Authorization: `Bearer ${tokenOf(gateway)}` } });
  await signIn.click();
  await page.getByText('Live', { exact: true }).waitFor();
  expect(await page.getByRole('dialog', { name: 'Sign in' }).count()).toBe(0);
});
