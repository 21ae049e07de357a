import { expect, test } from 'vitest';
import { noBrowser } from '../helpers/browser.js';
import { appendLog, callApi, openView } from '../helpers/page.js';
import { startPageWorld } from '../helpers/page-world.js';

test.skipIf(noBrowser)('an answer in a chat leads to what was logged of its turn, and from there to everything of it', async () => {
  const { gateway, model, talk } = await startPageWorld();
  model.reply({ type: 'text', parts: ['It is a boat.'] });
  const key = await talk('What is it?');
  const page = await openView(gateway, `#/chat/${encodeURIComponent(key)}`);
  await page.getByText('It is a boat.').waitFor();
  await page.getByRole('button', { name: 'About this answer' }).last().click();
  await page.getByRole('menuitem', { name: 'Logs' }).click();
  await page.getByRole('button', { name: /a turn has ended/ }).click();
  const turn = page.getByRole('link', { name: /^turn_/ });
  const id = (await turn.textContent()) ?? '';
  appendLog(gateway, { level: 'warn', msg: 'something of the same turn', turnId: id });
  await page.getByText('something of the same turn').waitFor();
  await expect.poll(() => page.url()).toContain(`q=turnId%3A${id}`);
  const { entries } = await callApi<{ entries: Record<string, unknown>[] }>(gateway, `GET /api/logs?search=turnId:${id}`);
  expect(entries[0]).toMatchObject({ msg: 'a turn has ended', session: key, state: 'done', model: 'fake/one' });
});
