import { expect, test } from 'vitest';
import { noBrowser, openPage, SIZES } from '../helpers/browser.js';
import { startPageWorld } from '../helpers/page-world.js';

test.skipIf(noBrowser)('a menu lies inside the window and above all else, wherever its button is', { tags: ['long'] }, async () => {
  const { gateway, talk } = await startPageWorld();
  const key = await talk('A question');
  for (let number = 0; number < 5; number += 1) await talk(`Question ${'x'.repeat(number)}`);
  const page = await openPage(`${gateway.url}/#/sessions`);
  for (const size of [SIZES.wide, SIZES.narrow, { width: 640, height: 460 }]) {
    await page.setViewportSize(size);
    for (const place of ['first', 'last'] as const) {
      await page.getByRole('button', { name: 'Actions for' })[place]().click();
      await page.getByRole('menuitem').first().waitFor();
      const items = await page.getByRole('menuitem').all();
      expect(items.length).toBeGreaterThan(8);
      for (const item of items) {
        await item.scrollIntoViewIfNeeded();
        // What is hit at its middle is the item itself.
        const box = await item.boundingBox();
        const middle = [(box?.x ?? -1) + (box?.width ?? 0) / 2, (box?.y ?? -1) + (box?.height ?? 0) / 2];
        const hit = await page.evaluate<string>(`document.elementFromPoint(${middle.join(',')})?.closest('[role=menuitem]')?.textContent`);
        expect(hit, `of the ${place} at ${size.width}`).toBe(await item.textContent());
      }
      await page.keyboard.press('Escape');
      await expect.poll(() => page.getByRole('menu').count()).toBe(0);
      await expect.poll(() => page.evaluate(`document.activeElement.getAttribute('aria-haspopup')`)).toBe('menu');
    }
  }
  await page.goto(`${gateway.url}/#/chat/${encodeURIComponent(key)}`);
  await page.getByRole('button', { name: 'Model: fake/one, the default' }).click();
  await page.getByRole('menuitemradio', { name: 'fake/two' }).click({ trial: true });
});
