/** What a conversation takes and costs: beside the model, and of each answer with the way to its log. */
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { says } from '../fakes/openai/reply.js';
import { expectAccessible, noBrowser, openPage } from '../helpers/browser.js';
import { tokenOf } from '../helpers/page.js';
import { startPageWorld } from '../helpers/page-world.js';
import { replaceFile } from '../helpers/replace-file.js';

test.skipIf(noBrowser)('the context that is used, its cost, and an answer’s own numbers with its log lines are in sight', async () => {
  const { gateway, model } = await startPageWorld();
  const models = [{ id: 'one', name: 'One', contextWindow: 1_000, cost: { input: 1_000, output: 2_000 } }, { id: 'two' }];
  const provider = { baseUrl: model.baseUrl, apiKey: 'sk-fake', models };
  replaceFile(join(gateway.xopcHome, 'models.json'), JSON.stringify({ providers: { fake: provider } }));
  const page = await openPage(gateway.url, { token: tokenOf(gateway) });
  const box = page.getByRole('textbox', { name: 'Message' });
  model.replyAlways(says('An answer of forty characters, or about it'));
  await box.fill('A question');
  await expect.poll(async () => (await fetch(`${gateway.url}/api/models`).then((answer) => answer.text())).includes('1000')).toBe(true);
  await page.keyboard.press('Enter');
  const agent = page.getByRole('article', { name: 'Agent' });
  await page.getByRole('img', { name: /^Context: \d+ of 1k tokens\. This chat has cost \$0\.0/ }).waitFor();
  await page.getByText(/^\d+ of 1k tokens · \$0\.0/).waitFor();
  await expectAccessible(page);
  const [row, send] = [await page.locator('.box-row').boundingBox(), await page.getByRole('button', { name: 'Send' }).boundingBox()];
  expect((send?.x ?? 0) + (send?.width ?? 0), 'the last button is within a narrow screen').toBeLessThanOrEqual(
    (row?.x ?? 0) + (row?.width ?? 0),
  );
  expect((row?.x ?? 0) + (row?.width ?? 0)).toBeLessThanOrEqual(390);
  await agent.hover();
  await agent.getByRole('button', { name: 'About this answer' }).click();
  const menu = page.getByRole('menu', { name: 'About this answer' });
  await expect
    .poll(() => menu.getByRole('menuitem').allInnerTexts())
    .toEqual([
      'fake/one',
      expect.stringMatching(/^\d+ tokens in, \d+ out$/),
      expect.stringMatching(/^\$0\.0/),
      expect.stringMatching(/^\d+ ms$|^\d+\.\d s$/),
      'Logs',
    ]);
  await menu.getByRole('menuitem', { name: 'Logs' }).click();
  await page.getByText('a turn has ended').first().waitFor();
  expect(page.url()).toContain('turnId');
  // Of a model of which nothing is known, nothing is made up.
  await page.goBack();
  await page.getByRole('button', { name: /^Model:/ }).click();
  await page.getByRole('menuitemradio', { name: 'fake/two' }).click();
  await page.getByRole('img', { name: /of \? tokens/ }).waitFor();
});

test.skipIf(noBrowser)(
  'a model is chosen before anything is said, and what was written stays; page keys go through what was said',
  async () => {
    const { gateway, model } = await startPageWorld();
    model.replyAlways(says('A line\n\n'.repeat(60)));
    const page = await openPage(gateway.url);
    const box = page.getByRole('textbox', { name: 'Message' });
    await box.fill('Half of a question');
    await page.getByRole('button', { name: 'Model: fake/one, the default' }).click();
    await page.getByRole('menuitemradio', { name: 'fake/two' }).click();
    await page.getByRole('button', { name: 'Model: fake/two' }).waitFor();
    await expect.poll(() => box.inputValue()).toBe('Half of a question');
    // The next new chat is not meant.
    await page.goto(`${gateway.url}/#/chat`);
    await page.getByRole('button', { name: 'Model: fake/one, the default' }).waitFor();
    await box.fill('Another question');
    await page.keyboard.press('Enter');
    await page.getByRole('article', { name: 'Agent' }).waitFor();
    await page.getByRole('button', { name: 'Ask again', exact: true }).waitFor();
    expect(model.requests.map((request) => request.model)).toEqual(['one']);

    const below = (): Promise<number> =>
      page.evaluate<number>(
        `(({ scrollHeight, scrollTop, clientHeight }) => scrollHeight - scrollTop - clientHeight)(document.querySelector('.transcript'))`,
      );
    await expect.poll(below).toBeLessThanOrEqual(2);
    await box.press('PageUp');
    await expect.poll(below).toBeGreaterThan(200);
    await box.press('PageDown');
    await expect.poll(below).toBeLessThanOrEqual(2);
  },
);
