import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { expectAccessible, noBrowser } from '../helpers/browser.js';
import { openView } from '../helpers/page.js';
import { RealGateway, until } from '../helpers/real-gateway.js';

const TEXT = `{
  // the door
  "gateway": { "allowedHosts": ["home.example"] },
  "channels": { "webhook": { "accounts": { "hook": { "url": "http://127.0.0.1:9/hook", "secret": "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=" } } } } // keep
}
`;

async function startWithConfig(): Promise<{ gateway: RealGateway; path: string; read: () => string }> {
  const gateway = await RealGateway.start();
  const path = join(gateway.xopcHome, 'config.json');
  writeFileSync(path, TEXT);
  await until('the file in force', () =>
    gateway.log().some(({ msg }) => /config/.test(String(msg)) && /applied|in effect/.test(String(msg))),
  );
  return { gateway, path, read: () => readFileSync(path, 'utf8') };
}

test.skipIf(noBrowser)('settings are changed in a form: comments and secrets survive, pinned ones stay, a conflict is shown', async () => {
  const { gateway, path, read } = await startWithConfig();
  const page = await openView(gateway, '#/config', { allowedErrors: /400|412/ });
  expect(await page.getByLabel('gateway.port').isDisabled()).toBe(true);
  await page.getByText(/Set by XOPC_PORT/).waitFor();
  await page.getByText('Set (…').first().waitFor();
  expect(await page.content()).not.toContain('MDEyMzQ1');
  await page.getByLabel('logs.level').selectOption('debug');
  await page.getByLabel('gateway.drainTimeoutMs').fill('7');
  await page.getByLabel('gateway.maxBodyBytes').fill('12');
  await page.getByRole('list', { name: 'Errors, by line and column' }).getByText('must be a whole number from 1024').waitFor();
  await page.getByRole('region', { name: 'Changes to save' }).getByText('+     "maxBodyBytes": 12').waitFor();
  await page.getByRole('button', { name: 'Save' }).click();
  await page.getByText(/Nothing was written: gateway.maxBodyBytes/).waitFor();
  expect(read()).toBe(TEXT);
  await page.getByRole('button', { name: 'Undo gateway.maxBodyBytes' }).click();
  await page.getByText('2 settings changed, not saved').waitFor();
  await page.getByRole('button', { name: 'Save' }).click();
  await page.getByText('Saved: logs.level, gateway.drainTimeoutMs').waitFor();
  expect(read()).toContain('// the door');
  expect(read()).toContain('"drainTimeoutMs": 7');
  expect(read()).toContain('whsec_MDEy');

  await page.getByLabel('logs.level').selectOption('warn');
  writeFileSync(path, read().replace('"debug"', '"error"'));
  await page.getByRole('button', { name: 'Save' }).click();
  const conflict = page.getByRole('dialog', { name: 'The file has changed' });
  await conflict.getByRole('cell', { name: 'error' }).waitFor();
  expect(await conflict.getByRole('cell').allInnerTexts()).toEqual(['debug', 'error', 'warn', '']);
  // Nothing of it may be out of sight on a telephone.
  await page.setViewportSize({ width: 390, height: 844 });
  const keep = await conflict.getByRole('checkbox').boundingBox();
  expect((keep?.x ?? 0) + (keep?.width ?? 1_000)).toBeLessThan(390);
  await page.setViewportSize({ width: 1_440, height: 900 });
  await conflict.getByRole('button', { name: 'Overwrite with mine' }).click();
  await until('mine', () => read().includes('"level": "warn"'));
  await page.getByText('Saved: logs.level', { exact: true }).waitFor();
  await page.getByRole('button', { name: 'Undo', exact: true }).click();
  await until('theirs again', () => read().includes('"level": "error"'));
});

test.skipIf(noBrowser)('the file is edited as a text by keyboard: faults by line and column, secrets kept, conflicts shown', async () => {
  const { gateway, path, read } = await startWithConfig();
  const page = await openView(gateway, '#/config/text', { allowedErrors: /400|412/ });
  const area = page.getByRole('textbox', { name: 'File' });
  await expect.poll(() => area.inputValue()).toContain('"$secret": true');
  expect(await area.inputValue()).not.toContain('MDEyMzQ1');
  await area.focus();
  await page.keyboard.press('Control+Home');
  await page.keyboard.press('ArrowDown');
  await page.keyboard.type('  "logs": { "level": "loud" },\n');
  await page.getByRole('button', { name: '2:22' }).waitFor();
  await page.getByText(/logs\.level.*is "loud"/).waitFor();
  expect(await page.locator('.code-lines .wrong').allInnerTexts()).toEqual(['2']);
  await expectAccessible(page);
  // The numbers go along with the text.
  const typed = await area.inputValue();
  await area.fill(typed + '\n'.repeat(100));
  const moved = `(() => { const area = document.querySelector('.config-text'); area.scrollTop = 190; return document.querySelector('.code-lines span').getBoundingClientRect().top - area.getBoundingClientRect().top; })()`;
  await expect.poll(() => page.evaluate(moved)).toBeCloseTo(7 - 190, 0);
  await area.fill(typed);
  await area.fill((await area.inputValue()).replace('"loud"', '"debug"'));
  await until('no fault', async () => (await page.getByRole('button', { name: '2:22' }).count()) === 0);
  await area.focus();
  await page.keyboard.press('Control+s');
  await page.getByText('Saved', { exact: true }).waitFor();
  expect(read()).toBe(TEXT.replace('{\n', '{\n  "logs": { "level": "debug" },\n'));

  await area.fill((await area.inputValue()).replace('the door', 'the front door'));
  writeFileSync(path, read().replace('the door', 'the back door'));
  await page.getByRole('button', { name: 'Save' }).click();
  const conflict = page.getByRole('alert').filter({ hasText: 'The file has changed' });
  await conflict.getByRole('region', { name: 'Changes in the file' }).getByText('+   // the back door').waitFor();
  await conflict.getByRole('region', { name: 'Your changes' }).getByText('+   // the front door').waitFor();
  await conflict.getByText('Both changed the same lines').waitFor();
  await page.getByRole('button', { name: 'Use the file’s' }).click();
  expect(await area.inputValue()).toContain('the back door');
});

test.skipIf(noBrowser)('the form is free of barriers', async () => {
  const { gateway } = await startWithConfig();
  const page = await openView(gateway, '#/config');
  await page.getByLabel('logs.level').selectOption('debug');
  await page.getByText('1 setting changed, not saved').waitFor();
  await expectAccessible(page);
});
