/** The documents' commands, run in the order in which they are read, each section in a home of its own. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { DOC_ACTIONS } from '../helpers/doc-actions.js';
import { parseDocument } from '../helpers/doc-commands.js';
import { DocRun } from '../helpers/doc-scenario.js';
import { whyNoPostgres } from '../helpers/postgres.js';
import { root } from '../helpers/real-gateway.js';

const DOCUMENTS: readonly { path: string; directory?: string }[] = [
  { path: 'README.md', directory: root },
  { path: 'docs/gateway.md' },
  { path: 'docs/configuration.md' },
  { path: 'docs/access.md' },
  { path: 'docs/reverse-proxies.md' },
  { path: 'docs/backup.md' },
  { path: 'docs/cron.md' },
  { path: 'docs/webhooks.md' },
  ...(whyNoPostgres() === undefined ? [{ path: 'docs/cluster.md' }] : []),
];

describe.each(DOCUMENTS)('the commands of $path', ({ path, directory }) => {
  const scenarios = parseDocument(readFileSync(join(root, path), 'utf8'));

  const played = scenarios.filter(({ steps }) => steps.some((step) => step.kind === 'commands'));

  test.each(played.map((scenario) => [scenario.title, scenario] as const))(
    'under "%s" exit and print as shown',
    { timeout: 120_000 },
    async (_title, scenario) => {
      const run = await DocRun.create({ actions: DOC_ACTIONS, ...(directory === undefined ? {} : { directory }) });
      expect(await run.play(scenario)).toBeGreaterThan(0);
    },
  );

  test('are left out only where a reason is given', () => {
    const skipped = scenarios.flatMap(({ steps }) => steps.filter((step) => step.kind === 'skipped'));
    for (const step of skipped) expect(step.reason, step.text).toMatch(/\w+ \w+/);
  });
});
