/** The API's manual: its commands and programs, run as they are printed, each section in a home of its own. */
import { spawnSync } from 'node:child_process';
import { readFileSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { type DocScenario, type DocStep, parseDocument } from '../helpers/doc-commands.js';
import { type DocAction, DocRun } from '../helpers/doc-scenario.js';
import { root } from '../helpers/real-gateway.js';

const scenarios = parseDocument(readFileSync(join(root, 'docs/api.md'), 'utf8')).filter(({ steps }) =>
  steps.some(({ kind }) => kind === 'commands'),
);

const linkPackages: DocAction = ({ gateway }) => {
  symlinkSync(join(root, 'node_modules'), join(gateway.home, 'node_modules'), 'dir');
  return Promise.resolve();
};

const actions: Record<string, DocAction> = { 'link the openai package': linkPackages, 'link the ws package': linkPackages };

const isPython = (step: DocStep): boolean =>
  (step.kind === 'block' && step.language === 'python') ||
  (step.kind === 'commands' && step.commands.some(({ text }) => text.includes('python3 ')));

const isStart = (step: DocStep): boolean => step.kind === 'commands' && step.commands.some(({ text }) => text === 'xopc gateway start');

function pick(scenario: DocScenario, isWanted: (step: DocStep) => boolean): DocScenario {
  return { ...scenario, steps: scenario.steps.filter(isWanted) };
}

/** @returns how many steps were played, each of which fails where it does not do what is printed */
async function play(scenario: DocScenario): Promise<number> {
  const run = await DocRun.create({ actions });
  await run.play(scenario);
  return scenario.steps.length;
}

const hasPython = spawnSync('python3', ['--version']).status === 0;

describe('docs/api.md', () => {
  test.each(scenarios.map((scenario) => [scenario.title, scenario] as const))(
    'the commands and the JavaScript under "%s" do what is printed',
    { timeout: 120_000 },
    async (_title, scenario) => expect(await play(pick(scenario, (step) => !isPython(step)))).toBeGreaterThan(1),
  );

  const inPython = scenarios.filter(({ steps }) => steps.some(isPython));

  test.skipIf(process.platform === 'win32' || !hasPython).each(inPython.map((scenario) => [scenario.title, scenario] as const))(
    'the Python under "%s" does what is printed',
    { timeout: 120_000 },
    async (_title, scenario) => expect(await play(pick(scenario, (step) => isStart(step) || isPython(step)))).toBeGreaterThan(2),
  );

  test('has the examples that it promises: sending, asking, health, in three languages, with and without the token', () => {
    const titles = inPython.map(({ title }) => title);
    expect(titles).toEqual(['Talk to an agent', 'Send to a chat', 'Health and status']);
    for (const { title, steps } of inPython) {
      const languages = steps.flatMap((step) => (step.kind === 'block' ? [step.language] : []));
      expect(languages.toSorted(), title).toEqual(['js', 'python']);
    }
  });
});
