import { expect, test } from 'vitest';
import { callsTools, says } from '../fakes/openai/reply.js';
import { noBrowser, openPage, SIZES } from '../helpers/browser.js';
import { startPageWorld } from '../helpers/page-world.js';

const PNG = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==';
const CODE = '```ts\nconst answer: number = 42;\n```';
const LONG = Array.from({ length: 12 }, (_value, index) => `Paragraph ${index}\n\n${CODE}`).join('\n\n');
/** What is below what can be seen of the conversation, in pixels. */
const BELOW = `(() => { const box = document.querySelector('.transcript'); return box.scrollHeight - box.scrollTop - box.clientHeight; })()`;

/** @returns the key of a chat with these messages */
async function importChat(
  url: string,
  said: readonly { role: string; content: string; attachments?: readonly object[] }[],
): Promise<string> {
  const messages = said.map((message) => ({ ...message, createdAt: '2026-02-03T04:05:06.000Z', model: null, status: 'complete' }));
  const body = JSON.stringify({ format: 'xopc-session', version: 1, title: 'Long', messages });
  const headers = { 'Content-Type': 'application/json' };
  const answer = await fetch(`${url}/api/sessions/import`, { method: 'POST', headers, body });
  return ((await answer.json()) as { session: { key: string } }).session.key;
}

/** @returns the key of a chat of 60,000 characters */
function importLong(url: string): Promise<string> {
  const content = (index: number): string => `Message ${index} ${'of words '.repeat(320)}`;
  return importChat(
    url,
    Array.from({ length: 20 }, (_, index) => ({ role: index % 2 === 0 ? 'user' : 'assistant', content: content(index) })),
  );
}

test.skipIf(noBrowser)(
  'a chat opens at its end, stays there while that grows, and leaves it for whoever goes up a little',
  { tags: ['long'] },
  async () => {
    const { gateway, model, talk } = await startPageWorld();
    model.replyAlways(says(LONG));
    const key = await talk('Say much');
    const page = await openPage(`${gateway.url}/#/chat`, { allowedErrors: /WebSocket|Failed to load/ });
    // More than once: what comes when is another matter each time.
    for (let round = 0; round < 4; round += 1) {
      await page.goto(`${gateway.url}/#/chat/${encodeURIComponent(key)}`);
      await page.locator('.hljs-keyword').last().waitFor();
      await expect.poll(() => page.evaluate<number>(BELOW)).toBeLessThanOrEqual(2);
      await expect.poll(() => page.getByRole('button', { name: 'Jump to the newest message' }).count()).toBe(0);
      await page.goto(`${gateway.url}/#/chat`);
    }

    await page.goto(`${gateway.url}/#/chat/${encodeURIComponent(key)}`);
    await page.locator('.hljs-keyword').last().waitFor();
    let goOn = (): void => undefined;
    const until = new Promise<void>((resolve) => (goOn = resolve));
    const parts = LONG.split(/(?<=\n)/);
    model.reply({ type: 'text', parts, delayMs: 15, gate: { before: parts.indexOf('Paragraph 4\n'), until } });
    await page.getByRole('textbox', { name: 'Message' }).fill('Again');
    await page.keyboard.press('Enter');
    await page.getByRole('article', { name: 'Agent' }).nth(1).getByText('Paragraph 3').waitFor();
    await expect.poll(() => page.evaluate<number>(BELOW)).toBeLessThan(200);
    // Less than what a line is high.
    await page.evaluate(`document.querySelector('.transcript').scrollBy(0, -12)`);
    goOn();
    await page.getByRole('button', { name: 'Jump to the newest message' }).waitFor();
    await page.getByRole('article', { name: 'Agent' }).last().getByText('Paragraph 11').waitFor({ state: 'attached' });
    expect(await page.evaluate<number>(BELOW)).toBeGreaterThan(300);
    await page.getByRole('button', { name: 'Jump to the newest message' }).click();
    await expect.poll(() => page.evaluate<number>(BELOW)).toBeLessThanOrEqual(2);

    // Of a chat that fills its model's context, a line says what the model is given.
    const long = await importLong(gateway.url);
    await page.goto(`${gateway.url}/#/chat/${encodeURIComponent(long)}`);
    model.replyAlways(says('They agreed on **trains**.'));
    // What the page has missed is read after the gap.
    let isDeaf = true;
    await page.routeWebSocket(/ws/, (socket) =>
      socket.connectToServer().onMessage((frame) => {
        if (!isDeaf || !String(frame).includes('"updated"')) socket.send(frame);
      }),
    );
    await page.reload();
    await page.getByRole('textbox', { name: 'Message' }).fill('And now?');
    await page.keyboard.press('Enter');
    const newest = `${gateway.url}/api/sessions/${encodeURIComponent(long)}/messages?limit=1`;
    await expect.poll(async () => (await fetch(newest)).text()).toContain('"summary"');
    await page.getByRole('article', { name: 'Agent' }).last().getByText('They agreed on trains.').waitFor();
    process.kill(gateway.workerPid(), 'SIGKILL');
    const line = page.getByText('Earlier messages are summarised for the model');
    await line.click();
    isDeaf = false;
    await page.locator('details strong').getByText('trains').waitFor();
    const notice = page.getByText('The model is given the full history again');
    await Promise.all([notice.waitFor(), page.getByRole('button', { name: 'Use the full history instead' }).click()]);
    await line.waitFor({ state: 'detached' });
  },
);

test.skipIf(noBrowser)('what waits to be sent is never wider than the window, however long it is', async () => {
  const { gateway, model } = await startPageWorld();
  model.reply({ type: 'text', parts: ['First ', 'words'], gate: { before: 1, until: new Promise(() => undefined) } });
  const page = await openPage(gateway.url);
  const box = page.getByRole('textbox', { name: 'Message' });
  await box.fill('Question');
  await page.keyboard.press('Enter');
  await page.getByText('First').waitFor();
  for (const text of [`a queue ${'of words '.repeat(40)}`, 'W'.repeat(400)]) {
    await box.fill(text);
    await page.keyboard.press('Enter');
  }
  await expect.poll(() => page.getByText('Waiting for the previous answer').count()).toBe(2);
  // What is written can be sent, and what is answered be stopped.
  await box.fill('Another one');
  for (const size of Object.values(SIZES)) {
    await page.setViewportSize(size);
    for (const name of ['Send', 'Stop', 'Cancel']) {
      const button = page.getByRole('button', { name, exact: true }).last();
      const right = async (): Promise<number> => {
        const place = await button.boundingBox();
        return (place?.x ?? 0) + (place?.width ?? Infinity);
      };
      await expect.poll(right, { message: `${name} at ${size.width}` }).toBeLessThanOrEqual(size.width);
    }
  }
});

test.skipIf(noBrowser)('calls of tools, lists of tasks, columns of numbers and lists that go on are shown as they were meant', async () => {
  const { gateway, model } = await startPageWorld({ agents: { defaults: { model: 'fake/one', tools: ['time'] } } });
  model.reply(callsTools({ name: 'time', input: { timezone: 'UTC' } }, { name: 'time', input: { timezone: 'Nowhere' } }));
  model.reply(says('- [x] done\n- [ ] open\n\n3. third\n4. fourth\n\n| Name | Count |\n|---|---:|\n| gamma | 12 |'));
  const page = await openPage(gateway.url);
  await page.getByRole('textbox', { name: 'Message' }).fill('مرحبا');
  await page.keyboard.press('Enter');
  const agent = page.getByRole('article', { name: 'Agent' });
  await agent.getByRole('cell', { name: 'gamma' }).waitFor();
  const [good, bad] = [page.locator('.tool-row').first(), page.locator('.tool-row').last()];
  await bad.getByText('Failed').waitFor();
  // How long it ran is kept with it.
  const took = await good.getByText(/^[\d.]+ m?s$/).textContent();
  await page.reload();
  await good.getByText(took ?? '', { exact: true }).waitFor();
  expect(await good.getByText('(UTC)').isVisible()).toBe(false);
  await good.getByText('time', { exact: true }).click();
  await good.getByText('(UTC)').waitFor();
  expect(await good.getByText('"timezone": "UTC"').isVisible()).toBe(true);
  const boxes = agent.getByRole('checkbox');
  expect(await boxes.evaluateAll((all) => all.map((box) => (box as { checked?: boolean }).checked))).toEqual([true, false]);
  expect(await boxes.first().isDisabled()).toBe(true);
  expect(await agent.locator('ol').getAttribute('start')).toBe('3');
  expect(await agent.getByRole('cell', { name: '12' }).evaluate((cell) => (cell as { align?: string }).align)).toBe('right');
  const height = (name: string): Promise<number> =>
    agent.getByRole('cell', { name }).evaluate((cell) => (cell as unknown as { clientHeight: number }).clientHeight);
  expect(await height('gamma')).toBeLessThan(40);
  // What is written from right to left stands at the right.
  expect(await page.getByRole('article', { name: 'You' }).locator('.plain').getAttribute('dir')).toBe('auto');
  // What a tool shows is with its result.
  const attachments = [{ name: 'look-1.png', mediaType: 'image/png', data: PNG }];
  const shown = await importChat(gateway.url, [
    { role: 'user', content: 'Look' },
    { role: 'tool', content: 'look {}\n\n(an image, 68 bytes)', attachments },
  ]);
  await page.goto(`${gateway.url}/#/chat/${encodeURIComponent(shown)}`);
  await page.locator('.tool-row', { hasText: 'look' }).getByText('look', { exact: true }).click();
  await page.getByRole('img', { name: 'look-1.png' }).waitFor();
});

test.skipIf(noBrowser)('what was said before is shown at once, not one after another', async () => {
  const { gateway, talk } = await startPageWorld();
  const key = await talk('Question 0');
  for (let number = 1; number < 12; number += 1) {
    const body = JSON.stringify({ channel: 'webchat', chat_id: key.split(':').at(-1), content: `Question ${number}` });
    await fetch(`${gateway.url}/api/message/sync`, { method: 'POST', headers: { 'Content-Type': 'application/json' }, body });
  }
  const page = await openPage(`${gateway.url}/#/sessions`);
  await page.evaluate(`{
    window.counts = [];
    new MutationObserver(() => {
      window.counts.push(document.querySelectorAll('article.message').length);
    }).observe(document.body, { childList: true, subtree: true });
  }`);
  await page.evaluate(`location.hash = '#/chat/' + encodeURIComponent(${JSON.stringify(key)})`);
  await expect.poll(() => page.getByRole('article').count()).toBe(24);
  expect(await page.evaluate<number[]>(`[...new Set(window.counts)].filter((count) => count > 0)`)).toEqual([24]);
});

test.skipIf(noBrowser)('a screen reader is told the end of an answer', async () => {
  const { gateway, model } = await startPageWorld();
  const page = await openPage(gateway.url);
  model.reply(says('Yes.'));
  await page.getByRole('textbox', { name: 'Message' }).fill('Is it?');
  await page.keyboard.press('Enter');
  const told = page.locator('.transcript [aria-live=polite]');
  await expect.poll(() => told.textContent()).toBe('Yes.');
  // Whoever reads on does not meet it twice.
  await expect.poll(() => told.textContent()).toBe('');
});
