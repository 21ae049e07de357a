import { describe, expect, test } from 'vitest';
import { readSeal, seal, SEAL_COMMENT } from '../../../client/service/seal.js';

const text = seal(`# first\n# ${SEAL_COMMENT}\nKey=value\n`);

describe('a sealed file', () => {
  test('is recognised as it was written', () => {
    expect(text).toMatch(/^# first\n# xopc-seal [0-9a-f]{16}\nKey=value\n$/);
    expect(readSeal(text)).toBe('sealed');
  });

  test.each([
    { what: 'a changed value', edited: text.replace('value', 'other') },
    { what: 'an added line', edited: `${text}More=1\n` },
    { what: 'a removed line', edited: text.replace('# first\n', '') },
    { what: 'another hash', edited: text.replace(/[0-9a-f]{16}/, '0000000000000000') },
    { what: 'line ends of another system', edited: text.replaceAll('\n', '\r\n') },
  ])('is recognised as edited by $what', ({ edited }) => {
    expect(readSeal(edited)).toBe('edited');
  });

  test('without its seal is nobody of ours', () => {
    expect(readSeal(text.replace(/^.*xopc-seal.*\n/m, ''))).toBe('foreign');
    expect(readSeal('')).toBe('foreign');
  });
});
