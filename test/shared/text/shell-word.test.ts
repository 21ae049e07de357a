import { execFileSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { shellWord } from '../../../shared/text/shell-word.js';

test.runIf(process.platform !== 'win32')('a shell reads each word as it was', () => {
  const words = ['plain/path-1.json', '', "it's", '$HOME `id` "x" \\', 'two\nlines', '*'];
  const output = execFileSync('/bin/sh', ['-c', `printf '%s\\0' ${words.map(shellWord).join(' ')}`], { encoding: 'utf8' });
  expect(output.split('\0').slice(0, -1)).toEqual(words);
});

test('a word is quoted only if needed', () => {
  expect(['openai/gpt-5', 'a b'].map(shellWord)).toEqual(['openai/gpt-5', "'a b'"]);
});
