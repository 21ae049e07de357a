import { expect, test } from 'vitest';
import { expectAccessible, noBrowser, openPage } from '../helpers/browser.js';
import { openView, tokenOf } from '../helpers/page.js';
import { startPageWorld } from '../helpers/page-world.js';

test.skipIf(noBrowser)('the palette finds chats by what was said in them, and tells nobody keys that do something else', async () => {
  const { gateway, talk } = await startPageWorld();
  await talk('Where is the harbour?');
  const other = await talk('How is bread baked?');
  const page = await openPage(`${gateway.url}/#/chat/${encodeURIComponent(other)}`);
  await page.getByRole('article', { name: 'Agent' }).waitFor();
  await page.keyboard.press('Control+k');
  // Both would be Y; here it copies code.
  const copyCode = page.getByRole('option', { name: 'Copy the last code block' });
  await copyCode.waitFor();
  expect(await copyCode.locator('kbd').allTextContents()).toEqual(['Y']);
  expect(await page.getByRole('option', { name: 'Copy an action as a command' }).locator('kbd').count()).toBe(0);
  const box = page.getByRole('combobox', { name: 'Search for an action' });
  const found: Record<string, string> = {
    restart: 'Copy the command that restarts the gateway',
    'api key': 'Add provider',
    undo: 'Versions of the configuration',
    run: 'Run a schedule now',
    errors: 'Errors in the log',
    dark: 'Toggle light and dark',
    chinese: '切换到中文',
    token: 'Copy the command that shows the access token',
    backup: 'Copy the command that makes a backup',
  };
  for (const [words, name] of Object.entries(found)) {
    await box.fill(words);
    await page.getByRole('option', { name }).waitFor();
  }
  await box.fill('provider');
  await expectAccessible(page);
  await page.getByRole('group', { name: 'Everywhere' }).getByRole('option', { name: 'Add provider' }).click();
  await page.getByRole('dialog', { name: 'Add provider' }).waitFor();
  await page.keyboard.press('Escape');
  await page.keyboard.press('Control+k');
  await box.fill('search settings');
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { name: 'Configuration', exact: true, level: 1 }).waitFor();
  await expect.poll(() => page.evaluate('document.activeElement.type')).toBe('search');
  await page.keyboard.press('Control+k');
  await page.keyboard.type('harbour');
  await page.getByRole('option', { name: 'Where is the harbour?' }).waitFor();
  await page.keyboard.press('Enter');
  await page.getByRole('article', { name: 'You' }).getByText('Where is the harbour?').waitFor();
  await expect.poll(() => page.getByRole('dialog').count()).toBe(0);
});

test.skipIf(noBrowser)('keys are not lost before the palette has loaded, and Enter waits for the chats that match', async () => {
  const { gateway, talk } = await startPageWorld();
  await talk('Where is the harbour?');
  const page = await openView(gateway, '#/sessions');
  let held: Promise<void> | undefined;
  await page.route('**/assets/*.js', async (route) => {
    const response = await route.fetch();
    if ((await response.text()).includes('palette-list')) await held;
    await route.fulfill({ response });
  });
  /** @param typed  texts, each ended with the key that follows it */
  const typeAhead = async (typed: Readonly<Record<string, string>>): Promise<void> => {
    let release = (): void => undefined;
    held = new Promise<void>((resolve) => (release = resolve));
    await page.reload();
    await page.getByRole('heading', { name: 'Sessions', exact: true, level: 1 }).waitFor();
    await page.keyboard.press('Control+k');
    for (const [text, key] of Object.entries(typed)) {
      await page.keyboard.type(text);
      await page.keyboard.press(key);
    }
    expect(await page.getByRole('dialog').count()).toBe(0);
    release();
  };
  await typeAhead({ statx: 'Backspace', us: 'Enter' });
  await page.getByRole('heading', { name: 'Status', exact: true, level: 1 }).waitFor();
  await page.goBack();
  await typeAhead({ harbour: 'Enter' });
  await page.getByRole('article', { name: 'You' }).getByText('Where is the harbour?').waitFor();
});

test.skipIf(noBrowser)('a dialog that could not be loaded says so, and is opened by the next try', async () => {
  const { gateway } = await startPageWorld();
  const page = await openPage(`${gateway.url}/health`, { token: tokenOf(gateway), allowedErrors: /ERR_FAILED/ });
  let isBroken = true;
  await page.route('**/assets/*.js', async (route) => {
    const response = await route.fetch();
    await (isBroken && (await response.text()).includes('palette-list') ? route.abort() : route.fulfill({ response }));
  });
  await page.goto(`${gateway.url}/#/chat`);
  const box = page.getByRole('textbox', { name: 'Message' });
  await box.waitFor();
  await Promise.all([page.getByText('A part of this page could not be loaded.').waitFor(), page.keyboard.press('Control+k')]);
  await page.keyboard.type('Hello');
  expect(await box.inputValue()).toBe('Hello');
  isBroken = false;
  await page.keyboard.press('Control+k');
  await page.getByRole('combobox', { name: 'Search for an action' }).waitFor();
});

test.skipIf(noBrowser)('an input method that is writing is not interrupted, and what is printed is the whole conversation', async () => {
  const { gateway, talk } = await startPageWorld();
  const key = await talk('Question');
  for (const content of ['long '.repeat(2_000), 'Last words']) {
    const body = JSON.stringify({ channel: 'webchat', chat_id: key.split(':').at(-1), content });
    await fetch(`${gateway.url}/api/message/sync`, { method: 'POST', headers: { 'Content-Type': 'application/json' }, body });
  }
  const page = await openPage(`${gateway.url}/#/chat/${encodeURIComponent(key)}`);
  const box = page.getByRole('textbox', { name: 'Message' });
  await box.fill('你好');
  for (const how of ['isComposing: true', 'keyCode: 229']) {
    await page.evaluate(
      `document.querySelector('textarea').dispatchEvent(new KeyboardEvent('keydown', { key: 'Enter', bubbles: true, cancelable: true, ${how} }))`,
    );
    expect(await box.inputValue(), how).toBe('你好');
  }
  await box.press('Enter');
  await page.getByRole('article', { name: 'Agent' }).last().getByText('你好').waitFor();

  // What was pasted is folded, and on paper it is not.
  const long = page.getByRole('article', { name: 'You' }).nth(1).locator('.plain');
  const height = async (): Promise<number> => (await long.boundingBox())?.height ?? 0;
  expect(await height()).toBe(300);
  await page.getByRole('button', { name: 'Show all 10,000 characters' }).click();
  await expect.poll(height).toBeGreaterThan(300);
  await page.getByRole('button', { name: 'Show less' }).click();
  await expect.poll(height).toBe(300);

  await page.keyboard.press('Control+k');
  const palette = page.getByRole('combobox');
  await palette.fill('status');
  await palette.dispatchEvent('keydown', { key: 'Enter', isComposing: true });
  expect(await palette.inputValue()).toBe('status');
  await page.keyboard.press('Escape');
  await expect.poll(() => palette.count()).toBe(0);

  await page.emulateMedia({ media: 'print' });
  expect(await height()).toBeGreaterThan(300);
  const hidden = await page.evaluate<number>(`(() => {
    const box = document.querySelector('.transcript');
    return Math.max(box.scrollHeight - box.clientHeight, innerHeight - document.documentElement.scrollHeight);
  })()`);
  expect(hidden).toBeLessThanOrEqual(0);
  expect(await box.isVisible()).toBe(false);
  expect(await page.getByRole('navigation').first().isVisible()).toBe(false);
});
