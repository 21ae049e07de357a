import { expect, test } from 'vitest';
import { sayLive, sayRest, SILENCE } from '../../../../../webui/src/views/chat/transcript/spoken.js';

const stored = (content: string, turn = 'turn', role: 'assistant' | 'tool' | 'user' = 'assistant') => ({
  role,
  content,
  turn: { id: turn, inputTokens: null, outputTokens: null, costUsd: null, durationMs: 1 },
});

/** What is said of an answer that is seen at these moments, and then stored. */
function spokenOf(...texts: readonly string[]): string[] {
  const words: string[] = [];
  let said = SILENCE;
  for (const text of texts) {
    said = sayLive(said, { turn: 'turn', text, earlier: '' });
    words.push(said.words);
  }
  // Its tools are stored before it.
  const messages = [stored('Question', 'turn', 'user'), stored('*Old.*', 'earlier'), stored('{}', 'turn', 'tool')];
  expect(sayRest(said, messages)).toBe(said);
  said = sayRest(said, [...messages, stored(texts.at(-1) ?? '')]);
  words.push(said.words);
  // Once.
  expect(sayRest(said, [...messages, stored(texts.at(-1) ?? '')])).toBe(said);
  return words.filter((text, index) => text !== '' && text !== words[index - 1]);
}

test.each([
  [['Yes.'], ['Yes.']],
  [['_It_ is __init__ of big__huge, or `snake_case`.'], ['It is init of big__huge, or snake_case.']],
  [
    ['', 'One.', 'One. Two', 'One. Two.'],
    ['One.', ' Two.'],
  ],
  [
    ['A *list*:\n- one', 'A *list*:\n- one\n- two'],
    ['A list:\n', '- one\n', '- two'],
  ],
  [['第一。第二'], ['第一。', '第二']],
  [['All of it.\n'], ['All of it.\n']],
])('of %j a screen reader says %j', (texts, words) => {
  expect(spokenOf(...texts)).toEqual(words);
});

test('an answer that repeats the one before is said again', () => {
  const said = sayRest(sayLive(SILENCE, { turn: 'one', text: 'Yes.', earlier: '' }), [stored('Yes.', 'one')]);
  const next = sayLive(said, { turn: 'two', text: 'Yes.', earlier: '' });
  expect(next.words).toBe('');
  expect(sayRest(next, [stored('Yes.', 'two')]).words).toBe('Yes.');
});

test('a restarted answer is said from where the interrupted one ended', () => {
  const said = sayLive(SILENCE, { turn: 'one', text: 'First. Sec', earlier: '' });
  const again = sayLive(said, { turn: 'two', text: 'First. Second. ', earlier: 'First. Sec' });
  expect(again.words).toBe(' Second.');
});

test('nothing is said of answers that were there before', () => {
  expect(sayRest(SILENCE, [stored('Yes.')])).toBe(SILENCE);
});
