/** New chats: each is a conversation of its own. */
import { expect, test } from 'vitest';
import { noBrowser, openPage } from '../helpers/browser.js';
import { startPageWorld } from '../helpers/page-world.js';

test.skipIf(noBrowser)('a new chat that has a model, a file and a draft is continued by no other new chat', async () => {
  const { gateway, model } = await startPageWorld();
  const page = await openPage(gateway.url);
  const box = page.getByRole('textbox', { name: 'Message' });
  const chips = page.getByRole('list', { name: 'Attached files' });
  await box.fill('For the first chat');
  await page.locator('input[type=file]').setInputFiles({ name: 'plan.txt', mimeType: 'text/plain', buffer: Buffer.from('the plan') });
  // The file makes the session, which is shown then.
  await expect.poll(() => page.url()).toContain('#/chat/main');
  await page.getByRole('button', { name: /^Model/ }).click();
  await page.getByRole('menuitemradio', { name: 'fake/two' }).click();
  await page.getByRole('button', { name: 'Model: fake/two' }).waitFor();

  const other = await page.context().newPage();
  await other.goto(gateway.url);
  const otherBox = other.getByRole('textbox', { name: 'Message' });
  for (const text of ['Unrelated', 'Also unrelated']) {
    await otherBox.fill(text);
    await otherBox.press('Enter');
    await other.getByRole('article', { name: 'Agent' }).getByText(text, { exact: true }).waitFor();
  }
  expect(await otherBox.inputValue()).toBe('');
  expect(JSON.stringify(model.requests)).not.toContain('the plan');
  expect(model.requests.map((request) => request.model)).toEqual(['one', 'one']);

  expect(await box.inputValue()).toBe('For the first chat');
  await box.press('Enter');
  await page.getByRole('article', { name: 'Agent' }).waitFor();
  await expect.poll(() => chips.count()).toBe(0);
  expect(model.requests.at(-1)).toMatchObject({
    model: 'two',
    messages: expect.arrayContaining([{ role: 'user', content: expect.stringContaining('the plan') }]),
  });
  expect(JSON.stringify(model.requests.at(-1))).not.toContain('unrelated');
});
