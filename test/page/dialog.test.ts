import type { Page } from 'playwright-core';
import { expect, test } from 'vitest';
import { noBrowser, openPage } from '../helpers/browser.js';
import { serveComponents } from '../helpers/component-page.js';

const SCRIPT = `
  import { render } from 'preact';
  import { Dialog } from './components/dialog/dialog.js';

  const close = () => render(null, document.body);
  render(<Dialog title="Form" onClose={close}><input aria-label="Name" /></Dialog>, document.body);
`;

async function press(page: Page, x: number, y: number): Promise<void> {
  await page.mouse.move(x, y);
  await page.mouse.down();
  await page.mouse.up();
}

test.skipIf(noBrowser)('a press beside a dialog closes it, one on its scrollbar does not', async () => {
  // This browser hides scrollbars: a border belongs to the dialog itself as a scrollbar does.
  const page = await openPage(await serveComponents(SCRIPT, '.dialog { border: 16px solid }'));
  const dialog = page.getByRole('dialog');
  await page.getByLabel('Name').fill('typed');
  const { x = 0, y = 0, width = 0 } = (await dialog.boundingBox()) ?? {};
  await press(page, x + width - 8, y + 20);
  expect(await page.getByLabel('Name').inputValue()).toBe('typed');
  await press(page, x + width + 20, y + 20);
  await expect.poll(() => dialog.count()).toBe(0);
});

const LONG_FORM = `
  import { render } from 'preact';
  import { FormDialog } from './components/form/form.js';

  const save = () => Promise.reject(new Error('The disk is full.'));
  render(
    <FormDialog title="Form" onClose={() => undefined} onSubmit={save}>
      <input aria-label="Name" />
      <div style="height: 200vh" />
    </FormDialog>,
    document.body,
  );
`;

test.skipIf(noBrowser)('the error of a form longer than the screen is seen beside its buttons', async () => {
  const page = await openPage(await serveComponents(LONG_FORM), { size: 'narrow' });
  await page.getByRole('button', { name: 'Save' }).click();
  const error = page.getByRole('alert');
  await error.getByText('The disk is full.').waitFor();
  const isSeen = `(() => {
    const { left, right, top, bottom } = document.querySelector('.error-box').getBoundingClientRect();
    return [top + 5, bottom - 5].every((y) => document.elementFromPoint((left + right) / 2, y)?.closest('.error-box') != null);
  })()`;
  expect(await page.evaluate(isSeen)).toBe(true);
});

const FORM = `
  import { render } from 'preact';
  import { FormDialog } from './components/form/form.js';

  const close = () => render(null, document.body);
  render(<FormDialog title="Form" onClose={close} onSubmit={close}><input aria-label="Name" /></FormDialog>, document.body);
`;

test.skipIf(noBrowser)('a form that was filled in asks before it is lost; an untouched one does not', async () => {
  const address = await serveComponents(FORM);
  const page = await openPage(address);
  const dialog = page.getByRole('dialog');
  await dialog.waitFor();
  await page.keyboard.press('Escape');
  await expect.poll(() => dialog.count()).toBe(0);

  await page.goto(address);
  const name = page.getByLabel('Name');
  await name.fill('typed');
  await press(page, 5, 5);
  await name.focus();
  const question = page.getByRole('alertdialog', { name: 'Discard what you entered?' });
  for (const step of ['asks', 'goes back', 'asks', 'goes back']) {
    await page.keyboard.press('Escape');
    await expect.poll(() => question.count()).toBe(step === 'asks' ? 1 : 0);
  }
  await page.keyboard.type(' on');
  expect(await name.inputValue()).toBe('typed on');
  await page.keyboard.press('Escape');
  await question.getByRole('button', { name: 'Discard' }).click();
  await expect.poll(() => dialog.count()).toBe(0);
});

/** What Android's Back does at its second press, of which a page may prevent only the first. */
const CLOSE = `document.querySelector('dialog').close()`;

test.skipIf(noBrowser)('a dialog that the browser itself closes is gone, or asks again if something would be lost', async () => {
  const address = await serveComponents(FORM);
  const page = await openPage(address);
  const dialog = page.getByRole('dialog');
  await dialog.waitFor();
  await page.evaluate(CLOSE);
  await expect.poll(() => page.locator('dialog').count()).toBe(0);

  await page.goto(address);
  await page.getByLabel('Name').fill('typed');
  const question = page.getByRole('alertdialog', { name: 'Discard what you entered?' });
  for (let pressed = 0; pressed < 2; pressed += 1) {
    await page.evaluate(CLOSE);
    await question.waitFor();
  }
  expect(await dialog.getByLabel('Name').inputValue()).toBe('typed');
  await question.getByRole('button', { name: 'Keep editing' }).click();
  await expect.poll(() => question.count()).toBe(0);
  await page.evaluate(CLOSE);
  await question.getByRole('button', { name: 'Discard' }).click();
  await expect.poll(() => page.locator('dialog').count()).toBe(0);
});
