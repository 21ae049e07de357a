import { expect, test } from 'vitest';
import { gatherAlbums } from '../../../../../daemon/worker/channels/telegram/albums.js';
import type { Update } from '../../../../../daemon/worker/channels/telegram/api/bot-answers.js';
import { advanceUntil } from '../../../../helpers/advance-until.js';
import { FakeClock } from '../../../../helpers/fake-clock.js';
import { makeTelegram } from '../../../../helpers/telegram-fixture.js';

const part = (id: number, album: string | undefined, caption?: string): Update =>
  ({ update_id: id, message: { media_group_id: album, caption, message_id: id } }) as Update;

test('the parts of an album are joined at its first part, led by the one with the caption', () => {
  const updates = [part(1, 'a'), part(2, undefined), part(3, 'b'), part(4, 'a', 'words'), part(5, 'b')];
  const shown = gatherAlbums(updates).map(({ update, rest }) => [update.update_id, ...rest.map(({ message_id: id }) => id)]);
  expect(shown).toEqual([[4, 1], [2], [3, 5]]);
});

test('an album whose parts come one after another is one message', async () => {
  const clock = new FakeClock();
  const { fake, channel, intake, untilReady, host } = await makeTelegram({ clock });
  await channel.start(host);
  await untilReady();
  await fake.until(() => fake.openPolls === 1);
  const photo = (id: string, more: object = {}): object => ({ media_group_id: 'g1', photo: [{ file_id: id }], ...more });
  fake.say('', { message: photo('one_one_one') });
  await fake.until(() => fake.openPolls === 0);
  fake.say('', { message: photo('two_two_two', { caption: 'both' }) });
  await advanceUntil(clock, () => intake.taken.length > 0);
  expect(intake.taken.map(({ content }) => content)).toEqual([
    '[photo](/api/files/telegram/default/two_two_two/photo.jpg)\n[photo](/api/files/telegram/default/one_one_one/photo.jpg)\nboth',
  ]);
  // Nothing of it was confirmed before all of it was stored.
  await fake.until(() => fake.bot.pendingUpdates === 0);
  fake.say('after');
  await advanceUntil(clock, () => intake.taken.length === 2);
});

test('an album stays one message when another chat writes between its parts', async () => {
  const clock = new FakeClock();
  const { fake, channel, intake, host } = await makeTelegram({ clock });
  const photo = (id: string): object => ({ media_group_id: 'g1', photo: [{ file_id: id }] });
  fake.say('', { message: photo('one_one_one') });
  fake.say('hello', { from: { id: 43, first_name: 'Bob' } });
  await channel.start(host);
  await fake.until(() => fake.calls.includes('getUpdates') && fake.openPolls === 0);
  fake.say('', { message: photo('two_two_two') });
  await advanceUntil(clock, () => intake.taken.length > 0);
  const links = ['one_one_one', 'two_two_two'].map((id) => `[photo](/api/files/telegram/default/${id}/photo.jpg)`);
  expect(intake.taken.map(({ content }) => content)).toEqual([links.join('\n'), 'hello']);
});

test('an album that a stop interrupts is read as a whole by the next worker', async () => {
  const clock = new FakeClock();
  const first = await makeTelegram({ clock });
  const { fake, channel, intake, host } = first;
  await channel.start(host);
  await fake.until(() => fake.openPolls === 1);
  fake.say('', { message: { media_group_id: 'g1', photo: [{ file_id: 'one_one_one' }], caption: 'x' } });
  await fake.until(() => fake.openPolls === 0);
  await channel.stop();
  expect(intake.taken).toEqual([]);
  expect(fake.bot.pendingUpdates).toBe(1);
});
