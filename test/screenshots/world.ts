/** Gateways to take pictures of. */
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { callsTools, says } from '../fakes/openai/reply.js';
import { approvalsOf } from '../helpers/asked-approval.js';
import { appendLog, callApi } from '../helpers/page.js';
import { longChat } from '../helpers/long-chat.js';
import { startPageWorld } from '../helpers/page-world.js';
import { type RealGateway, root, until } from '../helpers/real-gateway.js';

const LONG_ANSWER = `The backup ran at **03:00** and took 42 s. Three things to know:

1. \`gateway.db\` grew by 12 MB; most of it are attachments.
2. One webhook receiver was slow.
3. Nothing was skipped.

\`\`\`ts
const report = await fetch('/api/status').then((answer) => answer.json());
if (report.issues.length > 0) notify(report.issues);
\`\`\`

| what | size |
|---|---|
| database | 120 MB |
| log | 4 MB |
`;

/** @returns their ids, in this order */
export async function makeJobs(gateway: RealGateway): Promise<string[]> {
  const ids: string[] = [];
  const toHook = { mode: 'direct', channel: 'webhook', chat_id: 'ops' };
  for (const { runs, ...job } of [
    { name: 'Morning report', schedule: '30 7 * * 1-5', message: 'Summarise what happened overnight.', mode: 'agent', runs: 5 },
    { name: 'Check the shop', schedule: 'every 45m', message: 'Is the shop up?', mode: 'agent', timezone: 'Asia/Tokyo', runs: 2 },
    { name: 'Disk report', schedule: '0 */6 * * *', message: '**Disk** at 91 %', ...toHook, runs: 1 },
    { name: 'Stand-up', schedule: '0 9 * * 1-5', message: 'Stand up!', ...toHook, enabled: false, runs: 0 },
    { name: 'Water the plants', schedule: '0 18 * * 0', message: 'Time to water the plants', ...toHook, runs: 0 },
  ]) {
    const { job: made } = await callApi<{ job: { id: string } }>(gateway, 'POST /api/cron/create', job);
    ids.push(made.id);
    for (let run = 1; run <= runs; run += 1) {
      await callApi(gateway, 'POST /api/cron/trigger', { job_id: made.id });
      await until('the run to end', async () => {
        const { runs: known } = await callApi<{ runs: { finishedAt: string | null }[] }>(gateway, `GET /api/cron/${made.id}/runs`);
        return known.length === run && known.every(({ finishedAt }) => finishedAt !== null);
      });
    }
  }
  return ids;
}

/** Three models of two providers, one of which fails. */
async function makeModels(gateway: RealGateway): Promise<void> {
  const cost = { input: 0.4, output: 1.6 };
  const one = { id: 'one', name: 'Qwen 3 32B', contextWindow: 128_000, input: ['text', 'image'], reasoning: true, cost };
  const local = { baseUrl: 'http://127.0.0.1:9/v1', models: [{ id: 'llama-3.3', contextWindow: 8_192 }] };
  await callApi(gateway, 'PATCH /api/models-json', { providers: { fake: { models: [one, { id: 'two' }] }, local } });
  const listed = async (): Promise<boolean> => JSON.stringify(await callApi(gateway, 'GET /api/models')).includes('llama-3.3');
  await until('the models are listed', listed);
  const order = { primary: 'fake/one', fallbacks: ['fake/two', 'local/llama-3.3'] };
  await callApi(gateway, 'PATCH /api/config', { agents: { defaults: { model: order } } });
}

/** After the crash: calls that are not yet on disk are not counted. */
async function failCalls(gateway: RealGateway): Promise<void> {
  const failing = { model: 'local/llama-3.3', messages: [{ role: 'user', content: 'Hello' }] };
  for (let call = 0; call < 3; call += 1) await callApi(gateway, 'POST /v1/chat/completions', failing).catch(() => undefined);
}

/** Tokens of several kinds, one of which has asked an agent. */
async function makeTokens(gateway: RealGateway): Promise<void> {
  const inDays = (days: number): string => new Date(Date.now() + days * 86_400_000).toISOString();
  const editor = { scopes: ['chat'], agents: ['main'], expiresAt: inDays(90), requestsPerMinute: 60, dailyUsd: 2 };
  const { secret } = await callApi<{ secret: string }>(gateway, 'POST /api/tokens', { name: 'editor', ...editor });
  await callApi(gateway, 'POST /api/tokens', { name: 'grafana', scopes: ['read'] });
  await callApi(gateway, 'POST /api/tokens', { name: 'nightly-backup.script', scopes: ['read', 'cron', 'send'], expiresAt: inDays(3) });
  await callApi(gateway, 'POST /api/tokens', { name: 'anna', scopes: ['admin'], dailyUsd: 10 });
  const headers = { Authorization: `Bearer ${secret}`, 'Content-Type': 'application/json' };
  const body = JSON.stringify({ message: 'Explain this function', agentId: 'main' });
  await fetch(`${gateway.url}/api/agent`, { method: 'POST', headers, body });
  // Stores the last use, which a crash would lose.
  await callApi(gateway, 'GET /api/tokens');
}

async function fill(world: Awaited<ReturnType<typeof startPageWorld>>): Promise<string> {
  const { gateway, talk, model } = world;
  const questions = [
    'How did the nightly backup go?',
    'Summarise the pull request about the lock',
    'Translate “stale lock” into French',
    'What is on my calendar tomorrow?',
  ];
  for (const question of questions) {
    model.reply(
      callsTools({ name: 'time', input: { timezone: 'Europe/Berlin' } }, { name: 'fetch', input: { url: 'http://127.0.0.1:9/' } }),
    );
    model.reply(says(...(LONG_ANSWER.match(/\S+\s*/g) ?? [])));
    await talk(question);
  }
  await makeModels(gateway);
  await makeJobs(gateway);
  await makeTokens(gateway);
  appendLog(
    gateway,
    ...Array.from({ length: 400 }, (_, line) => ({
      level: line % 97 === 0 ? 'error' : line % 23 === 0 ? 'warn' : line % 3 === 0 ? 'debug' : 'info',
      msg: line % 97 === 0 ? 'the receiver answered 502' : `handled request ${line}`,
      component: ['http', 'delivery', 'cron', 'turns'][line % 4],
    })),
  );
  const { sessions } = await callApi<{ sessions: { key: string; title: string }[] }>(gateway, 'GET /api/sessions');
  return sessions.find(({ title }) => title === questions[0])?.key ?? '';
}

/** Real servers, and one that cannot be reached. */
const MCP = {
  servers: {
    everything: {
      command: process.execPath,
      args: [join(root, 'node_modules', '@modelcontextprotocol', 'server-everything', 'dist', 'index.js')],
    },
    weather: { url: 'http://127.0.0.1:9/mcp', token: '${WEATHER_TOKEN}' },
  },
};

/** A chat and an automation that wait for a decision. */
async function makeApprovals(gateway: RealGateway, chat: string): Promise<void> {
  const ask = await approvalsOf(gateway);
  const content = '# Backup\n\n- last run: tonight, 02:00\n- size: 12 GB\n';
  const input = { path: '/home/anna/notes/backup.md', content, overwrite: true, api_key: 'sk-0123456789abcdef' };
  await ask({ sessionKey: chat, tool: 'files__write_file', input, said: 'I will write that into your notes.' });
  await callApi(gateway, 'POST /api/agent', { message: 'Tell the team', session: 'script' });
  await ask({ sessionKey: 'main:api:default:direct:script', tool: 'send', input: { chat: 'team', text: 'Done' }, said: '' });
}

/** With everything that people have: chats, schedules, channels, models, a crash. @returns the gateway, and the key of a chat with tools and a long answer */
export async function startInUse(): Promise<{ gateway: RealGateway; chat: string }> {
  const hook = { url: 'http://127.0.0.1:9/hook' };
  const world = await startPageWorld({
    mcp: MCP,
    channels: { webhook: { accounts: { alerts: hook } }, telegram: { accounts: { family: { botToken: '123:abc', enabled: false } } } },
  });
  const { gateway } = world;
  const chat = await fill(world);
  await makeApprovals(gateway, chat);
  const send = (channel: string, to: string, content: string) => callApi(gateway, 'POST /api/message', { channel, chat_id: to, content });
  await send('webchat', 'home', 'The washing machine is done.');
  await send('webchat', 'home', 'Reminder: water the plants');
  await send('webhook', 'ops', '**Disk** at 91 % on `db-1`\n\n- 12 GB free\n- grows by 2 GB a day');
  await send('webhook', 'ops', 'Deployed build 4711');
  const worker = gateway.workerPid();
  process.kill(worker, 'SIGKILL');
  await gateway.untilReplaced(worker);
  await failCalls(gateway);
  return { gateway, chat };
}

/** A chat that is too long for its model, so that a summary stands for its older messages. @returns its key */
export async function startLongChat(): Promise<{ gateway: RealGateway; chat: string }> {
  const { gateway, model } = await startPageWorld({ agents: { defaults: { model: 'fake/one', summaryModel: 'fake/one' } } });
  await callApi(gateway, 'PATCH /api/models-json', {
    providers: { fake: { models: [{ id: 'one', contextWindow: 8_000, maxTokens: 500 }] } },
  });
  let lines = '';
  for await (const line of longChat(200)) lines += line;
  const headers = { 'Content-Type': 'application/x-ndjson' };
  const made = await fetch(`${gateway.url}/api/sessions/import`, { method: 'POST', headers, body: lines });
  const { session } = (await made.json()) as { session: { key: string } };
  model.replyAlways(
    says(
      'Of three things:\n\n- The code of the lock is **4711**.\n- The backup runs at `03:00` and takes 42 s.\n- Anna waters the plants.',
    ),
  );
  await callApi(gateway, 'POST /api/agent', { message: 'What did we talk about?', session: session.key });
  await until('the summary is there', async () => {
    const { summaries } = await callApi<{ summaries: unknown[] }>(
      gateway,
      `GET /api/sessions/${encodeURIComponent(session.key)}/summaries`,
    );
    return summaries.length > 0;
  });
  return { gateway, chat: session.key };
}

/** Lets a gateway say that it shares its database with others: one has an older version, one is silent. */
export async function showNodes(page: Page): Promise<void> {
  const ago = (seconds: number): string => new Date(Date.now() - 1_000 * seconds).toISOString();
  const here = { name: '/home/anna/.xopc on one', version: '0.1.0', address: '10.0.0.1:18790', since: ago(7_200), settings: 'a-b-c' };
  await page.route('**/api/status', async (route) => {
    const answer = await route.fetch();
    const nodes = [
      { ...here, renewedAt: ago(1), isSelf: true },
      { ...here, name: '/home/anna/.xopc on two', address: '10.0.0.2:18790', renewedAt: ago(3), isSelf: false },
      { ...here, name: '/srv/xopc on three', version: '0.2.0', settings: 'a-x-c', address: null, renewedAt: ago(14), isSelf: false },
    ];
    const warnings = [{ code: 'NODES_DIFFER', message: 'three differs', hint: '' }];
    await route.fulfill({ response: answer, json: { ...((await answer.json()) as object), nodes, warnings } });
  });
}
