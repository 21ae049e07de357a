import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { NoOperationTraceWriter, parseWorkflow } from '@actions/workflow-parser';
import { expect, test } from 'vitest';
import { listFiles, root } from './source-tree.js';

const workflows = listFiles('.github/workflows', /\.ya?ml$/);
const problemsOf = (name: string, content: string): string[] =>
  parseWorkflow({ name, content }, new NoOperationTraceWriter())
    .context.errors.getErrors()
    .map(({ message }) => message);

test.each(workflows)('%s follows the schema of GitHub Actions', (path) => {
  expect(problemsOf(path, readFileSync(join(root, path), 'utf8'))).toEqual([]);
});

test('a workflow with an unknown key is refused, so that the check above means something', () => {
  expect(workflows.length).toBeGreaterThan(0);
  expect(problemsOf('bad.yml', 'on: push\njobs:\n  a:\n    runs-on: x\n    steps: []\n    stepz: []\n')).not.toEqual([]);
});
