import { expect, test } from 'vitest';
import { expectAccessible, noBrowser } from '../helpers/browser.js';
import { openView, pressInTurn } from '../helpers/page.js';
import { RealGateway } from '../helpers/real-gateway.js';

const VIEWS = [
  ['l', 'Logs'],
  ['j', 'Schedules'],
  ['m', 'Models'],
  ['h', 'Channels'],
  ['o', 'Configuration'],
  ['t', 'Access tokens'],
  ['u', 'Status'],
  ['s', 'Sessions'],
] as const;

test.skipIf(noBrowser)('every view is one g and a letter away, and what it can do is in the palette', async () => {
  const gateway = await RealGateway.start();
  const page = await openView(gateway, '#/sessions');
  await page.getByRole('heading', { name: 'Sessions', exact: true, level: 1 }).waitFor();
  const actions: Record<string, string> = {
    Schedules: 'New schedule',
    Models: 'Check connections',
    Channels: 'Messages that were not delivered',
    Configuration: 'Search settings',
  };
  for (const [key, name] of VIEWS) {
    await pressInTurn(page, 'g', key);
    await page.getByRole('heading', { name, exact: true, level: 1 }).waitFor();
    const action = actions[name];
    if (action === undefined) continue;
    await page.keyboard.press('Control+k');
    await page.keyboard.type(action);
    await page.getByRole('option', { name: action }).waitFor();
    await page.keyboard.press('Escape');
  }
  await page.keyboard.press('Control+k');
  await page.keyboard.type('light and dark');
  await page.keyboard.press('Enter');
  await expect.poll(() => page.evaluate('document.documentElement.dataset.theme')).toBe('dark');
  await expect.poll(() => page.evaluate('getComputedStyle(document.body).backgroundColor')).toBe('rgb(15, 16, 18)');
});

test.skipIf(noBrowser)('a shortcut gets other keys, is taken away, and comes back; what was chosen stays', async () => {
  const gateway = await RealGateway.start();
  const page = await openView(gateway, '#/sessions');
  await page.getByRole('heading', { name: 'Sessions', exact: true }).waitFor();
  await page.keyboard.press('?');
  const dialog = page.getByRole('dialog', { name: 'Keyboard shortcuts' });
  await dialog.getByRole('button', { name: 'Models: G M. Change the keys' }).focus();
  await page.keyboard.press('Enter');
  await dialog.getByText('Press the new keys …').waitFor();
  await pressInTurn(page, 'g', 'l');
  await dialog.getByRole('button', { name: 'Models: G L. Change the keys' }).waitFor();
  await dialog.getByRole('button', { name: 'Logs: no keys. Change the keys' }).waitFor();
  await expectAccessible(page);
  await page.keyboard.press('Escape');
  await page.reload();
  await page.getByRole('heading', { name: 'Sessions', exact: true }).waitFor();
  await pressInTurn(page, 'g', 'l');
  await page.getByRole('heading', { name: 'Models', exact: true }).waitFor();

  await page.keyboard.press('?');
  await dialog.getByRole('button', { name: 'Models: G L. Change the keys' }).click();
  await dialog.getByText('Press the new keys …').waitFor();
  await page.keyboard.press('Backspace');
  await dialog.getByRole('button', { name: 'Models: no keys. Change the keys' }).click();
  await dialog.getByText('Press the new keys …').waitFor();
  await page.keyboard.press('Escape');
  await dialog.getByRole('button', { name: 'Models: no keys. Change the keys' }).waitFor();
  await dialog.getByRole('button', { name: 'Reset all' }).click();
  await page.keyboard.press('Escape');
  await pressInTurn(page, 'g', 'l');
  await page.getByRole('heading', { name: 'Logs', exact: true }).waitFor();
});
