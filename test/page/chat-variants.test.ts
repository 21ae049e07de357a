/** Answers that were asked for again and messages that were edited: each stays, by mouse and by keyboard. */
import { expect, test } from 'vitest';
import { says } from '../fakes/openai/reply.js';
import { expectAccessible, noBrowser, openPage } from '../helpers/browser.js';
import { startPageWorld } from '../helpers/page-world.js';

test.skipIf(noBrowser)('an answer that is asked for again is one of several, and each can be gone back to', async () => {
  const { gateway, model } = await startPageWorld();
  const page = await openPage(gateway.url);
  const agent = page.getByRole('article', { name: 'Agent' });
  const box = page.getByRole('textbox', { name: 'Message' });
  model.reply(says('Answer one'));
  await box.fill('A question');
  await page.keyboard.press('Enter');
  await agent.getByText('Answer one').waitFor();
  for (const answer of ['Answer two', 'Answer three']) {
    model.reply(says(answer));
    await page.getByRole('button', { name: 'Ask again', exact: true }).click();
    await agent.getByText(answer).waitFor();
  }
  await page.getByRole('group', { name: 'Variant 3 of 3' }).waitFor();
  await expect.poll(() => agent.count()).toBe(1);
  await page.getByRole('button', { name: 'Previous variant' }).click();
  await agent.getByText('Answer two').waitFor();
  // The place was made anew and has the focus: the arrows go on.
  await expect.poll(() => page.evaluate('document.activeElement?.getAttribute("aria-label")')).toBe('Previous variant');
  await page.keyboard.press('ArrowLeft');
  await agent.getByText('Answer one').waitFor();
  await page.getByRole('group', { name: 'Variant 1 of 3' }).waitFor();
  await page.keyboard.press(']');
  await agent.getByText('Answer two').waitFor();
  await expectAccessible(page);
  await page.reload();
  await agent.getByText('Answer two').waitFor();
  // What follows is asked of the chosen one alone.
  model.reply(says('And more'));
  await box.fill('Go on');
  await page.keyboard.press('Enter');
  await agent.getByText('And more').waitFor();
  expect(model.requests.at(-1)?.messages.map(({ content }) => content)).toEqual(['A question', 'Answer two', 'Go on']);
  await page.getByRole('group', { name: 'Variant 2 of 3' }).getByRole('button', { name: 'Next variant' }).click();
  await agent.getByText('Answer three').waitFor();
  await expect.poll(() => page.getByText('Go on').count()).toBe(0);
});

test.skipIf(noBrowser)('a message that was edited can be gone back to, with what followed it', async () => {
  const { gateway, model } = await startPageWorld();
  const page = await openPage(gateway.url);
  const you = page.getByRole('article', { name: 'You' });
  const agent = page.getByRole('article', { name: 'Agent' });
  const box = page.getByRole('textbox', { name: 'Message' });
  for (const [question, answer] of [
    ['First', 'To the first'],
    ['Second', 'To the second'],
  ] as const) {
    model.reply(says(answer));
    await box.fill(question);
    await page.keyboard.press('Enter');
    await agent.getByText(answer).waitFor();
  }
  model.reply(says('To the edited'));
  await you.first().hover();
  await you.first().getByRole('button', { name: 'Edit and ask again' }).click();
  await expect.poll(() => box.inputValue()).toBe('First');
  await box.fill('First, edited');
  await page.keyboard.press('Enter');
  await agent.getByText('To the edited').waitFor();
  await expect.poll(async () => [await you.count(), await agent.count()]).toEqual([1, 1]);
  await you.getByRole('button', { name: 'Previous variant' }).click();
  await agent.getByText('To the second').waitFor();
  await expect.poll(async () => [await you.count(), await agent.count()]).toEqual([2, 2]);
});

test.skipIf(noBrowser)('an answer that was stopped before it began leads back to the one before', async () => {
  const { gateway, model } = await startPageWorld();
  const page = await openPage(gateway.url);
  const agent = page.getByRole('article', { name: 'Agent' });
  model.reply(says('The first answer'));
  await page.getByRole('textbox', { name: 'Message' }).fill('A question');
  await page.keyboard.press('Enter');
  await agent.getByText('The first answer').waitFor();
  model.reply({ type: 'text', parts: ['never'], gate: { before: 0, until: new Promise(() => undefined) } });
  await page.getByRole('button', { name: 'Ask again', exact: true }).click();
  await page.getByText('Working').waitFor();
  await page.keyboard.press('Escape');
  await page.getByRole('button', { name: 'Back to the earlier answer' }).click();
  await agent.getByText('The first answer').waitFor();
  await expect.poll(() => page.getByRole('article', { name: 'You' }).count()).toBe(1);
});
