/** Keys while a turn waits for a decision: none of them ends it by accident, and those that decide work from the box. */
import { expect, test } from 'vitest';
import { callsTools, says } from '../fakes/openai/reply.js';
import { noBrowser } from '../helpers/browser.js';
import { openView } from '../helpers/page.js';
import { startPageWorld } from '../helpers/page-world.js';

const CALL = callsTools({ name: 'time', input: { timezone: 'Europe/Berlin' } });

test.skipIf(noBrowser)('keys decide from the box, Escape leaves a turn that waits alone, and a stopped one waits for nothing', async () => {
  const { gateway, model, talk } = await startPageWorld({ agents: { defaults: { model: 'fake/one', permissions: { time: 'ask' } } } });
  const chat = await talk('Hello');
  const page = await openView(gateway, `#/chat/${encodeURIComponent(chat)}`);
  const box = page.getByRole('textbox', { name: 'Message' });
  const card = page.getByRole('article', { name: /: time$/ });
  const ask = async (text: string): Promise<void> => {
    model.reply(CALL);
    await box.fill(text);
    await page.keyboard.press('Enter');
    await card.waitFor();
  };
  await ask('What time is it?');
  await page.keyboard.press('Escape');
  await box.pressSequentially('A draft');
  model.reply(says('It is noon'));
  await page.keyboard.press('Control+Shift+A');
  const agent = page.getByRole('article', { name: 'Agent' });
  await agent.getByText('It is noon').waitFor();

  await ask('And now?');
  await page.keyboard.press('Control+Shift+D');
  await page.getByLabel('Reason').fill('Enough');
  model.reply(says('As you like'));
  await page.keyboard.press('Enter');
  await agent.getByText('As you like').waitFor();

  await ask('Again?');
  await page.getByRole('button', { name: 'Stop', exact: true }).click();
  await page.getByText(/^time cancelled/).waitFor();
  await expect.poll(() => page.getByText('No answer').count()).toBe(1);
  await expect.poll(() => page.getByText('Waiting for the answer').count()).toBe(0);
  model.reply(says('At last'));
  await page.getByRole('button', { name: 'Ask again', exact: true }).click();
  await agent.getByText('At last').waitFor();
  await expect.poll(() => page.locator('.said').textContent()).not.toContain('No answer');
});
