import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { sha256Hex } from '../../shared/sha256.js';

const reference = (text: string): string => createHash('sha256').update(text).digest('hex');

test('every length around the block size has the digest that node:crypto gives', () => {
  for (let length = 0; length <= 200; length += 1) {
    const text = 'a'.repeat(length);
    expect(sha256Hex(text), `length ${length}`).toBe(reference(text));
  }
});

test.each([['abc'], ['/home/jürgen/設定/config.json'], ['😀'.repeat(100)], ['x'.repeat(100_000)]])('%j has the right digest', (text) => {
  expect(sha256Hex(text)).toBe(reference(text));
});
