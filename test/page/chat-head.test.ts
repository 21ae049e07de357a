import { expect, test } from 'vitest';
import { expectAccessible, noBrowser, openPage } from '../helpers/browser.js';
import { callApi } from '../helpers/page.js';
import { startPageWorld } from '../helpers/page-world.js';

test.skipIf(noBrowser)(
  'a chat has its title above it, and all that can be done with a session is done there',
  { tags: ['long'] },
  async () => {
    const { gateway } = await startPageWorld();
    const page = await openPage(gateway.url);
    await page.getByRole('textbox', { name: 'Message' }).fill('Where is the **harbour**?');
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
    // What programs began is folded, and never unread; before there is any, there is nothing to unfold.
    const others = chats.getByRole('button', { name: 'Automations and channels' });
    expect(await others.count()).toBe(0);
    await callApi(gateway, 'POST /api/agent', { message: 'Of a program', session: 'program' });
    await others.waitFor();
    expect(await chats.getByRole('link').count()).toBe(1);
    await others.click();
    await chats.getByRole('link', { name: 'Of a program' }).waitFor();
    expect(await chats.getByRole('img', { name: 'Unread' }).count()).toBe(0);
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
    await page.getByText('How can I help?').waitFor();
    await expect.poll(() => dialog.count()).toBe(0);
    await page.getByRole('button', { name: 'Chats' }).click();
    await dialog.getByRole('link', { name: 'Ships' }).click();
    await page.getByRole('article', { name: 'You' }).waitFor();
    await expect.poll(() => dialog.count()).toBe(0);

    await page.getByRole('button', { name: 'Actions for “Ships”' }).click();
    await page.getByRole('menuitem', { name: 'Delete' }).click();
    // Under the pointer, a notice stays.
    await page.getByRole('button', { name: 'Undo' }).hover();
    await page.getByText('How can I help?').waitFor();
    await page.getByRole('button', { name: 'Undo' }).click();
    await page.getByRole('button', { name: 'Chats' }).click();
    await dialog.getByRole('link', { name: 'Ships' }).waitFor();
  },
);

test.skipIf(noBrowser)('what was not read without a network is read when there is one; a notice is not over what sends', async () => {
  const { gateway, talk } = await startPageWorld();
  const key = await talk('Where is the harbour?');
  const page = await openPage(gateway.url, { size: 'narrow', allowedErrors: /ERR_INTERNET_DISCONNECTED/ });
  // A connection that is just being made would be kept: Chromium cuts only those that are there. That of the first visit is not meant.
  await page.goto('about:blank');
  const connected = new Promise<void>((resolve) => {
    page.on('websocket', (socket) => socket.on('framereceived', ({ payload }) => void (String(payload).includes('"hello"') && resolve())));
  });
  await page.goto(gateway.url);
  await connected;
  await page.getByText('How can I help?').waitFor();
  await page.context().setOffline(true);
  await page.getByText('This device is offline.').waitFor();
  await page.evaluate(`location.hash = '#/chat/' + encodeURIComponent(${JSON.stringify(key)})`);
  await page.getByRole('textbox', { name: 'Message' }).fill('Written without one');
  await page.keyboard.press('Enter');
  await page.getByText('Waiting for the connection').waitFor();
  expect(await page.locator('.chat-title').count()).toBe(0);
  await page.context().setOffline(false);
  await page.locator('.chat-title', { hasText: 'Where is the harbour?' }).waitFor();
  await page.getByRole('article', { name: 'Agent' }).last().getByText('Written without one').waitFor();
  await Promise.all([page.getByText('Copied').waitFor(), page.getByRole('button', { name: 'Copy', exact: true }).last().click()]);
  await page.getByRole('textbox', { name: 'Message' }).fill('Next');
  await page.getByRole('button', { name: 'Send' }).click({ trial: true });
});

test.skipIf(noBrowser)('what could not be read while the page stays connected is read again', async () => {
  const { gateway, talk } = await startPageWorld();
  const key = await talk('Where is the harbour?');
  const page = await openPage(`${gateway.url}/health`, { allowedErrors: /429|503/ });
  // A read that begins before the page is connected is repeated by the connection.
  await page.route('**/api/models', (route) => route.fulfill({ status: 503, json: {} }), { times: 2 });
  await page.route('**/api/sessions/*?limit=0', (route) => route.fulfill({ status: 429, json: {} }), { times: 2 });
  await page.goto(`${gateway.url}/#/chat/${encodeURIComponent(key)}`);
  await page.locator('.chat-title', { hasText: 'Where is the harbour?' }).waitFor();
  await page.getByRole('button', { name: 'Model: fake/one, the default' }).waitFor();
  await expect.poll(() => page.getByRole('button', { name: 'Actions for “Where is the harbour?”' }).count()).toBe(1);
});

test.skipIf(noBrowser)('a chat stays in view when its deletion fails, or is only shown as a command', async () => {
  const { gateway, talk } = await startPageWorld();
  const key = await talk('Where is the harbour?');
  const page = await openPage(`${gateway.url}/#/chat/${encodeURIComponent(key)}`, { allowedErrors: /503/ });
  const deleteIt = async (): Promise<void> => {
    await page.getByRole('button', { name: 'Actions for “Where is the harbour?”' }).click();
    await page.getByRole('menuitem', { name: 'Delete' }).click();
  };
  await page.getByRole('button', { name: 'Copy an action as a command' }).click();
  await deleteIt();
  await page.getByRole('dialog', { name: 'The action as a command' }).waitFor();
  await page.keyboard.press('Escape');
  await page.route('**/api/sessions/*', (route) =>
    route.request().method() === 'DELETE' ? route.fulfill({ status: 503, body: 'No' }) : route.fallback(),
  );
  await Promise.all([page.locator('.toast.error').waitFor(), deleteIt()]);
  expect(await page.getByRole('article', { name: 'You' }).count()).toBe(1);
  await page.unrouteAll();
  await deleteIt();
  await page.getByText('How can I help?').waitFor();
});
