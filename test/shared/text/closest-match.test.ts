import { expect, test } from 'vitest';
import { closestMatch, editDistance } from '../../../shared/text/closest-match.js';

test.each([
  ['', '', 0],
  ['abc', 'abc', 0],
  ['abc', '', 3],
  ['status', 'sttaus', 1],
  ['port', 'prot', 1],
  ['port', 'ports', 1],
  ['kitten', 'sitting', 3],
])('%j and %j are %i edits apart', (left, right, distance) => {
  expect(editDistance(left, right)).toBe(distance);
  expect(editDistance(right, left)).toBe(distance);
});

test.each([
  ['prot', 'port'],
  ['PORT', 'port'],
  ['hosts', 'host'],
  ['drainTimeout', 'drainTimeoutMs'],
  ['zzz', undefined],
  ['x'.repeat(1_000_000), undefined],
])('%.20s was meant as %s', (input, expected) => {
  expect(closestMatch(input, ['host', 'port', 'drainTimeoutMs'])).toBe(expected);
});
