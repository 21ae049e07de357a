/** The page with an access token that may not chat and read: it says so, and takes no message that it cannot send. */
import { expect, test } from 'vitest';
import { expectAccessible, noBrowser, openPage } from '../helpers/browser.js';
import { callApi, tokenOf } from '../helpers/page.js';
import { startPageWorld } from '../helpers/page-world.js';

test.skipIf(noBrowser).each([['read'], ['chat']])(
  'a token with the scope %s alone is told what it may not, and another one can be used',
  async (scope) => {
    const { gateway } = await startPageWorld({ gateway: { auth: { enabled: true } } });
    const { secret } = await callApi<{ secret: string }>(gateway, 'POST /api/tokens', { name: 'limited', scopes: [scope] });
    const page = await openPage(`${gateway.url}/#/chat`, { token: secret, allowedErrors: /403/ });
    const banner = page.getByText('Chat and live updates need an access token');
    await banner.waitFor();
    await page.getByText('Your access token may not chat here.').waitFor();
    expect(await page.getByRole('textbox', { name: 'Message' }).count()).toBe(0);
    await expectAccessible(page);
    await page.getByRole('button', { name: 'Use another token' }).click();
    await page.getByLabel('Access token').fill(tokenOf(gateway));
    await page.keyboard.press('Enter');
    await page.getByRole('textbox', { name: 'Message' }).waitFor();
    await banner.waitFor({ state: 'detached' });
  },
);
