import { PassThrough } from 'node:stream';
import { expect, test } from 'vitest';
import { Output } from '../../../client/output/output.js';
import { Prompter, PromptStopped } from '../../../client/setup/prompter.js';
import { Captured } from '../../helpers/captured.js';

function terminal() {
  const input = new PassThrough();
  const shown = new Captured(true);
  const type = (text: string) => setImmediate(() => input.write(text));
  return { input, shown, type, prompter: new Prompter(input, new Output(shown, () => undefined)) };
}

test('an empty answer is what is in brackets, and white space does not count', async () => {
  const { prompter, shown, type } = terminal();
  type('\r');
  expect(await prompter.ask('Name', 'local')).toBe('local');
  type('  mine \r');
  expect(await prompter.ask('Name', 'local')).toBe('mine');
  expect(shown.text).toContain('Name [local]: ');
});

test('a secret is not shown while it is typed', async () => {
  const { prompter, shown, type } = terminal();
  type('sk-secret\r');
  expect(await prompter.secret('Key')).toBe('sk-secret');
  expect(shown.text).toBe('Key: \n');
});

test('a choice is a number of the list, and anything else is asked again', async () => {
  const { prompter, shown, type } = terminal();
  const choices = [
    { label: 'One', value: 1 },
    { label: 'Two', value: 2 },
  ];
  type('3\r');
  const answer = prompter.choose('Which', choices, 1);
  await shown.until((text) => text.includes('from 1 to 2'));
  type('1\r');
  expect(await answer).toBe(1);
  type('\r');
  expect(await prompter.choose('Which', choices, 1)).toBe(2);
});

test('a name is chosen by its number or typed; a long list is cut', async () => {
  const { prompter, shown, type } = terminal();
  const names = Array.from({ length: 30 }, (_, index) => `model-${index + 1}`);
  type('2\r');
  expect(await prompter.chooseName('Model', names, 'model-1')).toBe('model-2');
  type('other\r');
  expect(await prompter.chooseName('Model', names, 'model-1')).toBe('other');
  expect(shown.text).toContain('and 10 more, by name');
  expect(shown.text).not.toContain('model-21');
});

test('a question with yes and no takes nothing else', async () => {
  const { prompter, shown, type } = terminal();
  type('maybe\r');
  const answer = prompter.confirm('Really?', true);
  await shown.until((text) => text.includes('Answer y or n.'));
  type('No\r');
  expect(await answer).toBe(false);
  type('\r');
  expect(await prompter.confirm('Really?', true)).toBe(true);
});

test.each([
  ['Ctrl-C', '\u0003'],
  ['Ctrl-D', '\u0004'],
])('%s stops every kind of question, and the terminal is given back', async (_name, key) => {
  const { prompter, input, type } = terminal();
  for (const ask of [() => prompter.ask('A'), () => prompter.secret('B'), () => prompter.confirm('C', true)]) {
    type(key);
    await expect(ask()).rejects.toThrow(PromptStopped);
  }
  expect(input.listenerCount('keypress')).toBe(0);
});
