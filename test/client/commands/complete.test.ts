import { expect, test } from 'vitest';
import { ASKED_OPTIONS, ASKED_PATHS, valuesFor } from '../../../client/cli/completion/completion-values.js';
import { cronJobDocument } from '../../../shared/api/cron.js';
import { API_KINDS } from '../../../shared/config/models-schema.js';
import { SCOPES } from '../../../shared/api/gateway/tokens.js';
import { COMMANDS } from '../../../client/commands/registry.js';
import { answers, fakeControl, sampleStatus } from '../../fakes/control-socket.js';
import { fakeHttp, json } from '../../fakes/http-server.js';
import { runCommand } from '../../helpers/command-line.js';
import { testPaths } from '../../helpers/lock-file.js';
import { tempDir } from '../../helpers/temp-dir.js';

const complete = async (...args: string[]): Promise<string[]> => {
  const { code, stdout, stderr } = await runCommand(['@complete', '--', ...args], { home: tempDir() });
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  return stdout.split('\n').filter(Boolean);
};

test('every command that values are asked for exists, and every option', async () => {
  const paths = COMMANDS.flatMap((entry) => entry.paths.map((path) => path.join(' ')));
  for (const path of ASKED_PATHS) expect(paths).toContain(path.replace(/ telegram$/, ''));
  const help = await Promise.all(COMMANDS.map((entry) => runCommand([...(entry.paths[0] ?? []), '--help'], { home: tempDir() })));
  for (const option of ASKED_OPTIONS)
    expect(
      help.some(({ stdout }) => stdout.includes(`  ${option} `)),
      option,
    ).toBe(true);
});

test('choices and keys are known without a gateway', async () => {
  expect(await complete('gateway logs', '--level')).toContain('warn\t');
  expect(await complete('config get', 'get')).toContain('gateway.auth.api_key\t');
  expect(valuesFor('cron run', 'run')).toBe('jobs');
  expect(valuesFor('cron restore', 'restore')).toBe('deleted-jobs');
  // A list of its own, because a shell should not wait for the schemas of the API.
  expect(valuesFor('token add', '--scope')).toEqual(SCOPES);
});

test('values of channels and levels follow their command or option', async () => {
  expect(await complete('gateway log-level', 'log-level')).toContain('debug\t');
  expect(await complete('send', '--channel')).toEqual(['telegram\t', 'webhook\t', 'webchat\t']);
  expect(await complete('channels approve', 'approve')).toEqual(['telegram\t']);
});

test('the choices of an option are those of its command, and are all there', async () => {
  expect(valuesFor('cron add 0 9 * * *', '--session')).toEqual(['main', 'isolated']);
  expect(valuesFor('agent', '--session')).toBe('sessions');
  expect(valuesFor('models usage', '--by')).toEqual(['model', 'day', 'session', 'agent', 'kind', 'token']);
  // Lists of their own, as that of the scopes.
  expect(valuesFor('models add', '--api')).toEqual(API_KINDS);
  const { overlap, missed, interrupted } = cronJobDocument().shape;
  for (const [option, schema] of [
    ['--overlap', overlap],
    ['--missed', missed],
    ['--interrupted', interrupted],
  ] as const)
    expect(valuesFor('cron add', option)).toEqual(schema.options);
});

test('providers and MCP servers are asked for', async () => {
  const providers = [{ id: 'openai', name: 'OpenAI' }];
  const server = await fakeHttp((_request, response) =>
    json(response, { models: [], providers, servers: [{ name: 'files', target: 'npx' }] }),
  );
  const paths = testPaths();
  await fakeControl(paths.controlPath, answers({ ...sampleStatus, port: server.port }));
  const ask = async (...args: string[]): Promise<string> => (await runCommand(['@complete', '--', ...args], { home: paths.home })).stdout;
  expect(await ask('models test', 'test')).toContain('openai\tOpenAI\n');
  expect(await ask('mcp tools', 'tools')).toBe('files\tnpx\n');
});

test('messages that can be sent again, and codes that wait for approval, are asked for', async () => {
  const server = await fakeHttp(({ path }, response) => {
    const status = new URL(path, 'http://gateway').searchParams.get('status');
    const pairings = [
      { state: 'pending', code: 'ABCD2345', senderName: 'Ann', senderId: '1' },
      { state: 'approved', code: null, senderName: 'Bob', senderId: '2' },
    ];
    json(response, path.startsWith('/api/channels') ? { channels: [], pairings } : { messages: [{ id: `msg_${status}`, status }] });
  });
  const paths = testPaths();
  await fakeControl(paths.controlPath, answers({ ...sampleStatus, port: server.port }));
  const ask = async (...args: string[]): Promise<string> => (await runCommand(['@complete', '--', ...args], { home: paths.home })).stdout;
  expect(await ask('messages retry', 'retry')).toBe('msg_dead\tdead\nmsg_unknown\tunknown\n');
  expect(await ask('messages drop', 'drop')).toContain('msg_retry_wait\tretry_wait\n');
  expect(await ask('channels approve telegram', 'telegram')).toBe('ABCD2345\tAnn\n');
});

test.each([
  ['sessions show', 'show'],
  ['agent', '--model'],
  ['gateway status', 'status'],
])('where the gateway is down, or nothing is expected, %j %j completes to nothing and says nothing', async (path, previous) => {
  expect(await complete(path, previous)).toEqual([]);
});
