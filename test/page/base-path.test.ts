/** The page below a path: its files, calls, WebSocket and cookie are all there. */
import { expect, test } from 'vitest';
import { says } from '../fakes/openai/reply.js';
import { noBrowser, openPage } from '../helpers/browser.js';
import { tokenOf } from '../helpers/page.js';
import { startPageWorld } from '../helpers/page-world.js';

test.skipIf(noBrowser)('below a path the page signs in, chats and opens its views', async () => {
  const { gateway, model } = await startPageWorld({ gateway: { basePath: '/apps/x', auth: { enabled: true } } });
  const page = await openPage(`${gateway.url}/apps/x`, { allowedErrors: /401|WebSocket/ });
  const paths: string[] = [];
  page.on('request', (request) => void paths.push(new URL(request.url()).pathname));
  page.on('websocket', (socket) => void paths.push(new URL(socket.url()).pathname));
  await page.getByLabel('Access token', { exact: true }).fill(tokenOf(gateway));
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { name: 'Sign in' }).waitFor({ state: 'hidden' });
  model.reply(says('Hello from below'));
  await page.getByRole('textbox', { name: 'Message' }).fill('Hi');
  await page.keyboard.press('Enter');
  await page.getByText('Hello from below').first().waitFor();
  for (const [hash, shown] of [
    ['#/logs', 'Live'],
    ['#/sessions', 'Hi'],
  ] as const) {
    await page.goto(`${gateway.url}/apps/x/${hash}`);
    await page.getByText(shown, { exact: true }).first().waitFor();
  }
  // What is typed is this gateway's: others of the same origin do not see it.
  await page.goto(`${gateway.url}/apps/x/#/cron/new`);
  await page.getByLabel('Task', { exact: true }).fill('Half a task');
  const readNames = (): Promise<string[]> => page.evaluate('Object.keys(localStorage)');
  await expect.poll(readNames).toContain('xopc./apps/x/.draft.job.new');
  expect((await readNames()).filter((name) => !name.startsWith('xopc./apps/x/.'))).toEqual([]);
  expect(paths).toContain('/apps/x/ws');
  expect(paths.filter((path) => !path.startsWith('/apps/x/'))).toEqual([]);
  const cookies = await page.context().cookies(`${gateway.url}/apps/x/`);
  expect(cookies.map(({ path }) => path)).toEqual(['/apps/x/']);
});
