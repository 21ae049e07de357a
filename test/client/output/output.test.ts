import { expect, test } from 'vitest';
import { wantsColour } from '../../../client/output/output.js';
import { Captured } from '../../helpers/captured.js';

test.each([
  [true, {}, true],
  [false, {}, false],
  [true, { NO_COLOR: '1' }, false],
  [true, { FORCE_COLOR: '0' }, false],
  [false, { FORCE_COLOR: '1' }, true],
  [false, { FORCE_COLOR: '1', NO_COLOR: '1' }, false],
  [true, { TERM: 'dumb' }, false],
])('a stream with isTTY %s and %j is coloured: %s', (isTTY, variables, expected) => {
  expect(wantsColour(new Captured(isTTY), (name) => (variables as Record<string, string>)[name])).toBe(expected);
});
