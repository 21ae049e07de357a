import { expect, test } from 'vitest';
import { listNames } from '../../../shared/text/list-names.js';

test('names are listed, many of them in part', () => {
  expect([listNames([]), listNames(['a', 'b'])]).toEqual(['', 'a, b']);
  expect(listNames(Array.from({ length: 22 }, (_name, index) => `n${index}`))).toMatch(/^n0, n1, .*, n19 and 2 more$/);
});
