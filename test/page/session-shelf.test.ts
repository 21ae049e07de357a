import { expect, test } from 'vitest';
import { expectAccessible, noBrowser, openPage } from '../helpers/browser.js';
import { pressIfThere } from '../helpers/page.js';
import { startPageWorld } from '../helpers/page-world.js';

test.skipIf(noBrowser)('sessions are pinned, tagged, archived and found again, by keyboard and by pointer', async () => {
  const { gateway, talk } = await startPageWorld();
  for (const question of ['First question', 'Second question', 'Third question']) await talk(question);
  const page = await openPage(`${gateway.url}/#/sessions`, { allowedErrors: /503/ });
  const list = page.getByRole('list', { name: 'All sessions' });
  const links = list.locator('.session-link');
  const titles = (): Promise<string[]> => links.allTextContents();
  await expect.poll(titles).toEqual(['Third question', 'Second question', 'First question']);
  await list.getByRole('img', { name: 'Unread' }).first().waitFor();

  // What selects a row is seen in the row that is pointed at or has the focus, and in all rows while some are selected.
  const boxes = (): Promise<string> =>
    page.evaluate(`[...document.querySelectorAll('.session-check')].map((box) => getComputedStyle(box).opacity).join()`);
  await expect.poll(boxes).toBe('0,0,0');
  await links.nth(1).focus();
  await expect.poll(boxes).toBe('0,1,0');
  // By keyboard alone: to the last one, pin it; it goes to the top.
  await links.first().press('End');
  await page.keyboard.press('p');
  await expect.poll(titles).toEqual(['First question', 'Third question', 'Second question']);
  // Two of them with Shift, tagged and archived.
  await links.nth(1).focus();
  await page.keyboard.press('Shift+ArrowDown');
  await page.getByText('2 selected').waitFor();
  await expect.poll(boxes).toBe('1,1,1');
  await page.keyboard.press('t');
  await page.getByRole('textbox', { name: 'New tags' }).fill('Work, two words');
  await page.keyboard.press('Enter');
  await expect.poll(() => list.getByRole('button', { name: 'Show only “two words”' }).count()).toBe(2);
  await links.nth(1).focus();
  await page.keyboard.press('e');
  await page.getByText('2 sessions were archived').waitFor();
  // Under the pointer, a notice stays.
  const undo = page.getByRole('button', { name: 'Undo' });
  await undo.hover();
  await expect.poll(titles).toEqual(['First question']);

  await page.getByRole('radio', { name: 'Archived' }).click();
  await undo.hover();
  await expect.poll(titles).toEqual(['Third question', 'Second question']);
  await expect.poll(() => page.url()).toContain('q=is%3Aarchived');
  await undo.click();
  await page.getByRole('radio', { name: 'All' }).click();
  await expect.poll(titles).toEqual(['First question', 'Third question', 'Second question']);

  await list.getByRole('button', { name: 'Show only “work”' }).first().click();
  await expect.poll(titles).toEqual(['Third question', 'Second question']);
  // A failed read says so, and can be repeated.
  await page.route('**/api/session-storage', (route) => route.fulfill({ status: 503 }));
  await page.getByText('Storage', { exact: true }).click();
  const again = page.getByRole('dialog').getByRole('button', { name: 'Try again' });
  await again.waitFor();
  await page.unroute('**/api/session-storage');
  // A change of the list may have read it again by itself.
  await pressIfThere(again);
  await page.getByRole('row', { name: 'Schedules 0 0 30 days after the last message, the newest 2,000 messages' }).waitFor();
  await expectAccessible(page);
  // The page stays narrow: title and disk use are there, too.
  await page.keyboard.press('Escape');
  expect((await page.getByRole('heading', { name: 'Sessions', level: 1 }).boundingBox())?.x).toBeGreaterThan(0);
  expect((await page.getByRole('button', { name: 'Storage' }).boundingBox())?.x).toBeGreaterThan(0);
  await expectAccessible(page);
});

test.skipIf(noBrowser)('a search is completed as it is written, and what cannot be is said', async () => {
  const { gateway, talk } = await startPageWorld();
  const key = await talk('Where is the harbour?');
  await talk('Something else');
  const page = await openPage(`${gateway.url}/#/sessions`, { allowedErrors: /400/ });
  const links = page.getByRole('list', { name: 'All sessions' }).locator('.session-link');
  await links.first().waitFor();
  await page.keyboard.press('/');
  await page.keyboard.type('harbour a');
  await page.getByRole('option', { name: 'after:' }).waitFor();
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('Enter');
  await page.keyboard.type('7');
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('Enter');
  await expect.poll(() => page.url()).toContain('q=harbour+after%3A7d');
  await expect.poll(() => links.allTextContents()).toEqual(['Where is the harbour?']);
  await expectAccessible(page);

  await page.getByRole('combobox').fill('is:red');
  await page.getByText(/^Invalid filter 'is:red' in the search: is: takes pinned, /).waitFor();
  // In Chinese the page says what happened, and the gateway's words are the detail.
  const chinese = await openPage(`${gateway.url}/#/sessions?q=is:red`, { locale: 'zh-CN', allowedErrors: /400/ });
  await chinese.getByText(/^网关不接受此输入。 .*is: takes pinned/).waitFor();
  await page.getByRole('combobox').fill('is:unread');
  await page.keyboard.press('Escape');
  await expect.poll(() => links.count()).toBe(2);
  // What is looked at is read.
  const marked = page.waitForResponse((response) => response.request().method() === 'PATCH');
  await page.goto(`${gateway.url}/#/chat/${encodeURIComponent(key)}`);
  await page.getByRole('article', { name: 'You' }).getByText('Where is the harbour?').waitFor();
  await marked;
  await page.goto(`${gateway.url}/#/sessions?q=is:unread`);
  await expect.poll(() => links.allTextContents()).toEqual(['Something else']);
});
