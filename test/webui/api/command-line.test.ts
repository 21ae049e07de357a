import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { promisify } from 'node:util';
import fc from 'fast-check';
import { describe, expect, onTestFinished, test } from 'vitest';
import { cliLine, curlLine } from '../../../webui/src/api/command-line.js';
import type { Call } from '../../../webui/src/api/call.js';

const run = promisify(execFile);

interface Received {
  readonly method: string | undefined;
  readonly url: string | undefined;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly body: string;
}

/** What arrives when a shell runs the line. */
async function startReceiver() {
  const received: Received[] = [];
  const server = createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on('data', (part: Buffer) => parts.push(part));
    request.on('end', () => {
      const { method, url, headers } = request;
      received.push({ method, url, headers, body: Buffer.concat(parts).toString('utf8') });
      response.end('{}');
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return async (call: Call, options: { shell?: string; hasToken?: boolean; env?: Record<string, string> } = {}): Promise<Received> => {
    const { shell = 'sh', hasToken = true, env = {} } = options;
    const line = curlLine(call, { url: new URL(call.path, origin), hasToken });
    await run(shell, ['-c', line], { env: { PATH: process.env['PATH'], XOPC_TOKEN: 'the-token', ...env } });
    const last = received.pop();
    if (last === undefined) throw new Error(`nothing came of ${line}`);
    return last;
  };
}

const HOSTILE = `it's "quoted" $HOME \`id\` $(id) \\ ! @file #x %s \n\t 中文 🙂 {a,b} [1-2]`;

describe('a line for curl, run by a real shell', () => {
  test.each(['sh', 'bash'])('%s: hostile text arrives as it is, in body, path and header', async (shell) => {
    const send = await startReceiver();
    const path = `/api/sessions/${encodeURIComponent(HOSTILE)}?q=${encodeURIComponent(HOSTILE)}`;
    const body = { message: HOSTILE, '@file': [1, null, true] };
    const got = await send({ method: 'POST', path, body, headers: { 'If-Match': `"it's"` } }, { shell });
    expect(JSON.parse(got.body)).toEqual(body);
    const { pathname, search } = new URL(path, 'http://localhost');
    expect(got).toMatchObject({ method: 'POST', url: pathname + search });
    expect(got.headers).toMatchObject({
      authorization: 'Bearer the-token',
      'content-type': 'application/json',
      'if-match': `"it's"`,
    });
  });

  test('a body that is a text with an @ first names no file', async () => {
    const send = await startReceiver();
    expect((await send({ method: 'POST', path: '/api/x', body: '@/etc/hostname' })).body).toBe('@/etc/hostname');
  });

  test('any text at all', async () => {
    const send = await startReceiver();
    const text = fc.string({ unit: 'grapheme' });
    const property = fc.asyncProperty(text, async (message) => {
      expect(JSON.parse((await send({ method: 'PATCH', path: '/api/x', body: { message } })).body)).toEqual({ message });
    });
    await fc.assert(property, { numRuns: 30 });
  });

  test('neither the token nor a secret is in it; both come from variables', async () => {
    const send = await startReceiver();
    const body = { providers: { home: { baseUrl: 'https://x.example', apiKey: `sk-'very'-secret` } }, keep: { botToken: '${FROM_ENV}' } };
    const call: Call = { method: 'PATCH', path: '/api/models-json', body };
    expect(curlLine(call, { url: new URL('http://127.0.0.1/api/models-json'), hasToken: true })).not.toMatch(/very|the-token/);
    const got = await send(call, { env: { API_KEY: 'from a variable' } });
    expect(JSON.parse(got.body)).toEqual({ ...body, providers: { home: { baseUrl: 'https://x.example', apiKey: 'from a variable' } } });
  });

  test('a masked secret goes back as the mask that keeps it; without a token there is no header', async () => {
    const send = await startReceiver();
    const body = { gateway: { auth: { api_key: { $secret: true, hint: '…7890' } } } };
    const got = await send({ method: 'PATCH', path: '/api/config', body }, { hasToken: false });
    expect(JSON.parse(got.body)).toEqual(body);
    expect(got.headers['authorization']).toBeUndefined();
  });

  test('reading is a plain line', () => {
    expect(
      curlLine({ method: 'GET', path: '/api/logs?level=warn' }, { url: new URL('http://h:1/api/logs?level=warn'), hasToken: false }),
    ).toBe("curl 'http://h:1/api/logs?level=warn'");
  });
});

describe('a line for xopc', () => {
  const patch = (body: object): string | undefined => cliLine({ method: 'PATCH', path: '/api/config', body });

  test.each<[object, string | undefined]>([
    [{ gateway: { port: 8_080 } }, 'xopc config set gateway.port 8080'],
    [{ gateway: { port: null, host: '::' } }, 'xopc config unset gateway.port && xopc config set gateway.host ::'],
    [{ gateway: { allowedHosts: ["it's.example"] } }, `xopc config set gateway.allowedHosts '["it'\\''s.example"]'`],
    [
      { agents: { defaults: { model: { primary: 'a/b', fallbacks: [] } } } },
      `xopc config set agents.defaults.model '{"primary":"a/b","fallbacks":[]}'`,
    ],
    [{ agents: { list: [{ id: 'x' }] } }, `xopc config set agents.list '[{"id":"x"}]'`],
    [{ cron: { defaultTimezone: '12' } }, `xopc config set cron.defaultTimezone '"12"'`],
    [
      { channels: { webhook: { accounts: { 'a.b': { enabled: false } } } } },
      `xopc config set 'channels.webhook.accounts["a.b"].enabled' false`,
    ],
    [{ gateway: { auth: { api_key: 'geheim' } } }, 'printf %s "$API_KEY" | xopc config set gateway.auth.api_key -'],
    [{ gateway: { auth: { api_key: { $secret: true, hint: '…' } } } }, undefined],
  ])('%j', (body, line) => expect(patch(body)).toBe(line));

  test('access tokens: made and revoked', () => {
    const limits = { agents: ['main', 'other'], expiresAt: '2027-01-31T00:00:00.000Z', requestsPerMinute: 60, dailyUsd: 2.5 };
    expect(cliLine({ method: 'POST', path: '/api/tokens', body: { name: 'ci', scopes: ['chat'], ...limits } })).toBe(
      'xopc token add ci --scope chat --agents main,other --expires 2027-01-31T00:00:00.000Z --rate 60 --daily-usd 2.5',
    );
    expect(cliLine({ method: 'POST', path: '/api/tokens', body: { name: 'ci', scopes: ['read', 'send'], dailyUsd: undefined } })).toBe(
      'xopc token add ci --scope read,send',
    );
    expect(cliLine({ method: 'DELETE', path: '/api/tokens/tok_1' })).toBe('xopc token revoke tok_1');
  });

  test('tools of MCP servers: called with their arguments', () => {
    const path = '/api/mcp/files/tools/read%20file/call';
    expect(cliLine({ method: 'POST', path, body: { arguments: { path: "it's", token: 'secret' } } })).toBe(
      `xopc mcp call files 'read file' '{"path":"it'\\''s","token":"'"$TOKEN"'"}'`,
    );
  });

  test('approvals: approved and denied', () => {
    const decide = (body: object): string | undefined => cliLine({ method: 'POST', path: '/api/approvals/12/decide', body });
    expect(decide({ decision: 'approve', remember: 'agent' })).toBe('xopc approve 12 --remember agent');
    expect(decide({ decision: 'deny', note: "It's late" })).toBe(`xopc deny 12 --note 'It'\\''s late'`);
  });

  test('jobs: made, changed, emptied, paused, run and removed', () => {
    const job = { schedule: '0 9 * * 1-5', message: "What's up?", mode: 'agent', retries: 3, timeoutMs: 90_000, enabled: false };
    expect(cliLine({ method: 'POST', path: '/api/cron/create', body: job })).toBe(
      `xopc cron add '0 9 * * 1-5' 'What'\\''s up?' --mode agent --timeout 90s --disabled`,
    );
    expect(cliLine({ method: 'PATCH', path: '/api/cron/job_1', body: { message: 'New', channel: null, enabled: true } })).toBe(
      `xopc cron edit job_1 --message New --channel '' && xopc cron enable job_1`,
    );
    const activeHours = { from: '08:00', to: '22:00', days: [1, 2, 3] };
    expect(cliLine({ method: 'PATCH', path: '/api/cron/job_1', body: { activeHours } })).toBe(
      'xopc cron edit job_1 --active 08:00-22:00 --days mon-wed',
    );
    const always = { from: '08:00', to: '22:00' };
    expect(cliLine({ method: 'PATCH', path: '/api/cron/job_1', body: { activeHours: always } })).toBe(
      `xopc cron edit job_1 --active 08:00-22:00 --days ''`,
    );
    expect(cliLine({ method: 'PATCH', path: '/api/cron/job_1', body: { activeHours: null } })).toBe(`xopc cron edit job_1 --active ''`);
    expect(cliLine({ method: 'POST', path: '/api/cron/trigger', body: { job_id: 'job_1' } })).toBe('xopc cron run job_1');
    expect(cliLine({ method: 'POST', path: '/api/cron/job_1/toggle', body: { enabled: false } })).toBe('xopc cron disable job_1');
    expect(cliLine({ method: 'DELETE', path: '/api/cron/job_1' })).toBe('xopc cron remove job_1');
  });

  test('what the command line has no command for has no line', () => {
    expect(cliLine({ method: 'POST', path: '/api/cron/job_1/toggle' })).toBeUndefined();
    expect(cliLine({ method: 'PATCH', path: '/api/cron/job_1', body: {} })).toBeUndefined();
  });
});
