import fc from 'fast-check';
import { expect, test } from 'vitest';
import { LineSplitter } from '../../../../shared/node/log/line-splitter.js';

/** Cuts bytes at the given places, in the middle of characters too. */
function chunksOf(bytes: Buffer, cuts: readonly number[]): Buffer[] {
  const places = [0, ...cuts.map((cut) => cut % (bytes.length + 1)).toSorted((a, b) => a - b), bytes.length];
  return places.slice(1).map((end, index) => bytes.subarray(places[index], end));
}

const lineText = fc.string({ unit: 'grapheme', maxLength: 40 }).map((text) => text.replaceAll(/[\r\n]/g, ' '));
const cuts = fc.array(fc.nat(), { maxLength: 30 });

test('lines come out as they went in, wherever the stream was cut', () => {
  fc.assert(
    fc.property(fc.array(lineText, { maxLength: 30 }), lineText, cuts, (lines, rest, places) => {
      const splitter = new LineSplitter(100_000);
      const bytes = Buffer.from(lines.map((line) => `${line}\n`).join('') + rest);
      const found = chunksOf(bytes, places).flatMap((chunk) => splitter.push(chunk));
      expect(found).toEqual(lines);
      expect(splitter.flush()).toBe(rest === '' ? undefined : rest);
    }),
  );
});

test('lines that end in CR LF lose both, wherever the stream was cut', () => {
  fc.assert(
    fc.property(fc.array(lineText, { maxLength: 10 }), cuts, (lines, places) => {
      const splitter = new LineSplitter(100_000);
      const found = chunksOf(Buffer.from(lines.map((line) => `${line}\r\n`).join('')), places).flatMap((chunk) => splitter.push(chunk));
      expect(found).toEqual(lines);
    }),
  );
});

test('no input makes it keep more than the limit and one chunk, and every short line survives its long neighbours', () => {
  fc.assert(
    fc.property(fc.array(fc.nat({ max: 60 }), { minLength: 1, maxLength: 20 }), cuts, (lengths, places) => {
      const limit = 20;
      const splitter = new LineSplitter(limit);
      const lines = lengths.map((length, index) => String(index % 10).repeat(length));
      const found: string[] = [];
      for (const chunk of chunksOf(Buffer.from(lines.map((line) => `${line}\n`).join('')), places)) {
        found.push(...splitter.push(chunk));
        expect(splitter.pendingBytes).toBeLessThanOrEqual(limit);
      }
      const expected = lines.map((line) => (line.length > limit ? `${line.slice(0, limit)}… (line cut at ${limit} bytes)` : line));
      expect(found).toEqual(expected);
    }),
  );
});

test('a cut inside a character leaves the characters before it', () => {
  const splitter = new LineSplitter(10);
  expect(splitter.push(Buffer.from('äöüäöüäöü\n'))).toEqual(['äöüäö… (line cut at 10 bytes)']);
  expect(splitter.push(Buffer.from('€€€€€€\nok\n'))).toEqual(['€€€… (line cut at 10 bytes)', 'ok']);
});

test('skipped bytes are counted in lines, and a line that was begun there is not taken for a whole one', () => {
  const splitter = new LineSplitter(100);
  expect(splitter.push(Buffer.from('one\ntw'))).toEqual(['one']);
  expect(splitter.discard(Buffer.from('o\nthree\nfo'))).toBe(2);
  expect(splitter.push(Buffer.from('ur\nfive\n'))).toEqual(['five']);
  expect(splitter.discard(Buffer.from('six\n'))).toBe(1);
  expect(splitter.push(Buffer.from('seven\n'))).toEqual(['seven']);
  expect(splitter.flush()).toBeUndefined();
});
