import { expect, test } from 'vitest';
import { withReportedHint, withSystemHint } from '../../../client/cli/system-error.js';

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

test('the path is named, an existing hint is kept, and other errors are unchanged', () => {
  expect(withSystemHint(document, failure('EACCES', '/x/y')).hint).toContain('ls -ld /x/y');
  expect(withSystemHint({ ...document, hint: 'own' }, failure('EACCES')).hint).toBe('own');
  expect(withSystemHint(document, failure('EWHATEVER'))).toEqual(document);
  expect(withSystemHint(document, 'no error')).toEqual(document);
});

test.each([
  '/x/.config.json.12.0123456789ab.tmp',
  '/x/.xopc-backup-XXXXXX',
  '/x/.xopc-backup-aB3dE6/gateway.db',
  '/x/.me.jsonl.12.0123456789ab.tmp',
])('the directory is named in place of %s, which is gone', (path) => {
  expect(withSystemHint(document, failure('EACCES', path)).hint).toContain('ls -ld /x.');
});

test('one that another process has reported is known by its message', () => {
  const reported = { ...document, message: 'ENOSPC: no space left on device, write' };
  expect(withReportedHint(reported).hint).toContain('Free some space');
  expect(withReportedHint(reported).hint).toContain('See which disk with: xopc doctor');
  expect(withReportedHint({ ...reported, hint: 'own' }).hint).toBe('own');
  expect(withReportedHint(document)).toEqual(document);
});

test('a deleted working directory is distinguished from a missing file', () => {
  const error = Object.assign(failure('ENOENT'), { syscall: 'uv_cwd' });
  expect(withSystemHint(document, error).hint).toContain('The current directory has been deleted');
});

test.each([
  ["ENOTDIR: not a directory, open '/x/log'", 'cannot open /x/log: not a directory (ENOTDIR)'],
  ["EACCES: permission denied, scandir '/x'", 'cannot read the directory /x: permission denied (EACCES)'],
  ["EXDEV: cross-device link not permitted, rename '/a' -> '/b'", 'cannot rename /a: cross-device link not permitted (EXDEV)'],
  ["EACCES: permission denied, open '/x/.config.json.12.0123456789ab.tmp'", 'cannot write /x/config.json: permission denied (EACCES)'],
  ["EACCES: permission denied, open '/x/.me.jsonl.12.0123456789ab.tmp'", 'cannot write /x/me.jsonl: permission denied (EACCES)'],
  ["EACCES: permission denied, mkdtemp '/x/.xopc-backup-XXXXXX'", 'cannot create a directory in /x: permission denied (EACCES)'],
  ["EIO: i/o error, open '/x/.xopc-backup-aB3dE6/token'", 'cannot write to /x: i/o error (EIO)'],
  ['something else', 'something else'],
])('%s is reported as %s', (message, shown) => {
  expect(withSystemHint({ ...document, message }, new Error(message)).message).toBe(shown);
});
