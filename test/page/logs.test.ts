import { expect, test } from 'vitest';
import { expectAccessible, noBrowser, SIZES } from '../helpers/browser.js';
import { appendLog, openView, tryNow } from '../helpers/page.js';
import { RealGateway, until } from '../helpers/real-gateway.js';

const numbered = (count: number, name = 'line'): Record<string, unknown>[] =>
  Array.from({ length: count }, (_, n) => ({ level: n % 10 === 3 ? 'warn' : 'info', msg: `${name} ${n}`, requestId: `req_${n}` }));

test.skipIf(noBrowser)('the log is followed, paused by scrolling, and followed again; a restart loses and doubles no line', async () => {
  const gateway = await RealGateway.start();
  appendLog(gateway, ...numbered(300));
  const page = await openView(gateway, '#/logs');
  await page.getByText('line 299').waitFor();
  appendLog(gateway, { msg: 'a new line' });
  await page.getByText('a new line').waitFor();

  await page.getByRole('list', { name: 'Log lines, newest last' }).hover();
  await page.mouse.wheel(0, -2_000);
  await page.getByText('Paused').waitFor();
  appendLog(gateway, ...numbered(5, 'unseen'));
  await page.getByRole('button', { name: '5 new lines' }).click();
  await page.getByText('unseen 4').waitFor();
  await page.getByText('Live', { exact: true }).waitFor();

  expect((await gateway.xopc('gateway', 'restart')).code).toBe(0);
  appendLog(gateway, { msg: 'after the restart' });
  await page.getByText('after the restart').waitFor();
  await page.getByRole('searchbox').fill('"unseen 4"');
  await until('one line', async () => (await page.locator('.log-head').count()) === 1);
});

test.skipIf(noBrowser)('by keyboard alone: search, open a line, filter by a field, see it in context', async () => {
  const gateway = await RealGateway.start();
  appendLog(gateway, ...numbered(200));
  const page = await openView(gateway, '#/logs');
  await page.getByText('line 199').waitFor();
  await page.locator('.log-head').last().focus();
  await page.keyboard.press('/');
  await page.keyboard.type('req_77');
  await until('the filter', async () => (await page.locator('.log-head').count()) === 1);
  await expect.poll(() => page.locator('.log-head').getAttribute('tabindex')).toBe('0');
  await expect.poll(() => page.url()).toContain('q=req_77');
  await page.getByText('0/1').waitFor();
  await page.locator('.log-head').focus();
  await page.keyboard.press('Enter');
  const drawer = page.getByRole('dialog', { name: 'Log line' });
  await drawer.getByRole('link', { name: 'Lines of this request' }).waitFor();
  await drawer.getByRole('button', { name: 'Only lines with this requestId' }).focus();
  await page.keyboard.press('Enter');
  await drawer.waitFor({ state: 'detached' });
  await expect.poll(() => page.getByRole('searchbox').inputValue()).toBe('req_77 requestId:req_77');
  await page.locator('.log-head').focus();
  await page.keyboard.press('Enter');
  await page.keyboard.press('Escape');
  await until('the focus is back', () => page.evaluate(`document.activeElement.classList.contains('log-head')`));
  await page.keyboard.press('Enter');
  await page.getByRole('button', { name: 'Show in context' }).focus();
  await page.keyboard.press('Enter');
  await page.locator('.marked').waitFor();
  await page.getByText('line 76', { exact: true }).waitFor();
  await expect.poll(() => page.url()).not.toContain('q=');
  // From the marked line on with the arrows.
  await until('the focus', () => page.evaluate(`document.activeElement.textContent.includes('line 77')`));
  await page.keyboard.press('ArrowDown');
  await until('the next line', () => page.evaluate(`document.activeElement.textContent.includes('line 78')`));
  // The marked line is none of another search.
  await page.getByRole('searchbox').fill('line');
  await page.getByText(/^0\/2\d\d$/).waitFor();
});

test.skipIf(noBrowser)('levels, times and searches are in the address, and what is shown can be downloaded', async () => {
  const gateway = await RealGateway.start();
  appendLog(gateway, ...numbered(100));
  const page = await openView(gateway, '#/logs?q=line&level=warn');
  await until('ten lines', async () => (await page.locator('.log-head').count()) === 10);
  // The number counts the whole range and the higher levels: what the choice shows.
  const level = (name: RegExp | string) => page.getByRole('radiogroup', { name: 'Lowest level' }).getByRole('radio', { name });
  await level('Warnings 10').and(page.locator(':checked')).waitFor();
  await level('Info 100').click();
  await page.getByText('line 99', { exact: true }).waitFor();
  await expect.poll(() => page.url()).toContain('level=info');
  appendLog(gateway, { level: 'error', msg: 'the last line' });
  await level('Errors 1').click();
  await until('one line', async () => (await page.locator('.log-head').allTextContents()).join().endsWith('the last line '));
  await level(/^Debug/).click();
  await expect.poll(() => page.url()).not.toContain('level=');
  // One letter is marked as a word of its own only.
  await page.getByRole('searchbox').fill('n');
  await expect.poll(() => page.url()).toContain('q=n');
  await page.getByText('line 98', { exact: true }).waitFor();
  await expect.poll(() => page.locator('.logs mark').count()).toBe(0);
  await page.getByRole('searchbox').fill('line -last');
  await until('a hundred lines', async () => (await page.locator('.log-count').textContent())?.startsWith('100 of 100 '));
  await page.locator('.logs mark').first().waitFor();
  const [download] = await Promise.all([
    page.waitForEvent('download'),
    page
      .getByRole('button', { name: 'Download', exact: true })
      .click()
      .then(() => page.getByRole('menuitem', { name: 'Shown lines (100)' }).click()),
  ]);
  const chunks: Buffer[] = [];
  for await (const chunk of await download.createReadStream()) chunks.push(chunk as Buffer);
  const lines = Buffer.concat(chunks).toString('utf8').trim().split('\n');
  expect([lines.length, JSON.parse(lines.at(-1) ?? '')]).toMatchObject([100, { msg: 'line 99' }]);
});

test.skipIf(noBrowser)('a hostile line runs nothing and loads nothing, and the view is free of barriers', async () => {
  const gateway = await RealGateway.start();
  appendLog(
    gateway,
    { level: 'error', msg: '<img src=https://evil.example/x onerror="window.hit=1">', ['<b>']: { stack: '<script>window.hit=1</script>' } },
    { msg: '\u001b[2J\u202edlrow', url: 'javascript:window.hit=1' },
  );
  const page = await openView(gateway, '#/logs');
  await page.getByText('dlrow').waitFor();
  for (const line of await page.locator('.log-head').all()) {
    await line.click();
    await page.getByRole('dialog', { name: 'Log line' }).waitFor();
    await page.keyboard.press('Escape');
  }
  await page.getByRole('button', { name: /onerror/ }).click();
  await page.getByText('<script>window.hit=1</script>').last().waitFor();
  expect(await page.evaluate(`window.hit`)).toBeUndefined();
  expect(await page.locator('.logs img, .logs script').count()).toBe(0);
  await expectAccessible(page);
});

test.skipIf(noBrowser)('of a flood the newest hundred thousand lines stay, and the page says that older ones were dropped', async () => {
  const gateway = await RealGateway.start();
  const page = await openView(gateway, '#/logs');
  await page.getByText('Live', { exact: true }).waitFor();
  const lines = Array.from({ length: 101_000 }, (_, n) => ({ time: '2026-01-01T00:00:00Z', msg: `flood ${n}` }));
  appendLog(gateway, ...lines);
  await page.getByText('This page keeps the newest 100,000 lines.').waitFor({ timeout: 120_000 });
  await page.getByText('flood 100999').waitFor();
  const total = async () => Number((await page.locator('.log-count').textContent())?.match(/^[\d,]+/)?.[0].replaceAll(',', ''));
  await expect.poll(total).toBeLessThanOrEqual(100_000);
  await expect.poll(total).toBeGreaterThan(94_000);
  // Whatever their number, only those in sight are in the document.
  await expect.poll(() => page.locator('.log-head').count()).toBeLessThan(120);
  await page.getByRole('searchbox').fill('"flood 100500"');
  await until('one line', async () => (await page.locator('.log-head').count()) === 1);
});

test.skipIf(noBrowser)('on a telephone the newest line is seen at once, and no line lies over another', async () => {
  const gateway = await RealGateway.start();
  appendLog(gateway, ...numbered(3_000));
  const page = await openView(gateway, '#/logs', { size: 'narrow' });
  // Each frame from the first line on: a jump that is corrected row by row would be seen.
  const script = `(async () => {
    const edges = (row) => ({ top: row.getBoundingClientRect().top, bottom: row.getBoundingClientRect().bottom });
    let overlapping = 0;
    // What was painted: after all that is done for the frame.
    const nextFrame = () => new Promise((done) => requestAnimationFrame(() => setTimeout(done)));
    while (document.querySelector('.log-lines [role=listitem]') === null) await nextFrame();
    for (let frame = 0; frame < 45; frame += 1) {
      await nextFrame();
      const rows = [...document.querySelectorAll('.log-lines [role=listitem]')].map(edges).sort((a, b) => a.top - b.top);
      overlapping += rows.filter(({ top }, index) => index > 0 && top < rows[index - 1].bottom - 1).length;
    }
    const list = document.querySelector('.log-lines .virtual-list');
    return { overlapping, fromEnd: Math.round(list.scrollHeight - list.scrollTop - list.clientHeight) };
  })()`;
  expect(await page.evaluate(script)).toEqual({ overlapping: 0, fromEnd: 0 });
  await page.getByText('line 2999', { exact: true }).waitFor();
  await page.getByText('Live', { exact: true }).waitFor();
  // Turned to the side and back: rows of another height, and still the newest line.
  for (const size of [{ width: 844, height: 390 }, SIZES.narrow]) {
    await page.setViewportSize(size);
    await page.getByRole('button', { name: 'Filters' }).waitFor({ state: size.width > 760 ? 'detached' : 'visible' });
    for (let frame = 0; frame < 20; frame += 1) await page.evaluate('new Promise(requestAnimationFrame)');
    await page.getByText('line 2999', { exact: true }).waitFor();
    expect(await page.getByText('Paused').count()).toBe(0);
  }
});

test.skipIf(noBrowser)(
  'whatever takes room from the list and gives it back, in whatever frames: the newest line stays in sight',
  async () => {
    const gateway = await RealGateway.start();
    appendLog(gateway, ...numbered(300));
    const page = await openView(gateway, '#/logs', { size: 'narrow' });
    await page.getByText('Live', { exact: true }).waitFor();
    // A banner that comes, goes for a moment and is back: the browser itself moves the list meanwhile, and tells of it when the room is taken again.
    const script = `(async () => {
    const place = document.querySelector('.log-lines');
    const list = place.querySelector('.virtual-list');
    const nextFrame = () => new Promise((done) => requestAnimationFrame(done));
    const settle = async () => { for (let frame = 0; frame < 5; frame += 1) await nextFrame(); };
    const scrolled = () => Promise.race([new Promise((done) => list.addEventListener('scroll', done, { once: true })), settle()]);
    const moments = [() => undefined, nextFrame, scrolled, () => scrolled().then(() => new Promise((done) => setTimeout(done)))];
    const take = (height) => void (place.style.height = \`calc(100% - \${height}px)\`);
    const fromEnd = [];
    for (const moment of moments) {
      take(42);
      await settle();
      take(0);
      void list.scrollTop;
      await moment();
      take(42);
      await settle();
      fromEnd.push(Math.round(list.scrollHeight - list.scrollTop - list.clientHeight));
      take(0);
      await settle();
    }
    return fromEnd;
  })()`;
    expect(await page.evaluate(script)).toEqual([0, 0, 0, 0]);
    appendLog(gateway, { msg: 'a new line' });
    await page.getByText('a new line').waitFor();
    // Lines that come faster than the list scrolls.
    const list = `document.querySelector('.log-lines .virtual-list')`;
    await page.evaluate(`${list}.scrollTo = () => undefined`);
    appendLog(gateway, ...numbered(40, 'fast'));
    await expect.poll(() => page.evaluate<number>(`${list}.scrollHeight - ${list}.scrollTop - ${list}.clientHeight`)).toBeGreaterThan(500);
    await page.evaluate(`delete ${list}.scrollTo`);
    appendLog(gateway, { msg: 'the last line' });
    await page.getByText('the last line').waitFor();
    await page.getByText('Live', { exact: true }).waitFor();
  },
);

test.skipIf(noBrowser)('while the gateway is gone, what was read stays; then the log goes on', { tags: ['long'] }, async () => {
  const gateway = await RealGateway.start();
  appendLog(gateway, ...numbered(300));
  const allowedErrors = /WebSocket|ERR_|Failed to load/;
  const page = await openView(gateway, '#/logs', { size: 'narrow', allowedErrors });
  await page.getByText('Live', { exact: true }).waitFor();
  const status = await openView(gateway, '#/status', { allowedErrors });
  await status.getByText('Healthy', { exact: true }).waitFor();
  expect((await gateway.xopc('gateway', 'stop')).code).toBe(0);
  await page.getByText('The gateway does not answer.').waitFor();
  await page.getByText('Reconnecting …').waitFor();
  expect(await page.getByRole('alert').filter({ hasText: 'The gateway does not answer' }).count()).toBe(0);
  await expect.poll(() => page.locator('.log-head').count()).toBeGreaterThan(5);
  await status.getByText('Last known: Healthy').waitFor();
  // The banner takes room from the list; its end is still in view.
  const fromEnd = `(() => { const list = document.querySelector('.log-lines .virtual-list'); return list.scrollHeight - list.scrollTop - list.clientHeight; })()`;
  await expect.poll(() => page.evaluate(fromEnd)).toBeLessThanOrEqual(1);
  await gateway.run();
  for (const tab of [page, status]) await tryNow(tab);
  await page.getByText('Live', { exact: true }).waitFor();
  appendLog(gateway, { msg: 'back again' });
  await page.getByText('back again').waitFor();
  await status.getByText('Last known: Healthy').waitFor({ state: 'detached' });
});
