import { expect, test } from 'vitest';
import { hasTranscript, hasWords, withTranscripts, wordsOf } from '../../../../../daemon/worker/turns/voice/transcript.js';

const LINK = '[voice message, 4 s](/api/files/telegram/default/file_0001/voice.ogg)';
const linked = { name: 'voice.ogg', line: 0 };
const file = { name: 'voice [1].webm' };

test.each([
  { what: 'a link', text: LINK, sounds: [linked], said: ['Hello.'], expected: `${LINK}\n[transcript] Hello.` },
  {
    what: 'a link with words below',
    text: `${LINK}\nand this?`,
    sounds: [linked],
    said: ['Hello.'],
    expected: `${LINK}\n[transcript] Hello.\nand this?`,
  },
  {
    what: 'two links',
    text: `[x]\n${LINK}\n${LINK}`,
    sounds: [
      { ...linked, line: 1 },
      { ...linked, line: 2 },
    ],
    said: ['a', 'b'],
    expected: `[x]\n${LINK}\n[transcript] a\n${LINK}\n[transcript] b`,
  },
  {
    what: 'a file alone, which the page names',
    text: 'voice [1].webm',
    sounds: [file],
    said: ['Hi.'],
    expected: '[recording voice  1 .webm]\n[transcript] Hi.',
  },
  { what: 'a file with words', text: 'Translate:', sounds: [file], said: ['Hallo.'], expected: 'Translate:\n[transcript] Hallo.' },
  {
    what: 'two files alone',
    text: 'voice [1].webm, b.ogg',
    sounds: [file, { name: 'b.ogg' }],
    said: ['1', '2'],
    expected: '[recording voice  1 .webm]\n[transcript] 1\n[recording b.ogg]\n[transcript] 2',
  },
])('the transcript of $what is a line after it', ({ text, sounds, said, expected }) => {
  const heard = withTranscripts(text, sounds, said);
  expect(heard).toBe(expected);
  expect([hasTranscript(text), hasTranscript(heard)]).toEqual([false, true]);
});

test('what a channel adds to a recording is no word of the person, and a transcript is one line', () => {
  expect(hasWords(`[forwarded from Ann]\n[in reply to you: done]\n${LINK}`, [{ ...linked, line: 2 }])).toBe(false);
  expect(hasWords(`${LINK}\nplease`, [linked])).toBe(true);
  expect([hasWords('voice [1].webm', [file]), hasWords('Translate:', [file])]).toEqual([false, true]);
  expect(wordsOf('  One\n\ntwo\u0000 three\t')).toBe('One two three');
});
