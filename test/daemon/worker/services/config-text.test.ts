import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { expect, test } from 'vitest';
import { ConfigDocuments } from '../../../../daemon/worker/services/config-documents.js';
import { validateConfig } from '../../../../shared/config/validate.js';
import { loadConfigFile } from '../../../../shared/node/config-file.js';
import { resolvePaths } from '../../../../shared/node/paths.js';
import { fakeStatus } from '../../../helpers/fake-services.js';
import { tempDir } from '../../../helpers/temp-dir.js';

function makeService(text: string) {
  const home = tempDir();
  const paths = resolvePaths({ home, runtimeDir: home });
  for (const path of [paths.lockPath, paths.configPath, paths.databasePath]) mkdirSync(dirname(path), { recursive: true });
  writeFileSync(paths.configPath, text);
  const document = loadConfigFile({ path: paths.configPath });
  const inForce = () => ({ config: validateConfig(document).value!, revision: document.hash, isTokenOverridden: false });
  const config = new ConfigDocuments({ paths, inForce, status: { read: () => Promise.resolve(fakeStatus) } });
  return { config, read: () => readFileSync(paths.configPath, 'utf8') };
}

const TEXT = '{\n  // keep\n  "gateway": { "auth": { "api_key": "0123456789abcdef-7890" } }\n}\n';

test('the text is judged without being written, and written with its comments and its secrets', async () => {
  const { config, read } = makeService(TEXT);
  const { text, revision } = await config.readText();
  const edited = text.replace('// keep', '// kept\n  "logs": { "level": "debug" },');
  expect(await config.writeText(edited, { dryRun: true })).toEqual({ revision, written: false, problems: [] });
  expect(read()).toBe(TEXT);
  const outcome = await config.writeText(edited, { dryRun: false, expectedRevision: revision });
  expect(outcome).toMatchObject({ written: true, problems: [] });
  expect(read()).toBe(TEXT.replace('// keep', '// kept\n  "logs": { "level": "debug" },'));
  expect((await config.readText()).revision).toBe(outcome.revision);
});

test('what is wrong is told by line and column, and nothing is written; nor is anything over another’s change', async () => {
  const { config, read } = makeService(TEXT);
  const { text } = await config.readText();
  const broken = await config.writeText(`${text.slice(0, -2)},,}`, { dryRun: false });
  expect(broken).toMatchObject({ written: false, problems: [{ line: 4 }] });
  const wrong = await config.writeText('{\n  "logs": { "level": "loud" }\n}', { dryRun: false });
  expect(wrong).toMatchObject({ written: false, problems: [{ line: 2, column: 22, key: 'logs.level' }] });
  await expect(config.writeText('{}', { dryRun: false, expectedRevision: 'x' })).rejects.toMatchObject({ code: 'PRECONDITION_FAILED' });
  expect(read()).toBe(TEXT);
});
