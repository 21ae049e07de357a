import fc from 'fast-check';
import { expect, test } from 'vitest';
import { KnownTexts } from '../../../shared/text/known-texts.js';
import { cpuMs } from '../../helpers/cpu-time.js';

function makeKnown(texts: readonly string[]): KnownTexts {
  const known = new KnownTexts();
  for (const text of texts) known.add(text);
  return known;
}

const replaceAll = (known: KnownTexts, text: string): string => known.replaceIn(text, () => '#');

test.each([
  ['at the beginning and at the end', ['secret'], 'secretsecret', '##'],
  ['the longest of several', ['secret', 'secret-long', 'secret-longer'], 'secret-longest secret-longer', '#est #'],
  ['one inside another', ['abcdefgh', 'cdefgh'], 'abcdefgh cdefgh', '# #'],
  ['none that is too short', ['abcde'], 'abcdef', 'abcdef'],
  ['none in a text that is too short', ['abcdef'], 'abc', 'abc'],
  ['any characters', ['🛶.*+(🛶'], 'a🛶.*+(🛶b', 'a#b'],
])('finds %s', (...[_what, texts, text, expected]) => {
  expect(replaceAll(makeKnown(texts), text)).toBe(expected);
});

test('the replacement may depend on what was found', () => {
  expect(makeKnown(['secret']).replaceIn('a secret', (text) => text.toUpperCase())).toBe('a SECRET');
});

test('finds what a regular expression of all texts finds', () => {
  const letters = fc.string({ unit: fc.constantFrom('a', 'b'), maxLength: 60 });
  fc.assert(
    fc.property(fc.array(letters, { maxLength: 12 }), letters, (all, text) => {
      const texts = all.filter(({ length }) => length >= 6).toSorted((left, right) => right.length - left.length);
      expect(replaceAll(makeKnown(all), text)).toBe(texts.length === 0 ? text : text.replaceAll(new RegExp(texts.join('|'), 'g'), '#'));
    }),
    { numRuns: 500 },
  );
});

test('a long text is searched for twenty thousand texts at once, not for each', () => {
  const texts = Array.from({ length: 20_000 }, (_text, index) => `sk-proj-${index}`);
  const known = makeKnown(texts);
  const text = texts.map((one) => `${one}x `).join('');
  expect(cpuMs(() => replaceAll(known, text))).toBeLessThan(2_000);
});
