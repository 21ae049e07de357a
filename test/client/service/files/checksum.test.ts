import { describe, expect, test } from 'vitest';
import { compareChecksum, addChecksum, CHECKSUM_COMMENT } from '../../../../client/service/files/checksum.js';

const text = addChecksum(`# first\n# ${CHECKSUM_COMMENT}\nKey=value\n`);

describe('a file with a checksum', () => {
  test('is recognised as it was written', () => {
    expect(text).toMatch(/^# first\n# xopc-checksum [0-9a-f]{16}\nKey=value\n$/);
    expect(compareChecksum(text)).toBe('unchanged');
  });

  test.each([
    { what: 'a changed value', edited: text.replace('value', 'other') },
    { what: 'an added line', edited: `${text}More=1\n` },
    { what: 'a removed line', edited: text.replace('# first\n', '') },
    { what: 'another hash', edited: text.replace(/[0-9a-f]{16}/, '0000000000000000') },
    { what: 'line ends of another system', edited: text.replaceAll('\n', '\r\n') },
  ])('is recognised as edited by $what', ({ edited }) => {
    expect(compareChecksum(edited)).toBe('edited');
  });

  test('of an earlier version is recognised by its own word', () => {
    expect(compareChecksum('# xopc-seal c86427bd6e74c0f7\nKey=value\n')).toBe('unchanged');
  });

  test('without a checksum line is foreign', () => {
    expect(compareChecksum(text.replace(/^.*xopc-checksum.*\n/m, ''))).toBe('foreign');
    expect(compareChecksum('')).toBe('foreign');
  });
});
