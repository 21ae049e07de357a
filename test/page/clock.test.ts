/** What is shown relative to now goes on with the clock. */
import { expect, test } from 'vitest';
import { noBrowser, openPage } from '../helpers/browser.js';
import { startPageWorld } from '../helpers/page-world.js';

test.skipIf(noBrowser)('the age of a session and the day of a chat go on while the page stays open', async () => {
  const { gateway, talk } = await startPageWorld();
  await talk('Question');
  const page = await openPage(gateway.url);
  await page.clock.install();
  await page.reload();
  const day = page.getByRole('navigation', { name: 'Chats' }).getByRole('heading', { level: 2 });
  await expect.poll(() => day.allInnerTexts()).toEqual(['Today']);
  await page.clock.fastForward('24:00:00');
  await expect.poll(() => day.allInnerTexts()).toEqual(['Yesterday']);

  await page.goto(`${gateway.url}/#/sessions`);
  const age = page.getByRole('list', { name: 'All sessions' }).locator('time');
  await expect.poll(() => age.innerText()).toBe('yesterday');
  await page.clock.fastForward('24:00:00');
  await expect.poll(() => age.innerText()).toBe('2 days ago');
});
