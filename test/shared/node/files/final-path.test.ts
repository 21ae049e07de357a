import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { finalPath } from '../../../../shared/node/files/final-path.js';
import { tempDir } from '../../../helpers/temp-dir.js';

test('a path is resolved to what it names, or would name', () => {
  const directory = tempDir();
  const at = (name: string): string => join(directory, name);
  mkdirSync(at('real'));
  writeFileSync(at('real/file'), '');
  symlinkSync(join('real', 'file'), at('link'));
  symlinkSync(at('link'), at('link to a link'));
  symlinkSync(join('real', 'missing'), at('dangling'));
  symlinkSync('dangling', at('link to a dangling one'));
  symlinkSync('itself', at('itself'));
  const found = ['real/file', 'link', 'link to a link', 'nothing', 'dangling', 'link to a dangling one', 'itself', 'real/file/below'].map(
    (name) => finalPath(at(name)),
  );
  const file = at('real/file');
  // A relative target counts from where the link is, not from how it was reached.
  mkdirSync(at('real/deep'));
  symlinkSync(join('real', 'deep'), at('short'));
  symlinkSync(join('..', 'missing'), at('real/deep/link'));
  expect(finalPath(at('short/link'))).toBe(at('real/missing'));
  expect(found).toEqual([file, file, file, at('nothing'), at('real/missing'), at('real/missing'), at('itself'), at('real/file/below')]);
});
