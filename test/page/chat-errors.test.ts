/** Answers that fail, and code: what can be done about each, by mouse and by keyboard. */
import { expect, test } from 'vitest';
import { apiError, says } from '../fakes/openai/reply.js';
import { expectAccessible, noBrowser, openPage } from '../helpers/browser.js';
import { startPageWorld } from '../helpers/page-world.js';

test.skipIf(noBrowser)('an answer that failed says why, is copied, leads to its log, and is asked for again beside the draft', async () => {
  const { gateway, model } = await startPageWorld();
  const page = await openPage(gateway.url);
  const box = page.getByRole('textbox', { name: 'Message' });
  model.reply(apiError(401, { message: 'Incorrect API key provided.' }));
  await box.fill('A question');
  await page.keyboard.press('Enter');
  const failure = page.getByRole('article', { name: 'Gateway' });
  await failure.getByText(/key/i).first().waitFor();
  await failure.getByText('The model did not answer.').waitFor();
  // Stored errors are shown in the language of whoever reads them.
  await page.evaluate(`localStorage.setItem('xopc.language', 'zh')`);
  const chinese = await page.context().newPage();
  await chinese.goto(page.url());
  await chinese.getByText('模型没有回答。').waitFor();
  await chinese.getByText(/拒绝了 API 密钥 \(HTTP 401\)。.*对方返回：Incorrect API key provided\./).waitFor();
  await chinese.close();
  await failure.getByRole('button', { name: 'Logs' }).waitFor();
  await failure.getByRole('button', { name: 'Open models' }).waitFor();
  await Promise.all([page.getByText('Copied').waitFor(), failure.getByRole('button', { name: 'Copy error' }).click()]);
  await expectAccessible(page);
  await box.fill('A draft');
  model.reply(says('It works now'));
  await failure.getByRole('button', { name: 'Ask again' }).click();
  await page.getByRole('article', { name: 'Agent' }).getByText('It works now').waitFor();
  await expect.poll(() => failure.count()).toBe(0);
  expect(await box.inputValue()).toBe('A draft');
  expect(model.requests.map(({ messages }) => messages.at(-1)?.content)).toEqual(['A question', 'A question']);
});

test.skipIf(noBrowser)('an answer that is cut off says so, and is continued', async () => {
  const { gateway, model } = await startPageWorld();
  const page = await openPage(gateway.url);
  model.reply({ ...says('Before opening the valve, you must'), finishReason: 'length' }, says('close the other one.'));
  await page.getByRole('textbox', { name: 'Message' }).fill('How?');
  await page.keyboard.press('Enter');
  await page.getByText("Cut off at the model's limit", { exact: true }).waitFor();
  await page.getByRole('button', { name: 'Continue', exact: true }).click();
  await page.getByRole('article', { name: 'Agent' }).getByText('close the other one.').waitFor();
  await expectAccessible(page);
});

test.skipIf(noBrowser)(
  'code is coloured while it is written, wrapped and copied with the Tab key, and the last block with one letter',
  async () => {
    const { gateway, model } = await startPageWorld();
    const page = await openPage(gateway.url);
    let goOn = (): void => undefined;
    const until = new Promise<void>((resolve) => (goOn = resolve));
    const parts = [
      '- In a list:\n\n  ```js\n  let a;\n  ```\n\n```sh\nls\n```\n\nThen:\n\n```js\n',
      `const long = '${'x'.repeat(400)}';\n`,
      '```\n',
    ];
    model.reply({ type: 'text', parts, gate: { before: 2, until } });
    await page.getByRole('textbox', { name: 'Message' }).fill('Code, please');
    await page.keyboard.press('Enter');
    const frame = page.locator('.code-frame').last();
    await frame.locator('.hljs-keyword').waitFor();
    await page.locator('li .hljs-keyword').waitFor();
    goOn();
    await page.getByRole('button', { name: 'Ask again', exact: true }).waitFor();
    const wrap = frame.getByRole('button', { name: 'Wrap lines' });
    const isWide = () =>
      frame.locator('pre').evaluate((pre: { scrollWidth: number; clientWidth: number }) => pre.scrollWidth > pre.clientWidth);
    await expect.poll(isWide).toBe(true);
    await wrap.focus();
    await page.keyboard.press('Enter');
    await expect.poll(async () => [await isWide(), await wrap.getAttribute('aria-pressed')]).toEqual([false, 'true']);
    await page.keyboard.press('Tab');
    await expect.poll(() => page.evaluate('document.activeElement?.textContent')).toBe('Copy');
    await page.evaluate(`navigator.clipboard.writeText = (text) => ((window.copied = text), Promise.resolve())`);
    await page.keyboard.press('y');
    await expect.poll(() => page.evaluate('window.copied')).toMatch(/^const long = 'x+';$/);
    await expectAccessible(page);
  },
);
