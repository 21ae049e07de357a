import { expect, test } from 'vitest';
import { withSystemHint } from '../../client/system-error.js';

const failure = (code: string, path?: string): Error => Object.assign(new Error(code), { code, path });
const document = { code: 'INTERNAL_ERROR' as const, message: 'it failed' };

test.each([
  ['EACCES', 'as its owner'],
  ['EROFS', 'read-only'],
  ['ENOSPC', 'Free some space'],
  ['EISDIR', 'Move it away'],
  ['EMFILE', 'ulimit -n'],
])('%s gets a hint', (code, words) => {
  expect(withSystemHint(document, failure(code)).hint).toContain(words);
});

test('the path is named, a hint of the error’s own is kept, and other errors are left alone', () => {
  expect(withSystemHint(document, failure('EACCES', '/x/y')).hint).toContain('ls -ld /x/y');
  expect(withSystemHint({ ...document, hint: 'own' }, failure('EACCES')).hint).toBe('own');
  expect(withSystemHint(document, failure('EWHATEVER'))).toEqual(document);
  expect(withSystemHint(document, 'no error')).toEqual(document);
});
