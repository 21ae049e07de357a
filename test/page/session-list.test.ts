import type { Page } from 'playwright-core';
import { expect, test } from 'vitest';
import { expectAccessible, noBrowser, openPage } from '../helpers/browser.js';
import { startPageWorld } from '../helpers/page-world.js';
import type { RealGateway } from '../helpers/real-gateway.js';

const SESSIONS = 230;

async function importSession(gateway: RealGateway, title: string): Promise<string> {
  const message = {
    role: 'assistant',
    content: `Said in ${title}`,
    createdAt: '2026-01-01T00:00:00.000Z',
    model: null,
    status: 'complete',
  };
  const response = await fetch(`${gateway.url}/api/sessions/import`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/x-ndjson' },
    body: [{ format: 'xopc-session', version: 1, title, agentId: 'main' }, message].map((line) => JSON.stringify(line)).join('\n'),
  });
  if (!response.ok) throw new Error(await response.text());
  return ((await response.json()) as { session: { key: string } }).session.key;
}

const change = (gateway: RealGateway, key: string, body: object): Promise<Response> =>
  fetch(`${gateway.url}/api/sessions/${encodeURIComponent(key)}`, {
    method: 'PATCH',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify(body),
  });

/** Of the row that has the focus. */
const focused = (page: Page): Promise<{ title: string; index: number }> =>
  page.evaluate(`(() => {
    const link = document.activeElement;
    return { title: link.textContent, index: Number(link.closest('[data-index]')?.dataset.index ?? -1) };
  })()`);
const elements = (page: Page): Promise<number> => page.evaluate<number>(`document.querySelectorAll('*').length`);

test.skipIf(noBrowser)(
  'a long list of sessions is walked through by keyboard and by wheel, a screen of it in the document',
  { tags: ['long'] },
  async () => {
    const { gateway } = await startPageWorld();
    const keys: string[] = [];
    // One after another: what is newest is above.
    for (let number = 0; number < SESSIONS; number += 1) keys.push(await importSession(gateway, `Talk ${number}`));
    const page = await openPage(`${gateway.url}/#/sessions`);
    const list = page.getByRole('list', { name: 'All sessions' });
    const link = (title: string) => list.getByRole('link', { name: title, exact: true });
    await link(`Talk ${SESSIONS - 1}`).focus();
    const before = await elements(page);
    // Without motion, what moves is at its place in the same frame.
    const moved = `(() => {
    const box = document.body.appendChild(document.createElement('div'));
    const { y } = box.getBoundingClientRect();
    box.style.transform = 'translateY(100px)';
    const { y: after } = box.getBoundingClientRect();
    box.remove();
    return after - y;
  })()`;
    expect(await page.evaluate(moved)).toBe(100);
    // How many there are is not known yet.
    expect(await list.getByRole('listitem').first().getAttribute('aria-setsize')).toBe('-1');

    for (let step = 0; step < 40; step += 1) await page.keyboard.press('ArrowDown');
    await expect.poll(() => focused(page)).toEqual({ title: `Talk ${SESSIONS - 41}`, index: 40 });
    await page.keyboard.press('PageUp');
    await expect.poll(() => focused(page)).toEqual({ title: `Talk ${SESSIONS - 31}`, index: 30 });
    // To the end: each time to the last one that is there, until there are no more.
    await expect
      .poll(async () => {
        await page.keyboard.press('End');
        return (await focused(page)).index;
      })
      .toBe(SESSIONS - 1);
    await expect.poll(() => focused(page)).toEqual({ title: 'Talk 0', index: SESSIONS - 1 });
    await expect.poll(() => link('Talk 0').locator('xpath=ancestor::*[@role="listitem"]').getAttribute('aria-setsize')).toBe(`${SESSIONS}`);
    await expect.poll(() => elements(page)).toBeLessThan(before * 1.6);

    // What the focus is on stays, however far away the wheel goes; a new session above moves nothing that is read.
    await page.locator('.virtual-list').hover();
    await page.mouse.wheel(0, -9_000);
    await expect.poll(() => link('Talk 0').count()).toBe(1);
    await expect.poll(async () => (await focused(page)).index).toBe(SESSIONS - 1);
    const titleShown = `(() => {
    const { left, top } = document.querySelector('.virtual-list').getBoundingClientRect();
    return document.elementFromPoint(left + 300, top + 100).closest('[role=listitem]').querySelector('.session-link').textContent;
  })()`;
    await expect.poll(() => page.evaluate<string>(titleShown)).toMatch(/^Talk 1\d\d$/);
    const read = link(await page.evaluate<string>(titleShown));
    const place = (await read.boundingBox())?.y ?? 0;
    await importSession(gateway, 'A new one');
    await expect.poll(async () => (await focused(page)).index).toBe(SESSIONS);
    await expect.poll(async () => Math.abs(((await read.boundingBox())?.y ?? 0) - place)).toBeLessThan(10);

    // A range over more than what is in the document.
    await page.keyboard.press('Home');
    await expect.poll(() => focused(page)).toEqual({ title: 'A new one', index: 0 });
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('Shift+End');
    await page.getByText(`${SESSIONS} selected`).waitFor();
    // One of them is deleted elsewhere, and one renamed: the rest stays selected.
    await fetch(`${gateway.url}/api/sessions/${encodeURIComponent(keys[200] ?? '')}`, { method: 'DELETE' });
    await page.getByText(`${SESSIONS - 1} selected`).waitFor();
    await change(gateway, keys[2] ?? '', { title: 'Another name' });
    await link('Another name').waitFor();
    await page.getByText(`${SESSIONS - 1} selected`).waitFor();
    await page.keyboard.press('Escape');
    await expect.poll(() => page.getByRole('toolbar').count()).toBe(0);

    // Who opens one and comes back is where he was; who comes anew is at the top.
    await link('Talk 20').focus();
    await page.waitForFunction(`history.state?.place > 9000`);
    await page.keyboard.press('Enter');
    await page.getByRole('article', { name: 'Agent' }).getByText('Said in Talk 20').waitFor();
    await page.goBack();
    await link('Talk 20').waitFor();
    expect(await list.getByText(`Talk ${SESSIONS - 1}`, { exact: true }).count()).toBe(0);
    await page.getByRole('link', { name: 'Chat', exact: true }).click();
    await page.getByRole('link', { name: 'Sessions', exact: true }).click();
    await link('A new one').waitFor();
    expect(await link('Talk 20').count()).toBe(0);
    await link('A new one').focus();
    await expect
      .poll(async () => {
        await page.keyboard.press('End');
        return (await focused(page)).title;
      })
      .toBe('Talk 0');

    // Deep in the list, one is archived and brought back to its place.
    await link('Talk 3').focus();
    await page.keyboard.press('e');
    // Under the pointer, a notice stays.
    const undo = page.getByRole('button', { name: 'Undo' });
    await undo.hover();
    await page.getByText('1 session was archived').waitFor();
    await expect.poll(() => link('Talk 3').count()).toBe(0);
    await undo.click();
    await link('Talk 3').waitFor();
    await expectAccessible(page);
  },
);

test.skipIf(noBrowser)('titles cannot turn the words beside them around, and the keys of the list are told', async () => {
  const { gateway } = await startPageWorld();
  await importSession(gateway, '\u202Egnp.exe');
  const page = await openPage(`${gateway.url}/#/sessions`);
  await page.getByRole('link', { name: 'gnp.exe', exact: true }).waitFor();
  await page.keyboard.press('?');
  const keys = page.getByRole('dialog', { name: 'Keyboard shortcuts' }).getByRole('button', { name: 'Change the keys' });
  await keys.first().waitFor();
  const labels = await keys.evaluateAll((all) => all.map((button) => button.getAttribute('aria-label')));
  expect(labels).toEqual(expect.arrayContaining(['Archive: E. Change the keys', 'Delete: Delete. Change the keys']));
});

test.skipIf(noBrowser)('the next row has the focus once its session is deleted, by key, by menu and with others', async () => {
  const { gateway } = await startPageWorld();
  for (const title of ['Six', 'Five', 'Four', 'Three', 'Two', 'One']) await importSession(gateway, title);
  const page = await openPage(`${gateway.url}/#/sessions`);
  const list = page.getByRole('list', { name: 'All sessions' });
  const undo = page.getByRole('button', { name: 'Undo' });
  await list.getByRole('link', { name: 'Two' }).press('Delete');
  await undo.hover();
  await expect.poll(() => focused(page)).toEqual({ title: 'Three', index: 1 });
  // The pointer takes the focus away; it is given back.
  await undo.click();
  await list.getByRole('link', { name: 'Two' }).waitFor();
  await expect.poll(() => focused(page)).toEqual({ title: 'Three', index: 2 });
  await list.getByRole('button', { name: 'Actions for “Three”' }).press('Enter');
  await page.keyboard.press('End');
  await page.keyboard.press('Enter');
  await undo.hover();
  await expect.poll(() => focused(page)).toEqual({ title: 'Four', index: 2 });
  await page.keyboard.press('Control+z');
  await list.getByRole('link', { name: 'Three' }).waitFor();
  await page.keyboard.press('End');
  await page.keyboard.press('Shift+ArrowUp');
  await page.getByRole('button', { name: 'Delete selected' }).press('Enter');
  await expect.poll(() => focused(page)).toEqual({ title: 'Four', index: 3 });
  await page.keyboard.press('ArrowUp');
  await expect.poll(() => focused(page)).toEqual({ title: 'Three', index: 2 });
});
