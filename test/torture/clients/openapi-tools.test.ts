/** Programs that read the OpenAPI document: they find no error in it, and the clients that they generate compile and work. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { build } from 'esbuild';
import { beforeAll, expect, test } from 'vitest';
import { startHttpApp } from '../../helpers/http-app.js';
import { describeRoutes } from '../../../daemon/worker/http/openapi/describe-routes.js';
import { installClient, type InstalledClient } from './installed-client.js';

const PACKAGES = [
  '@redocly/cli@2.77.0',
  '@stoplight/spectral-cli@6.16.3',
  'openapi-typescript@7.13.0',
  '@hey-api/openapi-ts@0.95.0',
  'typescript@5.9.3',
  '@types/node@20.19.43',
];

let tools: InstalledClient;

function write(name: string, text: string): void {
  const path = join(tools.directory, name);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
}

/** Runs a program of the packages. @returns what it printed. @throws when it fails */
async function run(program: string, ...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await tools.node([tools.path(program), ...args], {});
  if (code !== 0) throw new Error(`${program} ended with ${code}: ${stdout}${stderr}`);
  return stdout + stderr;
}

beforeAll(async () => {
  tools = await installClient(...PACKAGES);
  write('openapi.json', JSON.stringify(describeRoutes('1.2.3')));
  write('package.json', '{"type":"module"}');
  write('.spectral.yaml', 'extends: spectral:oas\n');
}, 300_000);

test('Redocly and Spectral find no error', async () => {
  expect(await run('@redocly/cli/bin/cli.js', 'lint', '--extends', 'recommended', 'openapi.json')).toContain('is valid');
  expect(await run('@stoplight/spectral-cli/dist/index.js', 'lint', '--fail-severity', 'error', 'openapi.json')).not.toContain(' error ');
});

test('the types of openapi-typescript compile', async () => {
  await run('openapi-typescript/bin/cli.js', 'openapi.json', '-o', 'types.ts');
  expect(await run('typescript/bin/tsc', '--noEmit', '--strict', '--skipLibCheck', 'types.ts')).toBe('');
});

const CALLS = `
import { client } from './client/client.gen';
import { getApiCron, getApiModels, postApiAgent, postV1ChatCompletions } from './client';

client.setConfig({ baseUrl: process.env['BASE'] ?? '' });
const agent = await postApiAgent({ body: { message: 'Hello', session: 'generated' } });
const jobs = await getApiCron();
const models = await getApiModels();
const chat = await postV1ChatCompletions({ body: { model: 'main', messages: [{ role: 'user', content: 'Hello' }] } });
const wrong = await postApiAgent({ body: { message: '' } });
console.log(JSON.stringify({
  reply: agent.data?.reply,
  jobs: jobs.data?.jobs.length,
  models: models.data?.models.length,
  id: (chat.data as { id: string } | undefined)?.id,
  refused: wrong.response?.status,
}));
`;

test('the client of @hey-api/openapi-ts compiles, and its calls work', async () => {
  const { port } = await startHttpApp();
  await run('@hey-api/openapi-ts/bin/run.js', '-i', 'openapi.json', '-o', 'client');
  write('calls.ts', CALLS);
  const options = ['--noEmit', '--strict', '--skipLibCheck', '--module', 'esnext', '--moduleResolution', 'bundler', '--target', 'es2022'];
  await run('typescript/bin/tsc', ...options, '--types', 'node', 'calls.ts');
  const outfile = join(tools.directory, 'calls.mjs');
  await build({ entryPoints: [join(tools.directory, 'calls.ts')], outfile, bundle: true, platform: 'node', format: 'esm' });
  const { stdout, stderr } = await tools.node([outfile], { BASE: `http://127.0.0.1:${port}` });
  expect(stderr).toBe('');
  expect(JSON.parse(stdout)).toMatchObject({ reply: 'You said: Hello', refused: 400 });
});
