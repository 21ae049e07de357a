import { expect, test } from 'vitest';
import { titleText } from '../../../webui/src/components/markdown/plain-text.js';

test.each([
  ['# Plan for *next* week', 'Plan for next week'],
  ['**Disk** at 91 %', 'Disk at 91 %'],
  ['What does `rm -rf` do?', 'What does rm -rf do?'],
  ['> quoted [docs](https://example.org/a_b) first', 'quoted docs first'],
  ['1. first of all', 'first of all'],
  ['2 * 3 * 4 and snake_case_name', '2 * 3 * 4 and snake_case_name'],
  ['Two disks:\n\n- **a** at 91 %\n- `b`', 'Two disks:\na at 91 %\nb'],
  ['**', '**'],
])('%s is shown as %s', (title, shown) => {
  expect(titleText(title)).toBe(shown);
});
