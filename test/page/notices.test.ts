/** Notices: where they are seen, their keys, and where the focus is after them. */
import type { Page } from 'playwright-core';
import { expect, test } from 'vitest';
import { noBrowser, openPage, type OpenOptions } from '../helpers/browser.js';
import { serveComponents } from '../helpers/component-page.js';

const SCRIPT = `
  import { render } from 'preact';
  import { useLayoutEffect, useState } from 'preact/hooks';
  import { copyText } from './browser/copy.js';
  import { Dialog } from './components/dialog/dialog.js';
  import { showToast, showUndo, Toasts } from './components/toast/toast.js';
  import { listenForKeys } from './shell/commands.js';

  // As over plain HTTP.
  Object.defineProperty(navigator, 'clipboard', { value: undefined });

  function Frame() {
    const [isOpen, setOpen] = useState(false);
    const [undone, setUndone] = useState(0);
    useLayoutEffect(listenForKeys, []);
    const remove = () => showUndo('Removed', () => setUndone((count) => count + 1));
    return (
      <div class="frame">
        <main id="content" tabIndex={-1}>
          <input aria-label="Text" />
          <button onClick={remove}>Remove</button>
          <button onClick={() => setOpen(true)}>Open</button>
          <button onClick={() => void copyText('copied')}>Copy outside</button>
          <output>{undone}</output>
        </main>
        <Toasts />
        {isOpen && (
          <Dialog title="Side" size="side" onClose={() => setOpen(false)}>
            <button onClick={() => showToast({ text: 'Failed', kind: 'error' })}>Try</button>
            <button onClick={() => void copyText('copied')}>Copy</button>
            <div style="height: 200vh" />
          </Dialog>
        )}
      </div>
    );
  }
  render(<Frame />, document.body);
`;

/** The page's time stands still: no notice goes of its own accord. */
async function openStill(options: OpenOptions = {}): Promise<Page> {
  const page = await openPage(await serveComponents(SCRIPT), options);
  await page.clock.install();
  await page.clock.pauseAt(Date.now() + 3_600_000);
  return page;
}

const focused = (page: Page): Promise<string> =>
  page.evaluate<string>(`document.activeElement === document.body ? 'nothing' : document.activeElement.textContent`);

test.skipIf(noBrowser)('a notice is shown above an open dialog, where it is seen, heard and closed', async () => {
  const page = await openStill({ size: 'narrow' });
  await page.getByRole('button', { name: 'Open' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByRole('button', { name: 'Try' }).click();
  const notice = dialog.getByRole('status', { name: 'Notices' });
  await notice.getByText('Failed').waitFor();
  const isOnTop = `(() => {
    const { x, y, width, height } = document.querySelector('.toast').getBoundingClientRect();
    return document.elementFromPoint(x + width / 2, y + height / 2).closest('.toast') !== null;
  })()`;
  expect(await page.evaluate(isOnTop)).toBe(true);
  await notice.getByRole('button', { name: 'Dismiss' }).click();
  await expect.poll(() => notice.textContent()).toBe('');
  await dialog.getByRole('button', { name: 'Try' }).click();
  await notice.getByText('Failed').waitFor();
  // It goes on without the dialog.
  await page.keyboard.press('Escape');
  await page.getByRole('status', { name: 'Notices' }).getByText('Failed').waitFor();
  expect(await page.locator('.toast').count()).toBe(1);
});

test.skipIf(noBrowser)('the focus is where it was after a notice and after copying', async () => {
  const page = await openStill();
  const remove = page.getByRole('button', { name: 'Remove' });
  await remove.press('Enter');
  await page.getByRole('button', { name: 'Undo' }).click();
  await expect.poll(() => page.locator('output').textContent()).toBe('1');
  expect(await focused(page)).toBe('Remove');
  await page.getByRole('button', { name: 'Copy outside' }).press('Enter');
  await page.getByText('Copied', { exact: true }).waitFor();
  expect(await focused(page)).toBe('Copy outside');
  // Otherwise it would be shown in the dialog.
  await page.getByRole('button', { name: 'Dismiss' }).press('Enter');
  await expect.poll(() => page.locator('.toast').count()).toBe(0);
  await page.getByRole('button', { name: 'Open' }).press('Enter');
  await page.getByRole('button', { name: 'Copy', exact: true }).press('Enter');
  await page.getByRole('dialog').getByText('Copied', { exact: true }).waitFor();
  expect(await focused(page)).toBe('Copy');
});

test.skipIf(noBrowser)('the time of a notice goes on when a dialog opens', async () => {
  const page = await openStill();
  await page.getByRole('button', { name: 'Copy outside' }).press('Enter');
  await page.getByText('Copied', { exact: true }).waitFor();
  await page.clock.fastForward(2_000);
  await page.getByRole('button', { name: 'Open' }).press('Enter');
  await page.getByRole('dialog').getByText('Copied', { exact: true }).waitFor();
  await page.clock.fastForward(2_500);
  await expect.poll(() => page.locator('.toast').count()).toBe(0);
});

test.skipIf(noBrowser)('Ctrl+Z undoes what the notice says, and in a text field what was typed', async () => {
  const page = await openStill();
  const field = page.getByLabel('Text');
  const undone = page.locator('output');
  await page.getByRole('button', { name: 'Remove' }).press('Enter');
  await page.getByText('Removed').waitFor();
  await field.press('a');
  await page.keyboard.press('Control+z');
  await expect.poll(() => field.inputValue()).toBe('');
  expect(await undone.textContent()).toBe('0');
  await page.getByRole('button', { name: 'Remove' }).focus();
  await page.keyboard.press('Control+z');
  await expect.poll(() => undone.textContent()).toBe('1');
  await expect.poll(() => page.getByText('Removed').count()).toBe(0);
  // Without a notice there is nothing to undo.
  await page.keyboard.press('Control+z');
  expect(await undone.textContent()).toBe('1');
});
