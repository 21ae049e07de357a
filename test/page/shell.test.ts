import type { Page } from 'playwright-core';
import { expect, test } from 'vitest';
import { expectAccessible, noBrowser, openPage, SIZES } from '../helpers/browser.js';
import { startPageWorld } from '../helpers/page-world.js';
import { pressInTurn, tryNow } from '../helpers/page.js';

test.skipIf(noBrowser)('everything is reached by keyboard: palette, shortcuts, views, dialogs, and back', async () => {
  const { gateway } = await startPageWorld();
  const page = await openPage(gateway.url);
  await page.getByText('How can I help?').waitFor();
  await page.keyboard.press('Control+k');
  await page.keyboard.type('sess');
  await page.getByRole('option', { name: /^Sessions/ }).waitFor();
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { name: 'Sessions', exact: true }).waitFor();
  await expect.poll(() => page.title()).toBe('Sessions · xopc');
  const focused = () => page.evaluate('document.activeElement.id');
  await expect.poll(focused).toBe('content');
  await page.getByRole('navigation').getByRole('link', { name: 'Logs' }).press('Enter');
  await page.getByRole('heading', { name: 'Logs', exact: true }).waitFor();
  await expect.poll(focused).toBe('content');
  await page.goBack();
  await page.getByRole('heading', { name: 'Sessions', exact: true }).waitFor();
  await page.keyboard.press('?');
  const shortcuts = page.getByRole('dialog', { name: 'Keyboard shortcuts' });
  await shortcuts.getByText('Search titles and messages').waitFor();
  await expectAccessible(page);
  await page.keyboard.press('Escape');
  await expect.poll(() => shortcuts.count()).toBe(0);
  await pressInTurn(page, 'g', 'c');
  await page.getByText('How can I help?').waitFor();
  await page.goBack();
  await page.getByRole('heading', { name: 'Sessions', exact: true }).waitFor();
});

test.skipIf(noBrowser)('single keys can be switched off, the language and the theme chosen, and both are remembered', async () => {
  const { gateway } = await startPageWorld();
  const page = await openPage(`${gateway.url}/#/sessions`);
  await page.getByRole('heading', { name: 'Sessions', exact: true }).waitFor();
  await page.keyboard.press('?');
  await page.getByRole('checkbox', { name: 'Keyboard shortcuts are on' }).press(' ');
  await page.keyboard.press('Escape');
  await page.keyboard.press('?');
  expect(await page.getByRole('dialog').count()).toBe(0);
  await page.getByRole('button', { name: 'Preferences' }).click();
  await page.getByRole('radio', { name: 'Dark' }).check();
  await page.getByRole('radio', { name: '中文' }).check();
  await page.getByRole('heading', { name: '会话', exact: true }).waitFor();
  await page.reload();
  await page.getByRole('heading', { name: '会话', exact: true }).waitFor();
  const shown = '[document.documentElement.lang, document.documentElement.dataset.theme, document.title]';
  await expect.poll(() => page.evaluate<string[]>(shown)).toEqual(['zh-CN', 'dark', '会话 · xopc']);
  // On a tablet the rail is folded until somebody unfolds it.
  await page.setViewportSize({ width: 820, height: 900 });
  await page.reload();
  await page.getByRole('button', { name: '展开导航栏' }).click();
  await page.getByRole('button', { name: '收起导航栏' }).waitFor();
  await page.reload();
  await page.getByRole('button', { name: '收起导航栏' }).waitFor();
});

/** Returns the text above the view while the page tries to connect again, which takes milliseconds. */
const bannerOfNextAttempt = (page: Page): Promise<string> =>
  page.evaluate<string>(`new Promise((resolve) => {
    const lines = document.querySelector('.banners');
    const read = () => lines.innerText.includes('Connecting …') && resolve(lines.innerText);
    new MutationObserver(read).observe(lines, { subtree: true, childList: true, characterData: true });
  })`);

test.skipIf(noBrowser)(
  'a stopped gateway is reported, views open and unsent messages wait until it is back',
  { tags: ['long'] },
  async () => {
    const { gateway } = await startPageWorld();
    const page = await openPage(gateway.url, { allowedErrors: /WebSocket|Failed to load resource|ERR_/ });
    const box = page.getByRole('textbox', { name: 'Message' });
    await box.fill('One');
    await page.keyboard.press('Enter');
    await page.getByRole('article', { name: 'Agent' }).waitFor();
    // While the browser is idle, scripts are loaded one by one: that of decisions, that of dialogs, and one for each view.
    await page.evaluate('window.requestIdleCallback = (run) => setTimeout(run)');
    const views = await page.getByRole('navigation', { name: 'Views' }).getByRole('link').count();
    const loaded = String.raw`new Set(performance.getEntriesByType('resource').flatMap(({ name }) => /\/main-[^/]+\.js$/.exec(name) ?? [])).size`;
    await expect.poll(() => page.evaluate<number>(loaded)).toBe(views + 2);
    await gateway.xopc('gateway', 'stop');
    await page.getByText('The gateway does not answer.').waitFor();
    expect(await bannerOfNextAttempt(page)).toContain('The gateway does not answer.');
    await box.fill('Two, while nobody listens');
    await page.keyboard.press('Enter');
    await page.getByText('Waiting for the connection').waitFor();
    await expectAccessible(page);
    await page.setViewportSize(SIZES.wide);
    await page.getByRole('link', { name: 'Models' }).click();
    await page.getByRole('heading', { name: 'Models', exact: true }).waitFor();
    // One message says that the gateway is away.
    await page.locator('.skeleton').first().waitFor();
    expect(await page.getByText('The gateway does not answer.').count()).toBe(1);
    expect(await page.getByRole('alert').count()).toBe(0);
    await gateway.run();
    await tryNow(page);
    await page.getByRole('listitem').filter({ hasText: 'fake/two' }).first().waitFor();
    await page.goBack();
    await page.getByRole('article', { name: 'Agent' }).getByText('Two, while nobody listens').waitFor();
    await expect.poll(() => page.getByText('The gateway does not answer.').count()).toBe(0);
    await expect
      .poll(() => page.getByRole('article', { name: 'You' }).allInnerTexts())
      .toEqual([expect.stringContaining('One'), expect.stringContaining('Two')]);
  },
);

test.skipIf(noBrowser)('a long session opens with its newest messages, and gives the earlier ones when asked', async () => {
  const { gateway } = await startPageWorld();
  const said = Array.from({ length: 5_000 }, (_value, index) => ({
    role: index % 2 === 0 ? 'user' : 'assistant',
    content: `Message number ${index}`,
    createdAt: '2026-01-02T03:04:05.678Z',
    model: null,
    status: 'complete',
  }));
  const body = JSON.stringify({ format: 'xopc-session', version: 1, title: 'Long', messages: said });
  const made = await fetch(`${gateway.url}/api/sessions/import`, { method: 'POST', headers: { 'Content-Type': 'application/json' }, body });
  const { session } = (await made.json()) as { session: { key: string } };
  const page = await openPage(gateway.url);
  await page.getByText('How can I help?').waitFor();
  await page.goto(`${gateway.url}/#/chat/${encodeURIComponent(session.key)}`);
  await page.getByText('Message number 4999').waitFor();
  await expect.poll(() => page.getByRole('article').count()).toBe(60);
  // Clicked twice; the second answer, with the same messages, comes after the first is shown.
  let answerAgain = (): void => undefined;
  const until = new Promise<void>((resolve) => (answerAgain = resolve));
  let asked = 0;
  await page.route('**/messages?*', async (route) => {
    asked += 1;
    if (asked === 2) await until;
    await route.continue();
  });
  const earlier = page.getByRole('button', { name: 'Show earlier messages' });
  await earlier.scrollIntoViewIfNeeded();
  await earlier.evaluate((button: { click(): void }) => {
    button.click();
    button.click();
  });
  await page.getByText('Message number 4840', { exact: true }).waitFor({ state: 'attached' });
  await expect.poll(() => page.getByRole('article').count()).toBe(160);
  // What was the first one is where it was, and not a hundred messages further down.
  const top = async (): Promise<number> => (await page.getByText('Message number 4940', { exact: true }).boundingBox())?.y ?? 0;
  await expect.poll(top).toBeGreaterThan(0);
  expect(await top()).toBeLessThan(300);
  const answered = page.waitForResponse(/messages\?/);
  answerAgain();
  await answered;
  await earlier.click();
  await page.getByText('Message number 4740', { exact: true }).waitFor({ state: 'attached' });
  await expect.poll(() => page.getByRole('article').count()).toBe(260);
});
