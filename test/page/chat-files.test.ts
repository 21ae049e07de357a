import { text } from 'node:stream/consumers';
import { expect, test } from 'vitest';
import { startFakeTelegram } from '../fakes/telegram/server.js';
import { expectAccessible, noBrowser, openPage } from '../helpers/browser.js';
import { startPageWorld } from '../helpers/page-world.js';
import { telegramConfig } from '../helpers/telegram-fixture.js';

test.skipIf(noBrowser)('a file that a chat has sent is saved from its conversation', async () => {
  const fake = await startFakeTelegram();
  const { gateway } = await startPageWorld(telegramConfig(fake));
  const content = 'a,b\n1,2\n';
  const id = fake.bot.addFile('documents/file_1', Buffer.from(content));
  fake.say('', { message: { document: { file_id: id, file_name: 'table.csv', file_size: 8 }, caption: 'Sum this up, please.\nThanks' } });
  await fake.until(() => fake.bot.sent.length === 1);
  const page = await openPage(`${gateway.url}/#/chat/${encodeURIComponent('main:telegram:default:direct:42')}`);
  const question = page.getByRole('article', { name: 'You' });
  await question.getByText('Sum this up, please.').waitFor();
  const saved = page.waitForEvent('download');
  await question.getByRole('button', { name: 'Save file table.csv, 1 KB' }).press('Enter');
  expect((await saved).suggestedFilename()).toBe('table.csv');
  expect(await text(await (await saved).createReadStream())).toBe(content);
  await expectAccessible(page);
});
