import { expect, test } from 'vitest';
import { says } from '../fakes/openai/reply.js';
import { expectAccessible, findBarriers, noBrowser, openPage } from '../helpers/browser.js';
import { startPageWorld } from '../helpers/page-world.js';
import { RealGateway } from '../helpers/real-gateway.js';

const LONG = Array.from({ length: 60 }, (_value, index) => `part${index} `);
const HOSTILE = [
  '# Title\n\n<script>window.hacked = 1</script><img src="https://evil.example/x.png" onerror="window.hacked = 1">',
  '![picture](https://evil.example/y.png) [bad](javascript:window.hacked=1) [ok](https://example.org)',
  '[coded](java&#115;cript:window.hacked=1) [entity](javascript&colon;window.hacked=1) &copy; &lt;b&gt; `&copy;`',
  '<iframe src="https://evil.example"></iframe><svg onload="window.hacked=1"></svg><a href="data:text/html,x">d</a>',
  '<form action="https://evil.example"><input name=a></form><style>body{display:none}</style><b style="position:fixed">b</b>',
  '```js\nconst x = "</code><script>window.hacked = 1</script>";\n```',
].join('\n\n');

test.skipIf(noBrowser)('the first visit without a model leads to one, and commands work', async () => {
  const gateway = await RealGateway.start();
  const page = await openPage(gateway.url);
  await page.getByRole('heading', { name: 'No model yet' }).waitFor();
  await page.getByRole('button', { name: 'Add provider' }).waitFor();
  await page.getByRole('textbox', { name: 'Message' }).and(page.locator(':focus')).waitFor();
  await page.keyboard.type('/he');
  await page.getByRole('list', { name: 'Commands' }).getByText('lists the commands').waitFor();
  await page.keyboard.press('Tab');
  await page.keyboard.press('Enter');
  await page.getByRole('article', { name: 'Agent' }).getByText('/status').waitFor();
  await page.keyboard.type('Hello there');
  await page.keyboard.press('Enter');
  await page.getByRole('article', { name: 'Agent' }).getByText('no language model is configured yet').waitFor();
  await expectAccessible(page);
  // The box is as high as its text, also when the window gets another width.
  const box = page.getByRole('textbox', { name: 'Message' });
  const heightOf = async (): Promise<number> => (await box.boundingBox())?.height ?? 0;
  await page.setViewportSize({ width: 390, height: 844 });
  await box.fill('a few words '.repeat(12));
  await expect.poll(heightOf).toBeGreaterThan(80);
  await page.setViewportSize({ width: 1440, height: 900 });
  await expect.poll(heightOf).toBeLessThan(80);
});

test.skipIf(noBrowser)('an answer streams, is stopped, asked again, edited, and what is sent meanwhile waits its turn', async () => {
  const { gateway, model } = await startPageWorld();
  const page = await openPage(gateway.url);
  const agent = page.getByRole('article', { name: 'Agent' });
  const box = page.getByRole('textbox', { name: 'Message' });
  model.reply({ type: 'text', parts: LONG, gate: { before: 5, until: new Promise(() => undefined) } });
  await box.fill('First question');
  await page.keyboard.press('Enter');
  await agent.getByText('part4').waitFor();
  await expect.poll(() => page.getByRole('button', { name: 'Send' }).count()).toBe(0);
  await box.fill('Second question');
  await page.keyboard.press('Enter');
  await page.getByText('Waiting for the previous answer').waitFor();
  await page.keyboard.press('Escape');
  await page.getByText('Stopped', { exact: true }).waitFor();
  await agent.getByText('Second question').waitFor();
  model.reply(says('Another answer'));
  await page.getByRole('button', { name: 'Ask again', exact: true }).click();
  await agent.getByText('Another answer').waitFor();
  // Until it has been given, nothing is edited.
  await page.getByRole('button', { name: 'Ask again', exact: true }).waitFor();
  await expect.poll(() => page.getByRole('article', { name: 'You' }).count()).toBe(2);
  await box.focus();
  await page.keyboard.press('ArrowUp');
  await page.getByText('Editing a message').waitFor();
  await expect.poll(() => box.inputValue()).toBe('Second question');
  model.reply(says('Third answer'));
  await box.fill('Edited question');
  await page.keyboard.press('Enter');
  await agent.getByText('Third answer').waitFor();
  await expect
    .poll(() => page.getByRole('article', { name: 'You' }).allInnerTexts())
    .toEqual([expect.stringContaining('First'), expect.stringContaining('Edited')]);
  model.reply({ type: 'text', parts: LONG, gate: { before: 5, until: new Promise(() => undefined) } });
  await box.fill('Last question');
  await page.keyboard.press('Enter');
  // Of an answer that is stopped before its first words, nothing is left to continue.
  await agent.last().getByText('part4').waitFor();
  await page.getByRole('button', { name: 'Stop', exact: true }).click();
  await page.getByRole('button', { name: 'Continue', exact: true }).click();
  await agent.last().getByText('Continue where you stopped.').waitFor();
});

test.skipIf(noBrowser)('hostile Markdown runs nothing, loads nothing, and is shown as what it is', async () => {
  const { gateway, model } = await startPageWorld();
  model.replyAlways(says(HOSTILE));
  // openPage fails the test on any request to another origin and on any complaint of the policy.
  const page = await openPage(gateway.url);
  await page.getByRole('textbox', { name: 'Message' }).fill('<script>window.hacked = 1</script> [x](javascript:window.hacked=1)');
  await page.keyboard.press('Enter');
  const agent = page.getByRole('article', { name: 'Agent' });
  await agent.getByRole('heading', { name: 'Title' }).waitFor();
  await agent.locator('.hljs-keyword').first().waitFor();
  await agent.getByText('<script>window.hacked = 1</script>').first().waitFor();
  await agent.getByText('coded entity © <b> &copy;').waitFor();
  expect(await page.evaluate('window.hacked')).toBeUndefined();
  expect(await agent.locator('script, img, iframe, svg:not(.icon), form, style, [style], [onerror], [onload]').count()).toBe(0);
  expect(await agent.getByRole('link').evaluateAll((links) => links.map((link) => link.getAttribute('href')))).toEqual([
    'https://evil.example/y.png',
    'https://example.org',
  ]);
  expect(await agent.getByRole('link', { name: 'ok' }).getAttribute('rel')).toBe('noopener noreferrer');
  expect(await findBarriers(page)).toEqual([]);
});

test.skipIf(noBrowser)('a browser that keeps nothing chats all the same', async () => {
  const { gateway } = await startPageWorld();
  const page = await openPage(gateway.url);
  await page.addInitScript(
    `Storage.prototype.setItem = Storage.prototype.removeItem = () => { throw new DOMException('full', 'QuotaExceededError') }`,
  );
  await page.reload();
  for (const text of ['First words', 'Second words']) {
    await page.getByRole('textbox', { name: 'Message' }).fill(text);
    await page.keyboard.press('Enter');
    await page.getByRole('article', { name: 'Agent' }).getByText(text).waitFor();
  }
  expect(await page.getByRole('article', { name: 'You' }).count()).toBe(2);
});
