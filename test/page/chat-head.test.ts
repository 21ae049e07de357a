import { expect, test } from 'vitest';
import { expectAccessible, noBrowser, openPage } from '../helpers/browser.js';
import { startPageWorld } from '../helpers/page-world.js';

test.skipIf(noBrowser)('a chat has its title above it, and all that can be done with a session is done there', async () => {
  const { gateway } = await startPageWorld();
  const page = await openPage(gateway.url);
  await page.getByRole('textbox', { name: 'Message' }).fill('Where is the harbour?');
  await page.keyboard.press('Enter');
  const title = page.locator('.chat-title');
  await expect.poll(() => title.allTextContents()).toEqual(['Where is the harbour?']);
  await expect.poll(() => page.title()).toBe('Where is the harbour? · xopc');
  await page.getByRole('button', { name: 'Actions for “Where is the harbour?”' }).click();
  await page.getByRole('menuitem', { name: 'Rename' }).click();
  await page.getByRole('textbox', { name: 'Title' }).fill('Ships');
  await page.keyboard.press('Enter');
  await expect.poll(() => title.allTextContents()).toEqual(['Ships']);
  // In the list at the side too.
  const chats = page.getByRole('navigation', { name: 'Chats' });
  await chats.getByRole('link', { name: 'Ships' }).waitFor();
  await page.getByRole('button', { name: 'Actions for “Ships”' }).click();
  await page.getByRole('menuitem', { name: 'Pin' }).click();
  await chats.getByRole('heading', { name: 'Pinned' }).waitFor();
  await expectAccessible(page);

  // On a telephone the chats are behind a button.
  await page.getByRole('button', { name: 'Chats' }).click();
  const dialog = page.getByRole('dialog', { name: 'Chats' });
  await dialog.getByRole('link', { name: 'Ships' }).waitFor();
  await expectAccessible(page);
  await dialog.getByRole('button', { name: 'New chat' }).click();
  await page.getByText('What can I do for you?').waitFor();
  expect(await dialog.count()).toBe(0);
  await page.getByRole('button', { name: 'Chats' }).click();
  await dialog.getByRole('link', { name: 'Ships' }).click();
  await page.getByRole('article', { name: 'You' }).waitFor();
  expect(await dialog.count()).toBe(0);

  await page.getByRole('button', { name: 'Actions for “Ships”' }).click();
  await page.getByRole('menuitem', { name: 'Delete' }).click();
  await page.getByText('What can I do for you?').waitFor();
  await page.getByRole('button', { name: 'Undo' }).click();
  await page.getByRole('button', { name: 'Chats' }).click();
  await dialog.getByRole('link', { name: 'Ships' }).waitFor();
});
