import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { Page } from 'playwright-core';
import { expect, test } from 'vitest';
import { says } from '../fakes/openai/reply.js';
import { expectAccessible, noBrowser } from '../helpers/browser.js';
import { openView } from '../helpers/page.js';
import { startPageWorld } from '../helpers/page-world.js';

const run = promisify(execFile);

/** Fills the form of a new token that may chat. */
async function fillIn(page: Page, name: string): Promise<void> {
  await page.getByLabel('Name').fill(name);
  await page.getByRole('checkbox', { name: 'chat', exact: true }).check();
  await page.getByLabel('US dollars a day').fill('2,50');
}

test.skipIf(noBrowser)(
  'a token is created, tried with the line that is shown once, and revoked; its usage keeps its name',
  { tags: ['long'] },
  async () => {
    const { gateway, model } = await startPageWorld();
    const page = await openView(gateway, '#/tokens', { allowedErrors: /400/ });
    const dialog = page.getByRole('dialog');
    await page.getByRole('heading', { name: 'No access tokens' }).waitFor();
    await page.getByRole('button', { name: 'New token' }).click();
    await fillIn(page, 'my script');
    await page.getByLabel('Requests a minute').fill('many');
    await dialog.getByRole('button', { name: 'Create token' }).click();
    await dialog.getByText('This is not a number.').waitFor();
    await page.getByLabel('Requests a minute').fill('0');
    await dialog.getByRole('button', { name: 'Create token' }).click();
    await dialog.getByText(/^Must be 1 to 64 letters/).waitFor();
    await dialog.getByText('Must be at least 1', { exact: true }).waitFor();
    expect(
      await page
        .getByLabel('Name')
        .evaluate((field) => field === (field as { ownerDocument: { activeElement: unknown } }).ownerDocument.activeElement),
    ).toBe(true);
    await expectAccessible(page);
    await page.getByText('Only some').click();
    expect(await page.getByRole('checkbox', { name: 'read', exact: true }).isDisabled()).toBe(true);
    await page.getByRole('checkbox', { name: 'main', exact: true }).check();
    await page.getByLabel('Requests a minute').fill('60');
    await page.getByLabel('Name').fill('script');
    await dialog.getByRole('button', { name: 'Create token' }).click();

    await dialog.getByRole('heading', { name: 'The token “script” is ready' }).waitFor();
    await expectAccessible(page);
    const secret = (await dialog.getByLabel('Token', { exact: true }).textContent()) ?? '';
    const line = (await dialog.locator('.code-block pre').textContent()) ?? '';
    model.reply(says('Hello from the model'));
    expect((await run('sh', ['-c', `${line} -s`])).stdout).toContain('Hello from the model');
    await page.keyboard.press('Escape');
    await dialog.getByRole('button', { name: 'Done' }).click();

    const row = page.getByRole('row', { name: /script/ });
    await row.getByText('from 127.0.0.1').waitFor();
    for (const text of [`${secret.slice(0, 9)}…`, 'only main · 60 a minute', 'of $2.50', 'in 90 days']) await row.getByText(text).waitFor();
    expect(await page.content()).not.toContain(secret);
    expect((await gateway.xopc('token', 'add', 'made-elsewhere', '--scope', 'admin')).code).toBe(0);
    await page.getByRole('row', { name: /made-elsewhere/ }).waitFor();
    await expectAccessible(page);

    await row.getByRole('button', { name: 'Revoke script' }).click();
    await dialog.getByText('This cannot be undone').waitFor();
    await Promise.all([page.getByText('“script” is revoked').waitFor(), dialog.getByRole('button', { name: 'Revoke' }).click()]);
    await expect.poll(() => row.count()).toBe(0);
    expect((await run('sh', ['-c', `${line} -s`])).stdout).toContain('UNAUTHORIZED');
    await page.getByRole('link', { name: 'Usage by access token' }).click();
    await page
      .getByRole('table', { name: 'By access token' })
      .getByRole('row', { name: /^script Turns1 / })
      .waitFor();
  },
);
