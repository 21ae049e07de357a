/** The recipe for nginx in docs/access.md: checked by nginx itself, then used. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { request } from 'node:https';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { describe, expect, onTestFinished, test } from 'vitest';
import { says } from '../fakes/openai/reply.js';
import { startFakeOpenAi } from '../fakes/openai/server.js';
import { type DocStep, parseDocument } from '../helpers/doc-commands.js';
import { findNginx, startNginx } from '../helpers/nginx.js';
import { freePort } from '../helpers/free-port.js';
import { RealGateway, root } from '../helpers/real-gateway.js';
import { tempDir } from '../helpers/temp-dir.js';

const NAME = 'gateway.example.com';
const PASSWORD = 'correct horse';
const nginx = findNginx();

const steps = parseDocument(readFileSync(join(root, 'docs/access.md'), 'utf8')).flatMap((scenario) => scenario.steps);
const blockOf = (language: string): string =>
  steps.find((step): step is Extract<DocStep, { kind: 'block' }> => step.kind === 'block' && step.language === language)?.text ?? '';

/** The shell lines of the recipe that make a file, with another path and without root. */
function runRecipeLine(target: string, path: string, env: Record<string, string>): void {
  const shell = steps.flatMap((step) => (step.kind === 'skipped' && step.text.includes(target) ? step.text.split('\n') : []));
  const line = shell.find((candidate) => candidate.endsWith(`| sudo tee ${target}`)) ?? '';
  const command = line.replace(`sudo tee ${target}`, `tee ${path}`).replace('openssl passwd -apr1', `openssl passwd -apr1 '${PASSWORD}'`);
  execFileSync('/bin/sh', ['-c', command], { env: { ...process.env, ...env }, stdio: 'ignore' });
}

interface Site {
  readonly port: number;
  readonly gateway: RealGateway;
  ask(
    path: string,
    options?: { headers?: Record<string, string>; body?: unknown },
  ): Promise<{ status: number; text: string; parts: number }>;
}

async function makeSite(options: { env: Record<string, string>; change?: (recipe: string) => string }): Promise<Site> {
  if (!('program' in nginx)) throw new Error(nginx.missing);
  const gateway = await RealGateway.create({ XOPC_LOG_LEVEL: 'debug', ...options.env });
  for (const [key, value] of [
    ['gateway.trustedProxies', '["127.0.0.1"]'],
    ['gateway.allowedHosts', `["${NAME}"]`],
  ] as const) {
    expect((await gateway.xopc('config', 'set', key, value)).code).toBe(0);
  }
  await gateway.run();
  const directory = tempDir();
  const at = (name: string): string => join(directory, name);
  const certificate = [
    '-x509',
    '-newkey',
    'rsa:2048',
    '-nodes',
    '-days',
    '2',
    '-subj',
    `/CN=${NAME}`,
    '-keyout',
    at('key'),
    '-out',
    at('pem'),
  ];
  execFileSync('openssl', ['req', ...certificate], { stdio: 'ignore' });
  const env = { HOME: gateway.home, XOPC_HOME: gateway.xopcHome, PATH: `${join(root, 'bin')}:${process.env['PATH'] ?? ''}` };
  runRecipeLine('/etc/nginx/xopc.htpasswd', at('htpasswd'), env);
  runRecipeLine('/etc/nginx/xopc-token.conf', at('token.conf'), env);
  const port = await freePort();
  const replacements = [
    ['listen 443 ssl', `listen 127.0.0.1:${port} ssl`],
    [`/etc/ssl/${NAME}.pem`, at('pem')],
    [`/etc/ssl/${NAME}.key`, at('key')],
    ['/etc/nginx/xopc.htpasswd', at('htpasswd')],
    ['/etc/nginx/xopc-token.conf', at('token.conf')],
    ['127.0.0.1:18790', `127.0.0.1:${gateway.port}`],
  ] as const;
  const recipe = replacements.reduce((result, [from, to]) => {
    expect(result).toContain(from);
    return result.replace(from, to);
  }, blockOf('nginx'));
  await startNginx(nginx.program, (options.change ?? String)(recipe), port);
  return { port, gateway, ask: (path, asked) => askHttps(port, path, asked) };
}

async function askHttps(
  port: number,
  path: string,
  { headers = {}, body }: { headers?: Record<string, string>; body?: unknown } = {},
): Promise<{ status: number; text: string; parts: number }> {
  const all = { Host: NAME, ...(body === undefined ? {} : { 'Content-Type': 'application/json' }), ...headers };
  // The certificate is the test's own.
  const sent = request({
    host: '127.0.0.1',
    port,
    path,
    method: body === undefined ? 'GET' : 'POST',
    headers: all,
    rejectUnauthorized: false,
  });
  sent.end(body === undefined ? undefined : JSON.stringify(body));
  return new Promise((resolve, reject) => {
    sent.once('error', reject);
    sent.once('response', (response) => {
      let parts = 0;
      response.on('data', () => (parts += 1));
      text(response).then((content) => resolve({ status: response.statusCode ?? 0, text: content, parts }), reject);
    });
  });
}

const basic = (password: string): Record<string, string> => ({
  Authorization: `Basic ${Buffer.from(`you:${password}`).toString('base64')}`,
});

describe.skipIf('missing' in nginx)(`nginx in front of the gateway${'missing' in nginx ? ` (${nginx.missing})` : ''}`, () => {
  test('asks for the password, adds the token, and hands on the answer part by part', async () => {
    const fake = await startFakeOpenAi();
    onTestFinished(() => fake.close());
    fake.replyAlways({ ...says('one ', 'two ', 'three'), delayMs: 100 });
    const { ask, gateway } = await makeSite({ env: { OPENAI_API_KEY: 'sk-test', OPENAI_BASE_URL: fake.baseUrl } });
    expect((await ask('/api/models')).status).toBe(401);
    expect((await ask('/api/models', { headers: basic('wrong') })).status).toBe(401);
    expect((await ask('/api/models', { headers: basic(PASSWORD) })).status).toBe(200);
    expect((await ask('/api/logs', { headers: basic(PASSWORD) })).status).toBe(200);
    expect((await ask('/', { headers: { ...basic(PASSWORD), Origin: `https://${NAME}` } })).status).toBe(200);
    const headers = { ...basic(PASSWORD), Accept: 'text/event-stream' };
    const stream = await ask('/api/agent', { headers, body: { message: 'hello' } });
    expect(stream.text).toContain('event: done');
    expect(stream.parts).toBeGreaterThan(2);
    expect(JSON.stringify(gateway.log())).not.toContain(Buffer.from(`you:${PASSWORD}`).toString('base64'));
  });

  test('keeps answering while the gateway restarts', async () => {
    const { ask, gateway } = await makeSite({ env: {} });
    const restart = gateway.xopc('gateway', 'restart');
    let isOver = false;
    void restart.then(() => (isOver = true));
    const statuses: number[] = [];
    while (!isOver) statuses.push((await ask('/api/models', { headers: basic(PASSWORD) })).status);
    expect((await restart).code).toBe(0);
    expect(statuses.length).toBeGreaterThan(3);
    expect(new Set(statuses)).toEqual(new Set([200]));
  });

  test('without the lines for password and token wants the client’s token, and the log has the client’s own address', async () => {
    const change = (recipe: string): string => recipe.replaceAll(/^\s*(?:auth_basic|include).*$/gm, '');
    const { ask, gateway } = await makeSite({ env: {}, change });
    const { stdout: token } = await gateway.xopc('gateway', 'token', '--show');
    const client = { 'X-Forwarded-For': '203.0.113.7' };
    expect((await ask('/', { headers: client })).status).toBe(200);
    expect((await ask('/api/models', { headers: client })).status).toBe(401);
    expect((await ask('/health')).status).toBe(200);
    expect((await ask('/api/models', { headers: { 'X-Api-Key': token.trim() } })).status).toBe(200);
    expect((await ask('/api/models', { headers: { Authorization: `Bearer ${token.trim()}`, ...client } })).status).toBe(200);
    expect(gateway.log().map((entry) => entry['client'])).toContain('203.0.113.7');
  });
});

test('the recipe names the files that its commands make', () => {
  for (const path of ['/etc/nginx/xopc.htpasswd', '/etc/nginx/xopc-token.conf']) expect(blockOf('nginx')).toContain(`${path};`);
});
