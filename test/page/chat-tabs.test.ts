/** What is written in two tabs of the same chat, and not sent. */
import type { Page } from 'playwright-core';
import { expect, test } from 'vitest';
import { noBrowser } from '../helpers/browser.js';
import { openView } from '../helpers/page.js';
import { startPageWorld } from '../helpers/page-world.js';

test.skipIf(noBrowser)('two tabs keep their own text and files, and the last one stays for a later tab', async () => {
  const { gateway, talk } = await startPageWorld();
  const hash = `#/chat/${encodeURIComponent(await talk('Hello'))}`;
  const first = await openView(gateway, hash);
  const second = await first.context().newPage();
  await second.goto(`${gateway.url}/${hash}`);
  const box = (page: Page) => page.getByRole('textbox', { name: 'Message' });
  const attach = async (page: Page, name: string): Promise<void> => {
    await page.locator('input[type=file]').setInputFiles({ name, mimeType: 'text/plain', buffer: Buffer.from(name) });
    await page.getByRole('button', { name: `Remove ${name}` }).waitFor();
  };
  await box(first).fill('Of the first');
  await attach(first, 'first.txt');
  await second.getByRole('button', { name: 'Remove first.txt' }).waitFor();
  await box(second).fill('Of the second');
  await attach(second, 'second.txt');
  await second.reload();
  await first.reload();
  await expect.poll(() => box(second).inputValue()).toBe('Of the second');
  await expect.poll(() => box(first).inputValue()).toBe('Of the first');
  expect(await first.getByRole('button', { name: 'Remove second.txt' }).count()).toBe(0);

  await box(second).press('Enter');
  await second.getByRole('article', { name: 'You' }).getByText('Of the second').waitFor();
  await second.close();
  await first.reload();
  await expect.poll(() => box(first).inputValue()).toBe('Of the first');
  const context = first.context();
  const third = await context.newPage();
  await first.close();
  await third.goto(`${gateway.url}/${hash}`);
  await expect.poll(() => box(third).inputValue()).toBe('Of the first');
  await third.getByRole('button', { name: 'Remove first.txt' }).waitFor();
});
