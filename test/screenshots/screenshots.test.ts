/**
 * `npm run screenshots`: every view of a gateway that is in use, an empty one and a broken one, in both themes and three widths, into
 * `.cache/screenshots/`. Only what is wanted: `npm run screenshots -- -t 'full cron'`. They are looked at by people; nothing is compared.
 */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { noBrowser, openPage, type Scheme } from '../helpers/browser.js';
import { appendLog, callApi, tokenOf } from '../helpers/page.js';
import { startPageWorld } from '../helpers/page-world.js';
import { callsTools, says } from '../fakes/openai/reply.js';
import { RealGateway, root, until } from '../helpers/real-gateway.js';

const DIRECTORY = join(root, '.cache', 'screenshots');
const WIDTHS = [1440, 820, 390] as const;
const SCHEMES: readonly Scheme[] = ['light', 'dark'];
const ALLOWED = /WebSocket|ERR_|Failed to load|status of/;

interface Shot {
  readonly name: string;
  readonly hash: string;
  /** What is done before the picture is taken, in the page. */
  readonly click?: string;
  /** In pixels, where more than the first screen is of interest. */
  readonly height?: number;
  readonly isSignedOut?: boolean;
  /** What is typed into which field before. */
  readonly type?: readonly [label: string, text: string];
}

const VIEWS: readonly Shot[] = [
  { name: 'chat-new', hash: '#/chat' },
  { name: 'sessions', hash: '#/sessions' },
  { name: 'sessions-search', hash: '#/sessions?q=backup' },
  { name: 'cron', hash: '#/cron' },
  { name: 'cron-new', hash: '#/cron/new' },
  { name: 'channels', hash: '#/channels' },
  { name: 'channel-messages', hash: '#/channels/messages' },
  { name: 'channel-message', hash: '#/channels/messages', click: 'Disk at 91 % on' },
  { name: 'models', hash: '#/models' },
  { name: 'provider-pick', hash: '#/models?add=1' },
  { name: 'provider-key', hash: '#/models?add=1', click: 'Anthropic' },
  { name: 'usage', hash: '#/models/usage' },
  { name: 'logs', hash: '#/logs' },
  { name: 'logs-line', hash: '#/logs', click: 'the receiver answered' },
  { name: 'config', hash: '#/config' },
  { name: 'config-channels', hash: '#/config?section=channels' },
  { name: 'config-search', hash: '#/config?q=token' },
  { name: 'config-file', hash: '#/config/text' },
  { name: 'config-versions', hash: '#/config/versions' },
  // It stays changed from here on.
  { name: 'config-changed', hash: '#/config', type: ['gateway.maxBodyBytes', '12'] },
  { name: 'status', hash: '#/status', height: 1500 },
  { name: 'palette', hash: '#/status', click: 'Commands' },
  { name: 'settings', hash: '#/status', click: 'Settings' },
];

/** In one browser context a theme, so that the page's own files are loaded once. @returns how many pictures it took */
async function shoot(gateway: RealGateway, state: string, shots: readonly Shot[]): Promise<number> {
  let count = 0;
  for (const scheme of SCHEMES) {
    const token = tokenOf(gateway);
    const page = await openPage(`${gateway.url}/`, { token, scheme, allowedErrors: ALLOWED });
    for (const { name, hash, click, type, height, isSignedOut = false } of shots)
      for (const width of WIDTHS) {
        await page.setViewportSize({ width, height: height ?? (width === 390 ? 844 : 900) });
        if (isSignedOut) await page.context().clearCookies();
        await page.goto(`${gateway.url}/${hash}`);
        if (isSignedOut) await page.reload();
        if (!isSignedOut) await page.waitForLoadState('networkidle');
        const field = type === undefined ? undefined : page.getByLabel(type[0]);
        if ((await field?.isVisible()) === true) await field?.fill(type?.[1] ?? '');
        if (!isSignedOut) await page.locator('.skeleton, .spinner').first().waitFor({ state: 'detached' });
        const button =
          click === undefined
            ? undefined
            : page
                .getByRole('button', { name: click })
                .or(page.getByRole('link', { name: click }))
                .first();
        if ((await button?.isVisible()) === true) await button?.click();
        const folder = join(DIRECTORY, state, name);
        mkdirSync(folder, { recursive: true });
        await page.screenshot({ path: join(folder, `${scheme}-${width}.png`) });
        count += 1;
        if (click !== undefined) await page.keyboard.press('Escape');
      }
  }
  return count;
}

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
async function makeJobs(gateway: RealGateway): Promise<string[]> {
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
  const failing = { model: 'local/llama-3.3', messages: [{ role: 'user', content: 'Hello' }] };
  for (let call = 0; call < 3; call += 1) await callApi(gateway, 'POST /v1/chat/completions', failing).catch(() => undefined);
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
  appendLog(
    gateway,
    ...Array.from({ length: 400 }, (_, line) => ({
      level: line % 97 === 0 ? 'error' : line % 23 === 0 ? 'warn' : line % 3 === 0 ? 'debug' : 'info',
      msg: line % 97 === 0 ? 'the receiver answered 502' : `handled request ${line}`,
      component: ['http', 'delivery', 'cron', 'turns'][line % 4],
    })),
  );
  const { sessions } = await callApi<{ sessions: { key: string }[] }>(gateway, 'GET /api/sessions');
  return sessions.at(0)?.key ?? '';
}

test.skipIf(noBrowser)('full', { timeout: 600_000 }, async () => {
  const hook = { url: 'http://127.0.0.1:9/hook' };
  const world = await startPageWorld({
    channels: { webhook: { accounts: { alerts: hook } }, telegram: { accounts: { family: { botToken: '123:abc', enabled: false } } } },
  });
  const key = await fill(world);
  const send = (channel: string, chat: string, content: string) =>
    callApi(world.gateway, 'POST /api/message', { channel, chat_id: chat, content });
  await send('webchat', 'home', 'The washing machine is done.');
  await send('webchat', 'home', 'Reminder: water the plants');
  await send('webhook', 'ops', '**Disk** at 91 % on `db-1`\n\n- 12 GB free\n- grows by 2 GB a day');
  await send('webhook', 'ops', 'Deployed build 4711');
  const worker = world.gateway.workerPid();
  process.kill(worker, 'SIGKILL');
  await world.gateway.untilReplaced(worker);
  rmSync(join(DIRECTORY, 'full'), { recursive: true, force: true });
  expect(await shoot(world.gateway, 'full', [{ name: 'chat', hash: `#/chat/${encodeURIComponent(key)}` }, ...VIEWS])).toBe(
    6 * (VIEWS.length + 1),
  );
});

test.skipIf(noBrowser)('schedules', { timeout: 600_000 }, async () => {
  const { gateway } = await startPageWorld({ channels: { webhook: { accounts: { alerts: { url: 'http://127.0.0.1:9/hook' } } } } });
  const [report = '', , disk = '', paused = ''] = await makeJobs(gateway);
  const { runs } = await callApi<{ runs: { id: string }[] }>(gateway, `GET /api/cron/${report}/runs`);
  const { runs: lost } = await callApi<{ runs: { id: string }[] }>(gateway, `GET /api/cron/${disk}/runs`);
  const shots = [
    { name: 'table', hash: '#/cron' },
    { name: 'job', hash: `#/cron/${report}` },
    { name: 'run', hash: `#/cron/${report}?run=${runs[0]?.id}` },
    { name: 'undelivered', hash: `#/cron/${disk}?run=${lost[0]?.id}` },
    { name: 'paused', hash: `#/cron/${paused}` },
    { name: 'new', hash: '#/cron/new' },
    { name: 'faults', hash: '#/cron/new', click: 'Create schedule' },
    { name: 'example', hash: '#/cron/new?example=summary' },
    { name: 'edit', hash: `#/cron/${disk}/edit` },
  ];
  rmSync(join(DIRECTORY, 'schedules'), { recursive: true, force: true });
  expect(await shoot(gateway, 'schedules', shots)).toBe(6 * shots.length);
});

test.skipIf(noBrowser)('empty', { timeout: 600_000 }, async () => {
  rmSync(join(DIRECTORY, 'empty'), { recursive: true, force: true });
  const gateway = await RealGateway.start();
  expect(await shoot(gateway, 'empty', VIEWS)).toBe(6 * VIEWS.length);
});

test.skipIf(noBrowser)('broken', { timeout: 600_000 }, async () => {
  rmSync(join(DIRECTORY, 'broken'), { recursive: true, force: true });
  const gateway = await RealGateway.create();
  mkdirSync(gateway.xopcHome, { recursive: true });
  writeFileSync(
    join(gateway.xopcHome, 'config.json'),
    JSON.stringify({
      agents: { defaults: { model: 'openai/gpt-none' } },
      channels: { telegram: { accounts: { family: { botToken: '123:wrong', apiRoot: 'http://127.0.0.1:9' } } } },
      gateway: { auth: { enabled: true } },
    }),
  );
  await gateway.run();
  const signIn = { name: 'sign-in', hash: '#/chat', isSignedOut: true };
  expect(await shoot(gateway, 'broken', [...VIEWS, signIn])).toBe(6 * (VIEWS.length + 1));
});
