/** The tables of the manual against the sources that they describe: nothing is missing, nothing is invented. */
import { readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { statusExitCode } from '../../client/output/status-text.js';
import { describe as describeCommands } from '../../client/cli/help/help-text.js';
import { COMMANDS } from '../../client/commands/registry.js';
import { NODE_VARIABLES } from '../../client/service/plan/shell-variables.js';
import { publicState, STATES } from '../../daemon/supervisor/state/state.js';
import { createRemindCommand } from '../../daemon/worker/cron/task-scheduler.js';
import { createApprovalCommands } from '../../daemon/worker/turns/commands/approval-commands.js';
import { createCommands } from '../../daemon/worker/turns/commands/built-in-commands.js';
import { KNOWN_PROVIDERS } from '../../shared/config/known-providers.js';
import { RESTART_ME_EXIT_CODE } from '../../shared/exit-codes.js';
import { modelsSchema } from '../../shared/config/models-schema.js';
import { configSchema } from '../../shared/config/schema.js';
import { validateConfig, validateModels } from '../../shared/config/validate.js';
import type { GatewayState, StatusDocument } from '../../shared/api/gateway/status.js';
import { ERRORS } from '../../shared/errors.js';
import { parseConfigText } from '../../shared/node/config/config-text.js';
import { resolvePaths } from '../../shared/node/process/paths.js';
import { codeSpans, parseDocument, tableRows } from '../helpers/doc-commands.js';
import { listSchemaKeys, type SchemaKey } from '../helpers/schema-keys.js';
import { listFiles, readAllSources, root } from './source-tree.js';

const read = (path: string): string => readFileSync(join(root, path), 'utf8');
const manual = read('docs/gateway.md');
const configuration = read('docs/configuration.md');
const channels = read('docs/channels.md');

interface DocumentedKey {
  readonly key: string;
  readonly value: string;
  readonly defaultText: string;
}

const documentedKeys = (documents: readonly string[], heading: string): DocumentedKey[] =>
  documents
    .flatMap((document) => tableRows(document, heading))
    .filter(([, , defaultText]) => defaultText !== undefined)
    .map(([key = '', value = '', defaultText = '']) => ({ key: codeSpans(key)[0] ?? '', value, defaultText }));

function documentedDefault({ defaultText }: DocumentedKey): unknown {
  if (defaultText === 'none' || defaultText === 'required') return defaultText;
  return JSON.parse(codeSpans(defaultText)[0] ?? '') as unknown;
}

/** What the text about a value must name: its bounds, its choices. */
function expectedWords({ minimum, maximum, choices }: SchemaKey): string[] {
  return [...(maximum === undefined ? [] : [`${minimum} to ${maximum}`]), ...choices.map((choice) => `\`${choice}\``)];
}

describe.each([
  { heading: 'Keys', documents: [configuration, channels, read('docs/cron.md')], schema: configSchema },
  { heading: 'Keys of models.json', documents: [configuration], schema: modelsSchema },
])('the manual under "$heading"', ({ heading, documents, schema }) => {
  const documented = documentedKeys(documents, heading);
  const actual = listSchemaKeys(z.toJSONSchema(schema, { io: 'input' }));

  test('lists every key of the schema and no other', () => {
    expect(actual.length).toBeGreaterThan(10);
    expect(documented.map(({ key }) => key).toSorted()).toEqual(actual.map(({ key }) => key).toSorted());
  });

  test.each(actual.map((entry) => [entry.key, entry] as const))('says of %s its default and what is allowed', (key, entry) => {
    const row = documented.find((candidate) => candidate.key === key);
    expect(row).toBeDefined();
    if (row === undefined) return;
    expect(documentedDefault(row)).toEqual(entry.isRequired ? 'required' : (entry.default ?? (entry.isNullDefault ? null : 'none')));
    for (const words of expectedWords(entry)) expect(row.value).toContain(words);
  });
});

test('the table of known providers has each in its order, with its variables', () => {
  const spans = (cell = ''): string | string[] => (cell.includes('`') ? codeSpans(cell) : cell);
  const documented = tableRows(configuration, 'Known providers').map((row) => row.map(spans));
  const expected = KNOWN_PROVIDERS.map(({ id, name, keyVariables, baseUrlVariable }) => {
    return [[id], name, [...keyVariables], baseUrlVariable === undefined ? '' : [baseUrlVariable]];
  });
  expect(documented).toEqual(expected);
});

test('the table of states has every state, with the exit code of status', () => {
  const rows = tableRows(read('docs/architecture.md'), 'State').map(([state = '', , exitCode = '']) => [codeSpans(state)[0], exitCode]);
  const status = (state: GatewayState): string =>
    String(statusExitCode({ desired: 'up', state, ready: state === 'running' } as StatusDocument));
  const states = [...new Set(STATES.map(publicState))];
  // Nobody can ask a gateway that has stopped.
  const expected = states.map((state) => [state, state === 'stopped' ? '' : status(state)]);
  expect(rows.toSorted()).toEqual(expected.toSorted());
});

/** Other files are a program's, or the call of one. */
const isConfigured = (path: string | undefined): boolean => path === undefined || /\b(config|models)\.json$/.test(path);

test('every example of a configuration file is valid', () => {
  const examples = ['README.md', 'docs/gateway.md', 'docs/configuration.md', 'docs/access.md', 'docs/webhooks.md'].flatMap((path) =>
    parseDocument(read(path))
      .flatMap(({ steps }) => steps)
      .flatMap((step) =>
        step.kind === 'block' && /^jsonc?$/.test(step.language) && isConfigured(step.path) ? [{ ...step, document: path }] : [],
      ),
  );
  expect(examples.length).toBeGreaterThan(3);
  for (const { document, line, text, path } of examples) {
    const parsed = parseConfigText(text, `${document}:${line}`);
    const { problems } = path?.endsWith('models.json') === true ? validateModels(parsed) : validateConfig(parsed);
    expect(problems).toEqual([]);
  }
});

test('the table of environment variables has every variable that the code reads and no other', () => {
  const inEnvironment = [...read('shared/node/process/env.ts').matchAll(/\b(?:text|flag)\('([A-Z0-9_]+)'\)/g)].map(([, name]) => name);
  const elsewhere = readAllSources()
    .filter(({ path }) => !path.startsWith('client/service/'))
    .flatMap(({ text }) => [...text.matchAll(/\b(?:environmentValue|lookup)\('([A-Z_]+)'\)/g)].map(([, name]) => name));
  const documented = tableRows(manual, 'Environment variables').flatMap(([name = '']) => codeSpans(name));
  expect(documented.toSorted()).toEqual([...new Set([...inEnvironment, ...elsewhere])].filter((name) => name !== 'PATH').toSorted());
});

test('the table of slash commands has each of them', () => {
  const parts = { remind: createRemindCommand({} as never), approvals: createApprovalCommands({} as never) };
  const names = createCommands(parts as never)
    .list()
    .map(({ name }) => `/${name}`);
  const documented = tableRows(channels, 'Commands').map(([cell = '']) => codeSpans(cell)[0]?.split(' ')[0]);
  expect([...new Set(documented)].toSorted()).toEqual(names.toSorted());
});

const COMMON_OPTIONS = new Set(['--config', '--json']);

test('each option of each command is described where its command is named', async () => {
  const pages = [...listFiles('docs', /\.md$/), 'README.md'].filter((path) => !path.startsWith('docs/adr/'));
  const sections = pages.flatMap((path) => read(path).split(/^(?=##+ )/m));
  const missing = (await describeCommands(COMMANDS)).flatMap(({ path, aliases, options }) => {
    const names = [path, ...aliases].map((name) => name.replace(/^xopc /, '')).join('|');
    const about = sections.filter((text) => new RegExp(`(?:xopc |\`)(?:${names})\\b`).test(text));
    return options
      .map(({ definition }) => /--[a-z-]+/.exec(definition)?.[0] ?? definition)
      .filter((flag) => !COMMON_OPTIONS.has(flag))
      .filter((flag) => !about.some((text) => new RegExp(`--(?:no-)?${flag.slice(2)}(?![\\w-])`).test(text)))
      .map((flag) => `${path} ${flag}`);
  });
  expect(missing).toEqual([]);
});

test('the variables of Node that a service needs too are in their table', () => {
  expect(tableRows(configuration, 'Through a proxy').flatMap(([name = '']) => codeSpans(name))).toEqual([...NODE_VARIABLES]);
});

test('the table of files has every path of the home and no other', () => {
  const home = '/home/you/.xopc';
  const { hash, ...paths } = resolvePaths({ home, runtimeDir: '/tmp' });
  const files = Object.entries(paths).filter(([name]) => name.endsWith('Path') || name === 'configVersionsDir');
  const expected = files.map(([name, path]) => relative(home, path).replace(hash, 'HASH') + (name.endsWith('Dir') ? '/' : ''));
  const documented = tableRows(manual, 'Files').map(([path = '']) => codeSpans(path)[0]);
  expect(documented.toSorted()).toEqual(expected.toSorted());
});

test('the table of exit codes has every code with the errors that end with it', () => {
  const rows = tableRows(manual, 'Exit codes').map(([code, , errors = '']) => ({
    code: Number(code),
    errors: codeSpans(errors).toSorted(),
  }));
  const codes = Object.entries(ERRORS).map(([error, { exitCode }]) => ({ error, exitCode }));
  const expectedCodes = new Set([0, RESTART_ME_EXIT_CODE, 130, ...codes.map(({ exitCode }) => exitCode)]);
  expect(rows.map(({ code }) => code)).toEqual([...expectedCodes].toSorted((a, b) => a - b));
  // 1 is "every other one".
  for (const row of rows.filter(({ code }) => code !== 1)) {
    const errors = codes.filter(({ exitCode }) => exitCode === row.code).map(({ error }) => error);
    expect(row).toEqual({ code: row.code, errors: errors.toSorted() });
  }
});
