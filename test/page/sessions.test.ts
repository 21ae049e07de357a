import { text } from 'node:stream/consumers';
import { expect, test } from 'vitest';
import { expectAccessible, noBrowser, openPage } from '../helpers/browser.js';
import { startPageWorld } from '../helpers/page-world.js';

test.skipIf(noBrowser)('sessions are found, renamed, copied, exported and imported, deleted and brought back', async () => {
  const { gateway, talk } = await startPageWorld();
  for (const question of ['Where is the harbour?', 'Wie spät ist es?', '<img src=x onerror=alert(1)> **bold**']) await talk(question);
  const page = await openPage(`${gateway.url}/#/sessions`);
  const list = page.getByRole('list', { name: 'All sessions' });
  await list.getByText('<img src=x onerror=alert(1)> bold', { exact: true }).first().waitFor();

  await page.keyboard.press('/');
  await page.keyboard.type('harbour');
  await expect.poll(() => list.getByRole('listitem').count()).toBe(1);
  await expect.poll(() => page.url()).toContain('#/sessions?q=harbour');
  const outcome = page.getByRole('status').filter({ hasText: /found|match/ });
  await expect.poll(() => outcome.allTextContents()).toEqual(['1 session found']);
  await page.keyboard.type('s and cranes');
  await expect.poll(() => outcome.allTextContents()).toEqual(['Nothing matches “harbours and cranes”']);
  await page.getByRole('combobox').fill('harbour');
  await expect.poll(() => list.getByRole('listitem').count()).toBe(1);

  await list.getByRole('button', { name: 'Actions for' }).click();
  await page.getByRole('menuitem', { name: 'Rename' }).click();
  await page.getByRole('textbox', { name: 'Title' }).fill('Sea places');
  await page.keyboard.press('Enter');
  await list.getByRole('link', { name: 'Sea places' }).waitFor();

  await list.getByRole('button', { name: 'Actions for “Sea places”' }).press('Enter');
  const saved = page.waitForEvent('download');
  await page.getByRole('menuitem', { name: 'Export as JSON', exact: true }).press('Enter');
  const file = await text(await (await saved).createReadStream());
  expect((await saved).suggestedFilename()).toBe('Sea-places.json');
  expect(JSON.parse(file)).toMatchObject({
    title: 'Sea places',
    messages: [{ content: 'Where is the harbour?' }, {}],
  });
  const copy = { name: 'x.json', mimeType: 'application/json', buffer: Buffer.from(file) };
  await Promise.all([page.getByText('“Sea places” was imported').waitFor(), page.locator('input[type=file]').setInputFiles(copy)]);
  await expect.poll(() => list.getByRole('listitem').count()).toBe(2);

  await list.getByRole('checkbox').first().check();
  await list
    .getByRole('checkbox')
    .last()
    .click({ modifiers: ['Shift'] });
  await page.getByRole('button', { name: 'Delete selected' }).click();
  await page.getByText('2 sessions were deleted').waitFor();
  // Under the pointer, a notice stays.
  const undo = page.getByRole('button', { name: 'Undo' });
  await undo.hover();
  await expect.poll(() => list.getByRole('listitem').count()).toBe(0);
  await undo.click();
  await expect.poll(() => list.getByRole('listitem').count()).toBe(2);

  await page.getByRole('combobox').fill('');
  await expect.poll(() => list.getByRole('listitem').count()).toBe(4);
  await expectAccessible(page);
  await list.getByRole('button', { name: 'Actions for “Wie spät' }).click();
  await page.getByRole('menuitem', { name: 'Continue in a new chat' }).click();
  await page.getByRole('article', { name: 'You' }).getByText('Wie spät ist es?').waitFor();
  await expect.poll(() => page.url()).toContain('#/chat/');

  // A hit shows why it was found, and opens the chat at that message.
  const messages = Array.from({ length: 260 }, (_, index) => ({
    role: index % 2 === 0 ? 'user' : 'assistant',
    content: index === 4 ? 'Is the **lighthouse** open?' : `What was said as number ${index}`,
    createdAt: new Date(index).toISOString(),
    model: null,
    status: 'complete',
  }));
  await fetch(`${gateway.url}/api/sessions/import`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ format: 'xopc-session', version: 1, title: 'Long', messages }),
  });
  await page.goto(`${gateway.url}/#/sessions?q=LIGHTHOUSE`);
  await expect.poll(() => list.locator('.session-last').allTextContents()).toEqual(['Is the lighthouse open?']);
  await expect.poll(() => list.locator('mark').allTextContents()).toEqual(['lighthouse']);
  await list.getByRole('link', { name: 'Long' }).click();
  const message = page.getByRole('article', { name: 'You' }).getByText('lighthouse');
  await expect.poll(() => message.evaluate((found) => found.getBoundingClientRect().top)).toBeGreaterThan(0);
  await expect.poll(() => message.evaluate((found) => found.getBoundingClientRect().bottom)).toBeLessThan(700);
});
