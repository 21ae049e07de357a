/** Files by button, paste and drop: kept through a reload, sent, shown, saved, taken out, and gone. */
import { text } from 'node:stream/consumers';
import type { Page } from 'playwright-core';
import { expect, test } from 'vitest';
import { expectAccessible, noBrowser, openPage, SIZES } from '../helpers/browser.js';
import { callApi, tryNow } from '../helpers/page.js';
import { type PageWorld, startPageWorld } from '../helpers/page-world.js';

const PNG = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==';

/** As a person does it: the browser makes the event, with files in it. */
async function give(page: Page, how: 'paste' | 'drop', file: { name: string; type: string; base64: string }): Promise<void> {
  await page.locator('textarea').waitFor();
  await page.evaluate(`(() => {
    const { name, type, base64 } = ${JSON.stringify(file)};
    const bytes = Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
    const data = new DataTransfer();
    data.items.add(new File([bytes], name, { type }));
    const options = { bubbles: true, cancelable: true };
    const box = document.querySelector('textarea');
    if (${JSON.stringify(how)} === 'paste') box.dispatchEvent(new ClipboardEvent('paste', { ...options, clipboardData: data }));
    else for (const kind of ['dragover', 'drop']) box.dispatchEvent(new DragEvent(kind, { ...options, dataTransfer: data }));
  })()`);
}

/** Until the new chat is a session: its first file makes it one. */
const untilBegun = (page: Page): Promise<void> => expect.poll(() => page.url()).toContain('#/chat/main');

function lastAsked({ model }: PageWorld): { content: string; images?: readonly string[] } | undefined {
  return model.requests.at(-1)?.messages.findLast(({ role }) => role === 'user');
}

test.skipIf(noBrowser)('files that are attached in a new chat survive a reload, go with the message, and are shown and saved', async () => {
  const world = await startPageWorld();
  const page = await openPage(world.gateway.url);
  const box = page.getByRole('textbox', { name: 'Message' });
  const chips = page.getByRole('list', { name: 'Attached files' });
  await box.fill('What is this?');
  await page.locator('input[type=file]').setInputFiles({ name: 'list.md', mimeType: 'text/markdown', buffer: Buffer.from('- milk') });
  await chips.getByText('list.md').waitFor();
  await untilBegun(page);
  await give(page, 'paste', { name: 'dot.png', type: 'image/png', base64: PNG });
  await chips.getByText('dot.png').waitFor();
  // What is stored when the last upload is shown as done: a reload may come before the next frame.
  await page.evaluate(`(() => {
    const list = document.querySelector('.drafts');
    const isDone = () => list.textContent.includes('other.txt') && list.querySelector('[role=status]') === null;
    new MutationObserver(() => isDone() && (window.kept ??= JSON.stringify(localStorage))).observe(list, { childList: true, subtree: true });
  })()`);
  await give(page, 'drop', { name: 'other.txt', type: 'text/plain', base64: btoa('other') });
  await chips.getByText('other.txt').waitFor();
  await chips.locator('img').waitFor();
  await expect.poll(() => chips.getByRole('status').count()).toBe(0);
  expect(await page.evaluate('kept')).toMatch(/dot\.png.*other\.txt/);
  await page.reload();
  await chips.getByText('other.txt').waitFor();
  await expect.poll(() => box.inputValue()).toBe('What is this?');
  // Another tab of the same chat hears of it.
  const other = await page.context().newPage();
  await other.goto(page.url());
  await other.getByText('other.txt').waitFor();
  await page.getByRole('button', { name: 'Remove other.txt' }).click();
  await expect.poll(() => other.getByText('other.txt').count()).toBe(0);
  await other.close();
  await expectAccessible(page);
  await page.getByRole('button', { name: 'Send' }).click();
  const you = page.getByRole('article', { name: 'You' });
  await you.locator('img').waitFor();
  await expect.poll(() => you.locator('img').evaluate((picture: { naturalWidth: number }) => picture.naturalWidth)).toBe(1);
  await page.getByRole('article', { name: 'Agent' }).waitFor();
  await expect.poll(() => lastAsked(world)?.content).toContain('<file name="list.md">\n- milk\n</file>');
  await expect.poll(() => chips.count()).toBe(0);
  const [download] = await Promise.all([page.waitForEvent('download'), you.getByRole('button', { name: 'list.md' }).click()]);
  expect([download.suggestedFilename(), await text(await download.createReadStream())]).toEqual(['list.md', '- milk']);
  await expectAccessible(page);
});

test.skipIf(noBrowser)('what cannot be attached is refused in words, and an edited message keeps its files', async () => {
  const world = await startPageWorld();
  const page = await openPage(world.gateway.url, { allowedErrors: /400/ });
  const box = page.getByRole('textbox', { name: 'Message' });
  const chips = page.getByRole('list', { name: 'Attached files' });
  await box.waitFor();
  let release = (): void => undefined;
  const released = new Promise<void>((resolve) => (release = resolve));
  await page.route('**/attachments', (route) => released.then(() => route.continue()), { times: 1 });
  await give(page, 'drop', { name: 'a.txt', type: 'text/plain', base64: btoa('the text') });
  await untilBegun(page);
  await chips.getByText('a.txt').waitFor();
  // An upload goes on while another chat is shown.
  await page.evaluate(`location.hash = '#/chat'`);
  await expect.poll(() => chips.count()).toBe(0);
  const uploaded = page.waitForResponse('**/attachments');
  release();
  await uploaded;
  await page.goBack();
  await chips.getByText('a.txt').waitFor();
  await give(page, 'drop', { name: 'program.exe', type: '', base64: 'AAEC' });
  await chips.getByRole('alert').getByText('neither an image').waitFor();
  await page.getByRole('button', { name: 'Remove program.exe' }).click();
  // Not even read, so that a video does not fill the memory.
  await page.evaluate(`FileReader.prototype.readAsDataURL = () => { throw new Error('was read'); }`);
  const film = { name: 'film.mp4', mimeType: 'video/mp4', buffer: Buffer.alloc(5_000_000) };
  await page.locator('input[type=file]').setInputFiles(film);
  await chips.getByRole('alert').getByText('The file is too large: the limit is 4 MB, and 0.5 MB for text.').waitFor();
  await page.getByRole('button', { name: 'Remove film.mp4' }).click();
  await expect.poll(() => chips.getByRole('listitem').count()).toBe(1);
  await expect.poll(() => chips.getByRole('status').count()).toBe(0);
  // A message may be files alone.
  await box.focus();
  await page.keyboard.press('Enter');
  const you = page.getByRole('article', { name: 'You' });
  await you.getByRole('button', { name: 'a.txt' }).waitFor();
  await page.getByRole('button', { name: 'Ask again', exact: true }).waitFor();
  await box.focus();
  await page.keyboard.press('ArrowUp');
  await chips.getByText('a.txt').waitFor();
  await box.fill('Again');
  await page.keyboard.press('Enter');
  await page.getByRole('group', { name: 'Variant 2 of 2' }).waitFor();
  await expect.poll(() => lastAsked(world)?.content).toBe('Again\n\n<file name="a.txt">\nthe text\n</file>');
});

/** A picture wider than models use, all of it transparent but a black square in the middle: as base64. */
const DRAW_TRANSPARENT = `(async () => {
  const canvas = new OffscreenCanvas(2600, 600);
  canvas.getContext('2d').fillRect(1200, 200, 200, 200);
  const bytes = new Uint8Array(await (await canvas.convertToBlob()).arrayBuffer());
  return btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(''));
})()`;

/** The brightness in a corner and in the middle of what the gateway has stored, and its width. */
const look = (id: string): string => `(async () => {
  const picture = await createImageBitmap(await (await fetch('/api/attachments/${id}')).blob());
  const drawing = new OffscreenCanvas(picture.width, picture.height).getContext('2d');
  drawing.drawImage(picture, 0, 0);
  const at = (x, y) => drawing.getImageData(x, y, 1, 1).data[0];
  return [at(5, 5) > 240, at(picture.width / 2, picture.height / 2) < 15, picture.width];
})()`;

test.skipIf(noBrowser)('a large transparent picture is scaled down on white', async () => {
  const { gateway } = await startPageWorld();
  const page = await openPage(gateway.url);
  await page.getByRole('textbox', { name: 'Message' }).waitFor();
  const drawn = await page.evaluate<string>(DRAW_TRANSPARENT);
  const uploaded = page.waitForResponse('**/attachments');
  const picture = { name: 'diagram.png', mimeType: 'image/png', buffer: Buffer.from(drawn, 'base64') };
  await page.locator('input[type=file]').setInputFiles(picture);
  const { attachment } = (await (await uploaded).json()) as { attachment: { id: string } };
  expect(await page.evaluate(look(attachment.id))).toEqual([true, true, 2_048]);
});

test.skipIf(noBrowser)('a file that cannot be uploaded stays, to be saved or uploaded again, as the next connection does', async () => {
  const world = await startPageWorld();
  const { gateway } = world;
  const page = await openPage(gateway.url, { allowedErrors: /Failed to load|WebSocket|ERR_/ });
  const chips = page.getByRole('list', { name: 'Attached files' });
  const send = page.getByRole('button', { name: 'Send', exact: true });
  const attach = (name: string) =>
    page.locator('input[type=file]').setInputFiles({ name, mimeType: 'text/plain', buffer: Buffer.from(`the text of ${name}`) });
  // In a new chat, while the gateway is away.
  await page.getByRole('textbox', { name: 'Message' }).fill('Read this');
  expect((await gateway.xopc('gateway', 'stop')).code).toBe(0);
  await page.getByText('The gateway does not answer.').first().waitFor();
  await attach('a.txt');
  await chips.getByRole('alert').waitFor();
  await expectAccessible(page);
  await page.setViewportSize(SIZES.wide);
  expect(await send.isDisabled()).toBe(true);
  const saved = page.waitForEvent('download');
  await page.getByRole('button', { name: 'Save a.txt' }).click();
  expect(await text(await (await saved).createReadStream())).toBe('the text of a.txt');
  await page.getByRole('link', { name: 'Logs', exact: true }).click();
  await page.getByRole('link', { name: 'Chat', exact: true }).click();
  await chips.getByText('a.txt').waitFor();
  await gateway.run();
  let release = (): void => undefined;
  const released = new Promise<void>((resolve) => (release = resolve));
  let uploads = 0;
  await page.route('**/attachments', async (route) => {
    uploads += 1;
    if (uploads === 1) await released;
    await (uploads === 2 ? route.abort() : route.continue());
  });
  const begun = page.waitForRequest('**/attachments');
  await tryNow(page);
  await begun;
  await untilBegun(page);
  await expect.poll(() => chips.getByRole('alert').count()).toBe(0);
  // In its session, while the first is still uploaded.
  await attach('b.txt');
  await chips.getByRole('alert').waitFor();
  const uploaded = page.waitForResponse('**/attachments');
  await page.getByRole('button', { name: 'Upload b.txt again' }).click();
  await uploaded;
  release();
  await send.click();
  await page.getByRole('article', { name: 'Agent' }).waitFor();
  await expect
    .poll(() => lastAsked(world)?.content)
    .toBe('Read this\n\n<file name="a.txt">\nthe text of a.txt\n</file>\n\n<file name="b.txt">\nthe text of b.txt\n</file>');
});

test.skipIf(noBrowser)('a file that the gateway has deleted since is named, and the message is sent without it', async () => {
  const world = await startPageWorld();
  const page = await openPage(world.gateway.url, { allowedErrors: /404/ });
  const chips = page.getByRole('list', { name: 'Attached files' });
  const files = ['kept.txt', 'old.txt'].map((name) => ({ name, mimeType: 'text/plain', buffer: Buffer.from(`the text of ${name}`) }));
  const uploads: Promise<string>[] = [];
  page.on('response', (response) => {
    if (response.url().endsWith('/attachments')) uploads.push(response.text());
  });
  await page.locator('input[type=file]').setInputFiles(files);
  await untilBegun(page);
  const send = page.getByRole('button', { name: 'Send', exact: true });
  await expect.poll(() => send.isEnabled()).toBe(true);
  // As the gateway does after a day.
  const uploaded = (await Promise.all(uploads)).map(
    (text) => (JSON.parse(text) as { attachment: { id: string; name: string } }).attachment,
  );
  await callApi(world.gateway, `DELETE /api/attachments/${uploaded.find(({ name }) => name === 'old.txt')?.id}`);
  await page.getByRole('textbox', { name: 'Message' }).fill('Read this');
  await send.click();
  await page.getByText('old.txt: Unsent files are deleted after a day. Attach this file again.').waitFor();
  // A day later, the chips say so themselves, and the message waits.
  await page.evaluate('{ const now = Date.now; window.now = now; Date.now = () => now() + 86_500_000; }');
  await page.getByRole('button', { name: 'Edit and ask again' }).click();
  await expect.poll(() => chips.getByRole('alert').count()).toBe(2);
  expect(await send.isDisabled()).toBe(true);
  await page.getByRole('button', { name: 'Remove old.txt' }).click();
  // Its time is kept through another view.
  await page.evaluate('Date.now = window.now');
  await page.evaluate(`location.hash = '#/chat'`);
  await expect.poll(() => chips.count()).toBe(0);
  await page.goBack();
  await chips.getByText('kept.txt').waitFor();
  expect(await chips.getByRole('alert').count()).toBe(0);
  await send.click();
  await page.getByRole('article', { name: 'Agent' }).waitFor();
  await expect.poll(() => lastAsked(world)?.content).toBe('Read this\n\n<file name="kept.txt">\nthe text of kept.txt\n</file>');
});
