/** Actions on sessions: on several of them, as commands, and when the user goes elsewhere. */
import type { Page, Route } from 'playwright-core';
import { expect, test } from 'vitest';
import { noBrowser, openPage } from '../helpers/browser.js';
import { pressIfThere } from '../helpers/page.js';
import { startPageWorld } from '../helpers/page-world.js';
import { RealGateway } from '../helpers/real-gateway.js';

/** More than the page calls at a time. */
const SESSIONS = 8;

async function makeSessions({ url }: RealGateway): Promise<readonly string[]> {
  const keys: string[] = [];
  for (let number = 0; number < SESSIONS; number += 1) {
    const headers = { 'Content-Type': 'application/json' };
    const body = JSON.stringify({ chat_id: `number-${number}` });
    const response = await fetch(`${url}/api/sessions`, { method: 'POST', headers, body });
    keys.push(((await response.json()) as { session: { key: string } }).session.key);
  }
  return keys;
}

async function countSessions({ url }: RealGateway): Promise<number> {
  return ((await (await fetch(`${url}/api/sessions`)).json()) as { sessions: unknown[] }).sessions.length;
}

const selected = (page: Page, count: number) => page.getByText(`${count} selected`).waitFor();

test.skipIf(noBrowser)('copy mode shows every call of an action on several sessions, and none is made', async () => {
  const gateway = await RealGateway.start();
  const keys = await makeSessions(gateway);
  const page = await openPage(`${gateway.url}/#/sessions`);
  await page.getByRole('list', { name: 'All sessions' }).getByRole('link').first().focus();
  await page.keyboard.press('Control+a');
  await selected(page, SESSIONS);
  const calls: string[] = [];
  page.on('request', (request) => request.method() === 'DELETE' && calls.push(request.url()));
  await page.keyboard.press('y');
  await page.getByText('Your next action is shown as a command').waitFor();
  await page.keyboard.press('Delete');
  const dialog = page.getByRole('dialog', { name: 'The action as a command' });
  await expect.poll(() => dialog.locator('pre').innerText()).toMatch(new RegExp(`^(curl -X DELETE '.+'\n?){${SESSIONS}}$`));
  for (const key of keys) expect(await dialog.locator('pre').innerText()).toContain(encodeURIComponent(key));
  await page.keyboard.press('Escape');
  await expect.poll(() => page.getByText('Your next action is shown as a command').count()).toBe(0);
  await selected(page, SESSIONS);
  expect([calls, await countSessions(gateway)]).toEqual([[], SESSIONS]);
});

test.skipIf(noBrowser)('copy mode shows the upload of every file, however long it takes to read, and none is made', async () => {
  const { gateway, talk } = await startPageWorld();
  const session = await talk('Question');
  const page = await openPage(`${gateway.url}/#/chat/${encodeURIComponent(session)}`);
  await page.getByRole('textbox', { name: 'Message' }).waitFor();
  const uploads: string[] = [];
  page.on('request', (request) => request.method() === 'POST' && uploads.push(request.url()));
  // The second file is read once the dialog of the first one has been closed.
  await page.evaluate(`(() => {
    const read = FileReader.prototype.readAsDataURL;
    FileReader.prototype.readAsDataURL = function (blob) {
      if (blob.size === 3) read.call(this, blob);
      else window.readOn = () => read.call(this, blob);
    };
  })()`);
  await page.getByRole('button', { name: 'Copy an action as a command' }).click();
  const files = ['one', 'two more'].map((said) => ({ name: `${said}.txt`, mimeType: 'text/plain', buffer: Buffer.from(said) }));
  await page.locator('input[type=file]').setInputFiles(files);
  await page.getByText('"name":"one.txt"').waitFor();
  await page.keyboard.press('Escape');
  await expect.poll(() => page.getByRole('dialog').count()).toBe(0);
  await page.evaluate('readOn()');
  await page.getByText('"name":"two more.txt"').waitFor();
  await page.keyboard.press('Escape');
  await expect.poll(() => page.getByText('Your next action is shown as a command').count()).toBe(0);
  expect(uploads).toEqual([]);
});

test.skipIf(noBrowser)('what is deleted of several sessions can be undone when one fails, which stays selected', async () => {
  const gateway = await RealGateway.start();
  const [first = ''] = await makeSessions(gateway);
  const page = await openPage(`${gateway.url}/#/sessions`, { allowedErrors: /503/ });
  await page.route(`**/api/sessions/${encodeURIComponent(first)}`, (route) => route.fulfill({ status: 503 }), { times: 1 });
  const list = page.getByRole('list', { name: 'All sessions' });
  await list.getByRole('link').first().focus();
  await page.keyboard.press('Control+a');
  await selected(page, SESSIONS);
  await page.getByRole('button', { name: 'Delete selected' }).click();
  await selected(page, 1);
  await expect.poll(() => list.getByRole('listitem').count()).toBe(1);
  expect(await countSessions(gateway)).toBe(1);
  // The failure is shown first, for a few seconds.
  await pressIfThere(page.locator('.toast.error').getByRole('button', { name: 'Dismiss' }));
  await page.getByText(`${SESSIONS - 1} sessions were deleted`).waitFor();
  await page.getByRole('button', { name: 'Undo' }).click();
  await expect.poll(() => list.getByRole('listitem').count()).toBe(SESSIONS);
  await selected(page, 1);
});

test.skipIf(noBrowser)('a copy of a chat that takes long leaves the user where they have gone meanwhile', async () => {
  const { gateway, talk } = await startPageWorld();
  await talk('Question');
  const page = await openPage(`${gateway.url}/#/sessions`);
  const held: Route[] = [];
  await page.route('**/fork', (route) => void held.push(route));
  await page.getByRole('button', { name: 'Actions for “Question”' }).click();
  await page.getByRole('menuitem', { name: 'Continue in a new chat' }).click();
  await page.getByRole('link', { name: 'Status' }).click();
  await expect.poll(() => held.length).toBe(1);
  const copied = page.waitForResponse('**/fork');
  await held[0]?.continue();
  expect((await copied).status()).toBe(200);
  await page.getByRole('link', { name: 'Sessions', exact: true }).click();
  await expect.poll(() => page.getByRole('list', { name: 'All sessions' }).getByRole('listitem').count()).toBe(2);
  // Where they were before that, no chat was opened.
  await page.goBack();
  await expect.poll(() => page.url()).toContain('#/status');
});
