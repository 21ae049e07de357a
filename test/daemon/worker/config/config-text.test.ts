import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { expect, test } from 'vitest';
import { ConfigDocuments } from '../../../../daemon/worker/config/config-documents.js';
import { validateConfig } from '../../../../shared/config/validate.js';
import { loadConfigFile } from '../../../../shared/node/config/config-file.js';
import { resolvePaths } from '../../../../shared/node/process/paths.js';
import { fakeStatus } from '../../../helpers/fake-status.js';
import { tempDir } from '../../../helpers/temp-dir.js';

function makeService(text: string) {
  const home = tempDir();
  const paths = resolvePaths({ home, runtimeDir: home });
  for (const path of [paths.lockPath, paths.configPath, paths.databasePath]) mkdirSync(dirname(path), { recursive: true });
  writeFileSync(paths.configPath, text);
  const document = loadConfigFile({ path: paths.configPath });
  const inForce = () => ({ config: validateConfig(document).value!, revision: document.hash, isTokenOverridden: false });
  const config = new ConfigDocuments({ paths, inForce, status: { read: () => Promise.resolve(fakeStatus) } });
  return { config: Object.assign(config, { path: paths.configPath }), read: () => readFileSync(paths.configPath, 'utf8') };
}

const TEXT = '{ // or 0123456789abcdef-7890\n  // keep\n  "gateway": { "auth": { "api_key": "0123456789abcdef-7890" } }\n}\n';

test('a text can be validated without being written, and is written with its comments and its secrets', async () => {
  const { config, read } = makeService(TEXT);
  const { text, revision } = await config.readText();
  expect(text).toContain('// or [redacted \u20267890]\n');
  const edited = text.replace('// keep', '// kept\n  "logs": { "level": "debug" },');
  expect(await config.writeText(edited, { dryRun: true })).toEqual({ revision, written: false, problems: [] });
  expect(read()).toBe(TEXT);
  const outcome = await config.writeText(edited, { dryRun: false, expectedRevision: revision });
  expect(outcome).toMatchObject({ written: true, problems: [] });
  expect(read()).toBe(TEXT.replace('// keep', '// kept\n  "logs": { "level": "debug" },'));
  expect((await config.readText()).revision).toBe(outcome.revision);
});

test('problems have a line and a column and nothing is written; nor is another’s change overwritten', async () => {
  const { config, read } = makeService(TEXT);
  const { text } = await config.readText();
  const broken = await config.writeText(`${text.slice(0, -2)},,}`, { dryRun: false });
  expect(broken).toMatchObject({ written: false, problems: [{ line: 4 }] });
  const wrong = await config.writeText('{\n  "logs": { "level": "loud" }\n}', { dryRun: false });
  expect(wrong).toMatchObject({ written: false, problems: [{ line: 2, column: 22, key: 'logs.level' }] });
  await expect(config.writeText('{}', { dryRun: false, expectedRevision: 'x' })).rejects.toMatchObject({ code: 'PRECONDITION_FAILED' });
  expect(read()).toBe(TEXT);
});

test('versions are kept at each change, shown without their secrets, and put back with them', async () => {
  const { config, read } = makeService(TEXT);
  await config.patch({ logs: { level: 'debug' } }, {});
  await config.patch({ gateway: { auth: { api_key: 'another-secret-abcdef' } } }, {});
  const versions = await config.versions();
  expect(versions.map(({ current }) => current)).toEqual([false, false]);
  const first = await config.readVersion(versions[1]!.id);
  expect(first.text).toContain('// keep');
  expect(first.text).not.toContain('0123456789');
  const { revision } = await config.readText();
  await expect(config.restoreVersion(first.id, { expectedRevision: 'x' })).rejects.toMatchObject({ code: 'PRECONDITION_FAILED' });
  expect(await config.restoreVersion(first.id, { expectedRevision: revision })).toMatchObject({ written: true, problems: [] });
  expect(read()).toBe(TEXT);
  expect((await config.versions()).map(({ id, current }) => [id === first.id, current])).toContainEqual([true, true]);
  await expect(config.readVersion('1700000000000-0000000000000000')).rejects.toMatchObject({ code: 'NOT_FOUND' });
});

test('a file that cannot be read is shown as it is, without its secrets, and mended from here', async () => {
  const broken = TEXT.replace('} }\n}', '} }\n');
  const { config, read } = makeService(TEXT);
  writeFileSync(config.path, broken);
  const view = await config.readText();
  expect(view).toMatchObject({ problems: [{ line: 5, message: expect.stringContaining("'}' is missing") as string }] });
  expect(view.text).not.toContain('0123456789');
  expect(await config.writeText(view.text, { dryRun: true })).toMatchObject({ written: false, problems: [{ line: 5 }] });
  const outcome = await config.writeText(`${view.text}}\n`, { dryRun: false, expectedRevision: view.revision });
  expect(outcome).toMatchObject({ written: true });
  expect(read()).toBe(`${broken}}\n`);
});
