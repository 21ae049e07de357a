import { execFileSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { shellCommand, shellWord } from '../../../shared/text/shell-word.js';

test.runIf(process.platform !== 'win32')('a shell reads each word as it was', () => {
  const words = ['plain/path-1.json', '', "it's", '$HOME `id` "x" \\', 'two\nlines', '*'];
  const output = execFileSync('/bin/sh', ['-c', `printf '%s\\0' ${words.map(shellWord).join(' ')}`], { encoding: 'utf8' });
  expect(output.split('\0').slice(0, -1)).toEqual(words);
});

test.runIf(process.platform !== 'win32')('each value in a command is one word of it, whoever has chosen it', () => {
  const key = 'main:api:default:direct:notes;printf${IFS}ran';
  const command = shellCommand`printf '%s|' ${'-n'} ${key} ${7}; printf ${"'"}`;
  expect(execFileSync('/bin/sh', ['-c', command], { encoding: 'utf8' })).toBe(`-n|${key}|7|'`);
});

test('a word is quoted only if needed', () => {
  expect(['openai/gpt-5', 'a b'].map(shellWord)).toEqual(['openai/gpt-5', "'a b'"]);
});
