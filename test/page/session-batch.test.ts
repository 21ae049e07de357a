/** Actions on several sessions, one of which fails. */
import type { Page } from 'playwright-core';
import { expect, test } from 'vitest';
import { noBrowser, openPage } from '../helpers/browser.js';
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
  // The failure is shown first.
  await page.getByRole('button', { name: 'Dismiss' }).click();
  await page.getByText(`${SESSIONS - 1} sessions were deleted`).waitFor();
  await page.getByRole('button', { name: 'Undo' }).click();
  await expect.poll(() => list.getByRole('listitem').count()).toBe(SESSIONS);
  await selected(page, 1);
});
