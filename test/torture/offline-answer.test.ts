/** Half a minute without a network, in a real browser, while the answer goes on and its worker is killed. */
import { expect, test } from 'vitest';
import { expectWhole, PARTS, watchAnswer } from '../helpers/answer-watch.js';
import { noBrowser, openPage } from '../helpers/browser.js';
import { startPageWorld } from '../helpers/page-world.js';

const OFFLINE_MS = 30_000;

test.skipIf(noBrowser)('30 s offline: no part of the answer is lost and none doubled, with the worker killed meanwhile', async () => {
  const world = await startPageWorld();
  const { gateway, model } = world;
  const page = await openPage(gateway.url, { allowedErrors: /WebSocket|Failed to load resource|ERR_INTERNET/ });
  await watchAnswer(page);
  model.replyAlways({ type: 'text', parts: PARTS, delayMs: 250 });
  const box = page.getByRole('textbox', { name: 'Message' });
  await box.fill('Count');
  await page.keyboard.press('Enter');
  const agent = page.getByRole('article', { name: 'Agent' });
  await agent.getByText('part10').waitFor();
  await page.context().setOffline(true);
  const back = new Promise((resolve) => setTimeout(resolve, OFFLINE_MS));
  const pid = gateway.workerPid();
  process.kill(pid, 'SIGKILL');
  await gateway.untilReplaced(pid);
  await box.fill('A draft');
  await back;
  expect(await agent.getByText('part10').isVisible()).toBe(true);
  await page.context().setOffline(false);
  await agent.getByText('part59').waitFor({ timeout: 60_000 });
  await expect.poll(() => page.getByText('Working').count(), { timeout: 60_000 }).toBe(0);
  await expectWhole(page, world);
  expect(await box.inputValue()).toBe('A draft');
});
