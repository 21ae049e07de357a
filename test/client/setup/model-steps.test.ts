import { expect, test } from 'vitest';
import { providerStep } from '../../../client/setup/model-steps.js';
import type { Choice, Prompter } from '../../../client/setup/prompter.js';
import type { SetupRun } from '../../../client/setup/setup-run.js';

const openai = { id: 'openai', name: 'OpenAI', configured: false, source: 'OPENAI_API_KEY' };

/** Setup of a person who chooses these, then takes what Enter takes, and types nothing. */
function enter(...chosen: number[]): { readonly notes: string[]; readonly setup: SetupRun } {
  const notes: string[] = [];
  const prompter: Partial<Prompter> = {
    choose: <T>(_question: string, choices: readonly Choice<T>[], fallback: number) =>
      Promise.resolve(choices[chosen.shift() ?? fallback]?.value as T),
    secret: () => Promise.resolve(''),
    ask: () => Promise.resolve(''),
  };
  const setup = {
    flags: {},
    prompter,
    variable: () => undefined,
    request: () => Promise.resolve({ providers: [openai] }),
    note: (text: string) => Promise.resolve(void notes.push(text)),
  };
  return { notes, setup: setup as unknown as SetupRun };
}

test.each([
  { what: 'key', chosen: [] },
  { what: 'URL', chosen: [1] },
])('without a $what it says that nothing is set up, and Enter skips the step', async ({ what, chosen }) => {
  const { notes, setup } = enter(...chosen);
  expect(await providerStep(setup)).toBeUndefined();
  expect(notes).toEqual([`No ${what} was given; nothing is set up.`]);
});
