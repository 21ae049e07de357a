import { expect, test } from 'vitest';
import { numberOf } from '../../../webui/src/components/field/number-of.js';

test.each([
  ['128000', 128_000],
  [' 128k ', 128_000],
  ['1.5 M', 1_500_000],
  ['2,50', 2.5],
  ['2,5', 2.5],
  ['0,125', 0.125],
  ['1,2345', 1.2345],
  [',5', 0.5],
  ['1,5k', 1_500],
  ['128,000', 128_000],
  ['1,234,567', 1_234_567],
  ['1,234.5', 1_234.5],
  ['1_000', 1_000],
  ['-1', -1],
  ['', undefined],
  [' ', undefined],
])('%j is %j', (text, number) => {
  expect(numberOf(text)).toBe(number);
});

test.each(['many', '1,2,3', '1,234,56', '1.234,5', '1.2.3', '1e3', '0x10', 'k', '_', ',', '.', '-'])('%j is no number', (text) => {
  expect(numberOf(text)).toBeNaN();
});
