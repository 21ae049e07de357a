import { expect, test } from 'vitest';
import { fileError } from '../../../client/commands/file-error.js';

test('an error about the name of a file is wrong usage, and any other is left to the hint for its kind', () => {
  const failure = (code: string): Error => Object.assign(new Error(code), { code });
  expect(fileError('/x', failure('ENOENT'))).toMatchObject({
    code: 'USAGE',
    message: '/x cannot be used: there is no such file or directory',
  });
  const full = failure('ENOSPC');
  expect(fileError('/x', full)).toBe(full);
});
