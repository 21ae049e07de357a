import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { escapeControls, escapeControlsKeepLines, escapeHidden, escapeJsonControls } from '../../../shared/log/escape.js';

/** Shown as nothing everywhere. */
const NOTHING = ['\u00ad', '\u034f', '\u115f', '\u1160', '\u180e', '\u200b', '\u2060', '\u2064', '\u3164', '\uffa0', '\ufeff', '\u{e0041}'];
const REORDERING = ['\u061c', '\u200e', '\u202a', '\u202e', '\u2066', '\u2069'];
/** Parts of letters and emoji, and shown as nothing elsewhere. */
const JOINING = ['\u200c', '\u200d', '\ufe0e', '\ufe0f', '\u{e0100}'];

const code = (character: string): string =>
  Array.from({ length: character.length }, (_unit, at) => `\\u${character.charCodeAt(at).toString(16).padStart(4, '0')}`).join('');

test.each([...NOTHING, ...REORDERING].filter((character) => character > '\u00ff'))('%j is escaped wherever it is', (character) => {
  expect(escapeControls(`a${character}b`)).toBe(`a${code(character)}b`);
  expect(escapeHidden(`a${character}b`)).toBe(`a${code(character)}b`);
});

describe('what somebody decides about', () => {
  test.each(JOINING)('%j between ordinary letters is escaped', (character) => {
    expect(escapeHidden(`rm${character} notes`)).toBe(`rm${code(character)} notes`);
    expect(escapeHidden(`1${character}2`)).toBe(`1${code(character)}2`);
    expect(escapeHidden(`文${character}件`)).toBe(`文${code(character)}件`);
  });

  test('one variation selector belongs to an emoji, more of them carry something else', () => {
    expect(escapeHidden('❤\ufe0f\ufe0f')).toBe('❤\ufe0f\\ufe0f');
    expect(escapeHidden('👍\u{e0100}')).toBe('👍\\udb40\\udd00');
  });

  test.each([
    ['several lines', 'a\n\tb'],
    ['emoji', '👩‍💻 👨‍👩‍👧 ❤️ 🏳️‍🌈 👍🏽 1️⃣ 👩🏽‍🚀 🇩🇪 ☺️'],
    ['Persian', 'می‌خواهم'],
    ['Hindi and Sinhala', 'क्‍ष ක්‍රි'],
    ['letters with accents', 'Grüße e\u0301 世界 مرحبا שלום 한국어'],
  ])('%s stay', (_what, text) => {
    expect(escapeHidden(text)).toBe(text);
  });

  test('a joiner beside a hidden mark is hidden too', () => {
    expect(escapeHidden('x\ufe0f\u200d👩')).toBe('x\\ufe0f\\u200d👩');
    expect(escapeHidden('ک\u200c\u061c')).toBe('ک\\u200c\\u061c');
    expect(escapeHidden('\u061c\u200cک')).toBe('\\u061c\\u200cک');
  });

  test('controls, and what a carriage return overwrites, are seen', () => {
    expect(escapeHidden('rm -rf /\rls\u001b[2K\u0085\ud83d')).toBe('rm -rf /\\u000dls\\u001b[2K\\u0085\\ud83d');
    expect(escapeHidden('cat notes.txt # \u202e dlrow_olleh.txt\u2066\u202c')).toBe(
      'cat notes.txt # \\u202e dlrow_olleh.txt\\u2066\\u202c',
    );
  });

  test('JSON stays the same value, and nothing in it is invisible', () => {
    const text = fc.array(
      fc.oneof(fc.constantFrom(...NOTHING, ...REORDERING, ...JOINING, '❤', '👩', 'ک', '\n'), fc.string({ unit: 'binary' })),
    );
    fc.assert(
      fc.property(text, (parts) => {
        const value = { [parts.join('')]: parts.join('') };
        const json = escapeHidden(JSON.stringify(value, undefined, 2));
        expect(JSON.parse(json)).toEqual(value);
        expect(json).not.toMatch(/(?![\p{Join_C}\ufe0f])\p{DI}/u);
        expect(escapeHidden(json)).toBe(json);
      }),
    );
  });
});

test('escaped JSON is the same value', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      const json = escapeJsonControls(JSON.stringify({ text }));
      expect(JSON.parse(json)).toEqual({ text });
    }),
  );
});

test('line breaks stay where they are wanted', () => {
  expect(escapeControlsKeepLines('a\n\u001b[1mb\r\n')).toBe('a\n\\x1b[1mb\\r\n');
  expect(escapeControls('a\nb')).toBe('a\\nb');
});
