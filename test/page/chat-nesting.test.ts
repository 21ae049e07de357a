/** Texts of models whose Markdown is nested without end: they are shown, and so is all that is beside them. */
import { expect, test } from 'vitest';
import { says } from '../fakes/openai/reply.js';
import { noBrowser, openPage } from '../helpers/browser.js';
import { startPageWorld } from '../helpers/page-world.js';

const CALL = { name: 'time', input: { timezone: 'Europe/Berlin' } };

test.skipIf(noBrowser)('lists and quotations nested without end hide neither a conversation nor a question', async () => {
  const { gateway, model } = await startPageWorld({ agents: { defaults: { model: 'fake/one', permissions: { time: 'ask' } } } });
  const page = await openPage(gateway.url);
  const agent = page.getByRole('article', { name: 'Agent' });
  const box = page.getByRole('textbox', { name: 'Message' });
  const ask = async (text: string): Promise<void> => {
    await box.fill(text);
    await page.keyboard.press('Enter');
  };
  model.reply(says(`${'- '.repeat(600)}the list`));
  await ask('Nest a list');
  await agent.getByText('the list').waitFor();
  model.reply(says('All is well'));
  await ask('And now?');
  await agent.getByText('All is well').waitFor();

  await page.reload();
  await agent.getByText('the list').waitFor();
  await agent.getByText('All is well').waitFor();

  model.reply({ type: 'text', parts: [`${'>'.repeat(1_600)} the quotation`], calls: [CALL] });
  await ask('What time is it?');
  const card = page.getByRole('article', { name: /: time$/ });
  await card.getByText('the quotation').waitFor();
  model.reply(says('It is noon'));
  await page.getByRole('button', { name: 'Approve time' }).click();
  await agent.getByText('It is noon').waitFor();
  expect(await agent.getByRole('list').count()).toBeGreaterThan(0);
});
