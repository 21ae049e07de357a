import { expect, test } from 'vitest';
import { invalidCursor, pageOf } from '../../../../daemon/worker/store/pages.js';

const pageOfThree = (found: readonly number[]) => pageOf(found, 3, (last) => `after ${last}`);

test('a page has a cursor only if one more was found', () => {
  expect(pageOfThree([])).toEqual({ page: [], nextCursor: null });
  expect(pageOfThree([5, 4, 3])).toEqual({ page: [5, 4, 3], nextCursor: null });
  expect(pageOfThree([5, 4, 3, 2])).toEqual({ page: [5, 4, 3], nextCursor: 'after 3' });
});

test('an invalid cursor is named, also for programs, and cut if it is long', () => {
  const error = invalidCursor('x'.repeat(1_000));
  const cursor = 'x'.repeat(80);
  expect(error).toMatchObject({ code: 'INVALID_REQUEST', message: `invalid cursor '${cursor}'` });
  expect(error.details).toEqual({ field: 'cursor', code: 'invalid-cursor', values: { cursor } });
});
