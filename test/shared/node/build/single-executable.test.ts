import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { isSingleExecutable, readTrailer } from '../../../../shared/node/build/single-executable.js';
import { asOtherBuild } from '../../../helpers/binary.js';
import { tempDir } from '../../../helpers/temp-dir.js';

const BUILD = { version: '1.2.3', buildId: '0123456789abcdef' };

function fileWith(content: string | Buffer): string {
  const path = join(tempDir(), 'xopc');
  writeFileSync(path, content);
  return path;
}

describe('the build that an executable file names', () => {
  test('is read from its end', () => {
    expect(readTrailer(fileWith(asOtherBuild(Buffer.alloc(10_000, 1), BUILD)))).toEqual(BUILD);
  });

  test.each([
    { what: 'an empty file', content: '' },
    { what: 'a short file', content: 'XOPC-BUILD' },
    { what: 'another program', content: Buffer.alloc(5_000, 7) },
    { what: 'a trailer that is cut', content: asOtherBuild(Buffer.alloc(5_000), BUILD).subarray(0, -200) },
    { what: 'a trailer that is no JSON', content: Buffer.concat([Buffer.alloc(500), Buffer.from('XOPC-BUILD{'.padEnd(256, '\0'))]) },
  ])('is undefined for $what', ({ content }) => {
    expect(readTrailer(fileWith(content))).toBeUndefined();
  });

  test('is undefined for a file that is gone and for a directory', () => {
    expect(readTrailer(join(tempDir(), 'gone'))).toBeUndefined();
    expect(readTrailer(tempDir())).toBeUndefined();
  });
});

test('these tests do not run as an executable', () => {
  expect(isSingleExecutable()).toBe(false);
});
