import { gunzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { expectAccessible, noBrowser, SIZES } from '../helpers/browser.js';
import { appendLog, callApi, openView, tokenOf } from '../helpers/page.js';
import { RealGateway, until } from '../helpers/real-gateway.js';

const numbered = (count: number): Record<string, unknown>[] =>
  Array.from({ length: count }, (_, n) => ({ msg: `line ${n}`, requestId: `req_${n}`, status: n % 2 === 0 ? 200 : 404 }));

test.skipIf(noBrowser)('a regular expression is searched for by the gateway: marked, counted, and seen in context', async () => {
  const gateway = await RealGateway.start();
  // More than the page reads at first.
  appendLog(gateway, ...numbered(1_500));
  const page = await openView(gateway, '#/logs', { allowedErrors: /400/ });
  await page.getByText('line 1499').waitFor();
  const topOf = async (): Promise<number> => (await page.locator('.log-area').boundingBox())?.y ?? 0;
  const top = await topOf();
  await page.getByRole('button', { name: 'Regular expression' }).click();
  await page.getByRole('searchbox').fill('line 7(');
  await page.getByText('missing closing ) (character 7)').waitFor();
  // The lines that were read stay, and move by one line.
  await page.getByText('line 1499').waitFor();
  expect((await topOf()) - top).toBeLessThan(40);
  await expect.poll(() => page.getByRole('searchbox').getAttribute('aria-invalid')).toBe('true');
  await expectAccessible(page);
  await page.setViewportSize(SIZES.wide);
  await page.getByRole('searchbox').fill('line 7[13]$');
  await until('two lines', async () => (await page.locator('.log-head').count()) === 2);
  await expect.poll(() => page.locator('mark').allTextContents()).toEqual(['line 71', 'line 73']);
  await page.getByText('0/2').waitFor();
  await expect.poll(() => page.url()).toContain('re=1');
  appendLog(gateway, { msg: 'another' }, { msg: 'line 73' });
  await until('the new line', async () => (await page.locator('.log-head').count()) === 3);
  // On a slow machine the list gets its new height after it has scrolled to the line.
  await (await page.context().newCDPSession(page)).send('Emulation.setCPUThrottlingRate', { rate: 4 });
  await page.locator('.log-head').first().click();
  await page.getByRole('button', { name: 'Show in context' }).click();
  await page.locator('.marked').waitFor();
  await page.getByText('line 70', { exact: true }).waitFor();
  await expect.poll(() => page.url()).not.toContain('re=');
});

test.skipIf(noBrowser)('a line whose context cannot be read is not sought without end', async () => {
  const gateway = await RealGateway.start();
  appendLog(gateway, ...numbered(1_500));
  const page = await openView(gateway, '#/logs?q=line%2071$&re=1', { allowedErrors: /503/ });
  let reads = 0;
  await page.route(/api\/logs\?.*cursor=/, async (route) => {
    reads += 1;
    await route.fulfill({ status: 503, json: { error: { code: 'UNAVAILABLE', message: 'the log is away' } } });
  });
  await until('one line', async () => (await page.locator('.log-head').count()) === 1);
  await page.locator('.log-head').click();
  await page.getByRole('button', { name: 'Show in context' }).click();
  await page.getByText('the log is away').waitFor();
  await expect.poll(() => page.url()).not.toContain('re=');
  for (let frame = 0; frame < 30; frame += 1) await page.evaluate('new Promise(requestAnimationFrame)');
  expect(reads).toBeLessThan(4);
});

test.skipIf(noBrowser)('matches are marked and gone through by key, with the other lines between them', async () => {
  const gateway = await RealGateway.start();
  appendLog(gateway, ...numbered(300));
  const page = await openView(gateway, '#/logs?q=status:404%20%22line%2011%22&all=1');
  await page.getByText('0/6').waitFor();
  const standsOn = (text: string) => until(text, async () => (await page.locator('.marked .log-message').textContent())?.trim() === text);
  await page.keyboard.press('n');
  await standsOn('line 11');
  await page.keyboard.press('n');
  await standsOn('line 111');
  await page.getByText('2/6').waitFor();
  await page.getByText('line 110', { exact: true }).waitFor();
  await page.keyboard.press('Shift+N');
  await page.keyboard.press('Shift+N');
  await standsOn('line 119');
  await page.keyboard.press('/');
  await page.keyboard.press('Enter');
  await standsOn('line 11');
  await expectAccessible(page);
});

test.skipIf(noBrowser)('repeated lines are folded, stack traces stand together, and ids lead to what belongs to them', async () => {
  const gateway = await RealGateway.start();
  appendLog(
    gateway,
    ...Array.from({ length: 12 }, (_, n) => ({ level: 'warn', msg: 'still no network', requestId: `req_${n}` })),
    ...['TypeError: boom', '    at run (app.js:1:2)', '    at main (app.js:3:4)'].map((msg) => ({ source: 'stderr', msg })),
    { msg: 'belongs to it', runId: 'run_7' },
  );
  const page = await openView(gateway, '#/logs');
  await page.getByText('×12').waitFor();
  await page.getByText('+2 lines').waitFor();
  await page.getByRole('button', { name: /TypeError: boom/ }).click();
  await page.getByText('at main (app.js:3:4)').waitFor();
  await page.keyboard.press('Escape');
  await page.getByRole('button', { name: /belongs to it/ }).click();
  await page.getByRole('link', { name: 'run_7' }).click();
  await expect.poll(() => page.url()).toContain('q=runId');
  await until('one line', async () => (await page.locator('.log-head').count()) === 1);
  await page.getByRole('searchbox').fill('');
  await page.getByRole('button', { name: 'Display' }).click();
  await page.getByRole('menuitemradio', { name: 'Do not group repeated lines' }).click();
  await page.getByText('still no network').nth(11).waitFor();
  await page.getByRole('button', { name: 'Display' }).click();
  await page.getByRole('menuitemradio', { name: 'Compact lines' }).click();
  await page.locator('.log-area.dense').waitFor();
});

test.skipIf(noBrowser)('a time range, a link to the view without the token, files of the log, and its level for a while', async () => {
  const gateway = await RealGateway.start();
  appendLog(gateway, { time: '2026-01-02T03:04:05Z', msg: 'long ago' }, { msg: 'now' });
  const page = await openView(gateway, '#/logs');
  await page.getByText('long ago').waitFor();
  await page.getByRole('combobox', { name: 'Time' }).selectOption('From … to …');
  await page.getByLabel('From').fill('2026-01-01T00:00:00');
  await page.getByLabel('To', { exact: true }).fill('2025-01-03T00:00:00');
  await page.getByText('The end is before the start.').waitFor();
  await page.getByLabel('To', { exact: true }).fill('2026-01-03T00:00:00');
  await page.getByRole('button', { name: 'Apply' }).click();
  await until('one line', async () => (await page.locator('.log-head').count()) === 1);
  await page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
  await page.getByRole('button', { name: 'Display' }).click();
  await page.getByRole('menuitem', { name: 'Copy a link to this view' }).click();
  const copied = (): Promise<string> => page.evaluate<string>('navigator.clipboard.readText()');
  await expect.poll(copied).toContain('since=2026-01-01');
  expect(await copied()).not.toContain(tokenOf(gateway));

  const [file] = await Promise.all([
    page.waitForEvent('download'),
    page
      .getByRole('button', { name: 'Download', exact: true })
      .click()
      .then(() => page.getByRole('menuitem', { name: 'All matching lines, gzipped' }).click()),
  ]);
  const chunks: Buffer[] = [];
  for await (const chunk of await file.createReadStream()) chunks.push(chunk as Buffer);
  expect(gunzipSync(Buffer.concat(chunks)).toString()).toMatch(/^\{[^\n]*long ago[^\n]*\n$/);

  await page.getByRole('button', { name: /^Log level/ }).click();
  await page.getByRole('menuitemradio', { name: 'debug for 15 minutes' }).click();
  await page.getByText(/debug until/).waitFor();
  expect((await gateway.xopc('gateway', 'log-level')).stdout).toMatch(/^debug until .* then info$/m);
  await page.getByRole('button', { name: /^Log level/ }).click();
  await page.getByRole('menuitemradio', { name: 'info (default)' }).click();
  await page.getByText('Log level: info').waitFor();
});

test.skipIf(noBrowser)('one module is listened to for a while, by keyboard, and through a restart', async () => {
  const gateway = await RealGateway.start();
  const page = await openView(gateway, '#/logs');
  await page.getByRole('button', { name: 'Log level: info' }).focus();
  await page.keyboard.press('Enter');
  await page.getByRole('menu').waitFor();
  await page.keyboard.press('End');
  await page.keyboard.press('Enter');
  const dialog = page.getByRole('dialog', { name: 'Level of one module …' });
  await dialog.getByLabel('Module').selectOption('http');
  await dialog.getByText('Requests to the API, and its sockets.').waitFor();
  await expectAccessible(page);
  await page.setViewportSize(SIZES.wide);
  await dialog.getByRole('button', { name: 'Change the level' }).focus();
  await page.keyboard.press('Enter');
  await dialog.getByText(/^debug until/).waitFor();
  await page.keyboard.press('Escape');
  await page.getByRole('button', { name: 'Log level: info · 1 module with other levels' }).waitFor();
  expect((await gateway.xopc('gateway', 'restart')).code).toBe(0);
  expect((await gateway.xopc('gateway', 'log-level')).stdout).toMatch(/^info\nhttp: debug until .* then info\n$/);
  await callApi(gateway, 'GET /api/sessions?limit=3');
  await page.getByRole('searchbox').fill('module:http level:debug /api/sessions');
  await page.locator('.log-head').first().waitFor();
  const outcome = await gateway.xopc('gateway', 'log-level', 'debug', '--module', 'kitchen');
  expect([outcome.code, outcome.stderr]).toMatchObject([
    2,
    expect.stringContaining("unknown module 'kitchen'; it must be one of http, agent"),
  ]);
  expect((await gateway.xopc('gateway', 'log-level', '--reset', '--module', 'http')).stdout).toBe('info\n');
});
