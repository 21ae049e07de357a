/** Calls of tools that wait for a person: decided in the chat, elsewhere meanwhile, and what is left of that. */
import { expect, test } from 'vitest';
import { callsTools, says } from '../fakes/openai/reply.js';
import { approvalsOf } from '../helpers/asked-approval.js';
import { expectAccessible, noBrowser, openPage } from '../helpers/browser.js';
import { callApi, openView, tokenOf } from '../helpers/page.js';
import { startPageWorld } from '../helpers/page-world.js';

const INPUT = { path: '/notes/today.md', content: '# Today\n\n- water the plants', api_key: 'sk-0123456789abcdef' };

test.skipIf(noBrowser)('a call that waits is decided in its chat or elsewhere, once, and a line of it stays', async () => {
  const { gateway, model, talk } = await startPageWorld({ agents: { defaults: { model: 'fake/one', permissions: { time: 'ask' } } } });
  const chat = await talk('Water the plants');
  await callApi(gateway, 'POST /api/agent', { message: 'Hello', session: 'script' });
  const asks = await approvalsOf(gateway);
  const ask = (sessionKey: string) => asks({ sessionKey, tool: 'files__write_file', input: INPUT, said: 'A moment.' });
  const first = await ask(chat);
  const other = await ask('main:api:default:direct:script');

  const page = await openView(gateway, `#/chat/${encodeURIComponent(chat)}`, { allowedErrors: /409/ });
  const card = page.getByRole('article', { name: `Decision ${first}: files__write_file` });
  await card.getByRole('blockquote').getByText('A moment.').waitFor();
  await card.getByText('- water the plants').waitFor();
  await card.getByText('sk-0123456789abcdef').waitFor();
  await page.getByText('The agent asks to use files__write_file and waits').waitFor({ state: 'attached' });
  await page.getByText('Messages that you send now are read after it').waitFor();
  await page
    .getByRole('link', { name: /^Water the plants/ })
    .getByRole('img', { name: 'Waits for your decision' })
    .waitFor();
  await page.getByRole('link', { name: /^Hello.*API.*Waiting for your decision$/ }).waitFor();
  await page.getByRole('link', { name: 'Chat 2 decisions wait' }).waitFor();
  await expectAccessible(page);
  await page.setViewportSize({ width: 1280, height: 900 });

  await callApi(gateway, `POST /api/approvals/${other}/decide`, { decision: 'deny' });
  await page.getByRole('link', { name: 'Chat 1 decision waits' }).waitFor();
  await card.getByRole('button', { name: 'Deny …' }).click();
  await page.keyboard.press('Escape');
  await expect.poll(() => page.evaluate('document.activeElement?.textContent')).toContain('Deny …');
  // Somebody else is faster by a moment.
  await page.route('**/decide', async (route) => {
    await callApi(gateway, `POST /api/approvals/${first}/decide`, { decision: 'approve', remember: 'agent' });
    await route.continue();
  });
  await page.keyboard.press('Enter');
  await page.getByLabel('Reason').fill('Not today');
  await page.keyboard.press('Enter');
  await page.getByText(/^files__write_file approved · API · Always for agent main · /).waitFor();
  await expect.poll(() => page.getByText('decision').count()).toBe(0);
  await page.unroute('**/decide');

  const second = await ask(chat);
  await page.reload();
  await page.getByText(/^files__write_file approved · API/).waitFor();
  await page.getByRole('article', { name: `Decision ${second}` }).waitFor();
  await page.getByRole('link', { name: 'Sessions' }).click();
  await page.locator('.session-row', { hasText: 'Water the plants' }).getByRole('img', { name: 'Waits for your decision' }).waitFor();
  await page.goBack();
  await page.getByRole('article', { name: `Decision ${second}` }).waitFor();
  await page.keyboard.press('Control+Shift+D');
  await page.getByLabel('Reason').fill('Not today');
  await page.keyboard.press('Enter');
  await page.getByText(/^files__write_file denied · web page · Not today · /).waitFor();
  await expect.poll(() => page.evaluate('document.activeElement?.ariaLabel')).toBe('Message');

  // What a turn asks, and what is sent while it waits.
  const box = page.getByRole('textbox', { name: 'Message' });
  model.reply(callsTools({ name: 'time', input: { timezone: 'Europe/Berlin' } }));
  for (const text of ['What time is it?', 'And then?']) {
    await box.fill(text);
    await page.keyboard.press('Enter');
    await page.getByRole('article', { name: /: time$/ }).waitFor();
  }
  model.reply(says('It is noon'));
  model.reply(says('Then it is one'));
  await page.getByRole('button', { name: 'Approve time' }).click();
  await page.getByRole('article', { name: 'Agent' }).getByText('Then it is one').waitFor();
  const said = page.locator('.said');
  await expect
    .poll(() => said.textContent())
    .toMatch(/What time is it\?.*time approved · web page.*It is noon.*And then\?.*Then it is one/s);

  model.reply(callsTools({ name: 'time', input: { timezone: 'Asia/Tokyo' } }));
  await box.fill('And there?');
  await page.keyboard.press('Enter');
  await page.getByRole('button', { name: /^Deny … time/ }).click();
  model.reply(says('Then not'));
  await page.keyboard.press('Enter');
  await page.getByRole('article', { name: 'Agent' }).getByText('Then not').waitFor();
  // The call was not run, so it has neither failed nor taken any time.
  await expect.poll(() => page.locator('.tool-row > summary').last().innerText()).toMatch(/^Tool\s+time\s+\{.*\}\s+Not run$/);

  // A job that is deleted withdraws the question of its turn.
  model.reply(callsTools({ name: 'time', input: { timezone: 'Europe/Berlin' } }));
  const report = { schedule: 'every 1h', message: 'Report', mode: 'agent', channel: 'webchat', chat_id: 'me' };
  const { job } = await callApi<{ job: { id: string } }>(gateway, 'POST /api/cron/create', report);
  await callApi(gateway, 'POST /api/cron/trigger', { job_id: job.id });
  await page.getByRole('link', { name: 'Chat 1 decision waits' }).waitFor();
  await callApi(gateway, `DELETE /api/cron/${job.id}`);
  await page.getByRole('link', { name: 'Chat', exact: true }).waitFor();
});

test.skipIf(noBrowser)('what waits is shown even if the part of the page for it could not be loaded at first', async () => {
  const { gateway, talk } = await startPageWorld();
  const chat = await talk('Water the plants');
  const asks = await approvalsOf(gateway);
  const id = await asks({ sessionKey: chat, tool: 'files__write_file', input: INPUT, said: 'A moment.' });
  const page = await openPage(`${gateway.url}/health`, { token: tokenOf(gateway), allowedErrors: /ERR_FAILED/ });
  let failures = 0;
  await page.route('**/assets/*.js', async (route) => {
    const response = await route.fetch();
    const isWanted = (await response.text()).includes('The agent asks to use');
    if (isWanted) failures += 1;
    await (isWanted && failures === 1 ? route.abort() : route.fulfill({ response }));
  });
  await page.goto(`${gateway.url}/#/chat/${encodeURIComponent(chat)}`);
  await page.getByRole('article', { name: `Decision ${id}` }).waitFor();
  expect(failures).toBe(2);
});

test.skipIf(noBrowser)('what waits is shown even if it could not be read at first, while the page stays connected', async () => {
  const { gateway, model, talk } = await startPageWorld({ agents: { defaults: { model: 'fake/one', permissions: { time: 'ask' } } } });
  const asks = await approvalsOf(gateway);
  await asks({ sessionKey: await talk('Water the plants'), tool: 'files__write_file', input: INPUT, said: '' });
  const page = await openPage(`${gateway.url}/health`, { token: tokenOf(gateway), allowedErrors: /503/ });
  const failed: string[] = [];
  await page.route(/\/api\/approvals/, async (route) => {
    const name = /state=pending|\d+$/.exec(route.request().url())?.[0] ?? '';
    if (name === '' || failed.includes(name)) return route.continue();
    failed.push(name);
    await route.fulfill({ status: 503, json: {} });
  });
  await page.goto(`${gateway.url}/#/chat`);
  await page.getByRole('link', { name: 'Chat 1 decision waits' }).waitFor();
  model.reply(callsTools({ name: 'time', input: { timezone: 'Europe/Berlin' } }));
  await talk('What time is it?');
  await page.getByRole('link', { name: 'Chat 2 decisions wait' }).waitFor();
  expect(failed).toEqual(['state=pending', '2']);
});
