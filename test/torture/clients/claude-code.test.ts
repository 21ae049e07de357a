/** Claude Code, as it is published, with an agent of the gateway in front of every kind of provider. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { calls, fails, says } from '../../fakes/vendors/vendor-reply.js';
import { TOKEN } from '../../helpers/http-app.js';
import { API_KINDS } from '../../fakes/vendors/protocols.js';
import { type MessagesGateway, startMessagesGateway } from '../../helpers/messages-gateway.js';
import { installClient, type InstalledClient } from './installed-client.js';

const CLAUDE_CODE = '@anthropic-ai/claude-code@2.1.332';
const AGENTS = { agents: { list: [{ id: 'main', systemPrompt: 'You are a boat.', model: 'up/fake-model' }] } };

let claudeCode: InstalledClient;

beforeAll(async () => {
  claudeCode = await installClient(CLAUDE_CODE);
}, 300_000);

interface Result {
  readonly result: string;
  readonly is_error: boolean;
  readonly api_error_status: number | null;
  readonly usage: { readonly output_tokens: number };
}

async function ask({ baseURL }: MessagesGateway, prompt: string, model = 'main'): Promise<Result> {
  const env = {
    ANTHROPIC_BASE_URL: baseURL,
    ANTHROPIC_AUTH_TOKEN: TOKEN,
    ANTHROPIC_MODEL: model,
    ANTHROPIC_DEFAULT_HAIKU_MODEL: model,
    CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: '1',
    DISABLE_AUTOUPDATER: '1',
  };
  const wrapper = claudeCode.path('@anthropic-ai/claude-code/cli-wrapper.cjs');
  const args = ['-p', prompt, '--output-format', 'json', '--allowedTools', 'Write', '--permission-mode', 'acceptEdits'];
  const { stdout, stderr } = await claudeCode.node([wrapper, ...args], env);
  const line = stdout.split('\n').findLast((one) => one.startsWith('{'));
  if (line === undefined) throw new Error(`no result: ${stdout} ${stderr}`);
  return JSON.parse(line) as Result;
}

test.each(API_KINDS)('asks an agent in front of %s, runs the tool that it calls, and sends the result', async (api) => {
  const gateway = await startMessagesGateway(api, AGENTS);
  const file = join(claudeCode.directory, `${api}.txt`);
  gateway.vendor.reply(calls({ id: 'toolu_1', name: 'Write', input: { file_path: file, content: 'Ahoy\n' } }), says('It is ', 'written.'));
  const { result, is_error: isError, usage } = await ask(gateway, 'Write Ahoy into a file.');
  expect({ result, isError }).toEqual({ result: 'It is written.', isError: false });
  expect(usage.output_tokens).toBe(10);
  expect(readFileSync(file, 'utf8')).toBe('Ahoy\n');
  const [first, second] = gateway.vendor.requests.map(({ body }) => JSON.stringify(body));
  for (const text of ['You are a boat.', 'Write Ahoy into a file.']) expect(first).toContain(text);
  expect(second).toContain('created successfully');
});

test('says what a provider refuses, and asks it once', async () => {
  const gateway = await startMessagesGateway('anthropic-messages', AGENTS);
  gateway.vendor.reply(fails('auth'));
  expect(await ask(gateway, 'Hello')).toMatchObject({
    is_error: true,
    api_error_status: 403,
    result: expect.stringContaining('refused the API key'),
  });
  expect(gateway.vendor.requests).toHaveLength(1);
});

test('waits and asks again when a provider is overloaded', async () => {
  const gateway = await startMessagesGateway('anthropic-messages', AGENTS);
  gateway.vendor.reply(fails('overloaded'), says('Now.'));
  expect(await ask(gateway, 'Hello')).toMatchObject({ is_error: false, result: 'Now.' });
});

test('says that there is no model of Anthropic’s name', async () => {
  const gateway = await startMessagesGateway('anthropic-messages', AGENTS);
  expect(await ask(gateway, 'Hello', 'claude-sonnet-4-5')).toMatchObject({ is_error: true, api_error_status: 404 });
});
