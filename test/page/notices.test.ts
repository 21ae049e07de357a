/** Notices: where they are seen, their keys, and where the focus is after them. */
import { expect, test } from 'vitest';
import { noBrowser, openPage } from '../helpers/browser.js';
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

test.skipIf(noBrowser)('a notice is shown above an open dialog, where it is seen, heard and closed', async () => {
  const page = await openPage(await serveComponents(SCRIPT), { size: 'narrow' });
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
