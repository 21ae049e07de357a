/**
 * `npm run screenshots`: every view of a gateway that is in use, an empty one and a broken one, in both themes and three widths, the
 * narrow one with fingers, and the first in Chinese too, into `.cache/screenshots/`. Only what is wanted: `npm run screenshots -- -t chinese`. They are looked at by people; nothing is compared.
 */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { expect, test } from 'vitest';
import { unauthorized } from '../fakes/openai/reply.js';
import { noBrowser, openPage, type Scheme } from '../helpers/browser.js';
import { callApi, tokenOf } from '../helpers/page.js';
import { startPageWorld } from '../helpers/page-world.js';
import { RealGateway, root } from '../helpers/real-gateway.js';
import { makeJobs, showNodes, startInUse, startLongChat } from './world.js';

const DIRECTORY = join(root, '.cache', 'screenshots');
const WIDTHS = [1440, 820];
const PHONE = 390;
const TIMEOUT_MS = 1_800_000;
const PATIENCE_MS = 5_000;
const SCHEMES: readonly Scheme[] = ['light', 'dark'];
const ALLOWED = /WebSocket|ERR_|Failed to load|status of/;

interface Shot {
  readonly name: string;
  readonly hash: string;
  /** What is done before the picture is taken, in the page: buttons, links, or texts, one after the other. */
  readonly click?: string | RegExp | readonly (string | RegExp)[];
  /** Whether that is in the menu of the bar on phones. */
  readonly isInMenu?: boolean;
  /** In pixels, where more than the first screen is of interest. */
  readonly height?: number;
  readonly isSignedOut?: boolean;
  /** What is there later than the rest: a selector. */
  readonly awaited?: string;
  /** What is typed into which field before; `#` stands for a number of its own for each picture. */
  readonly type?: readonly [label: string, text: string];
}

const TOOLS_OF_SERVER = /^(Tools|\d+ tools?|工具|\d+ 个工具) everything/;

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
  { name: 'tools', hash: '#/tools' },
  { name: 'tools-server', hash: '#/tools', click: TOOLS_OF_SERVER, height: 1500 },
  { name: 'tools-add', hash: '#/tools?add=1' },
  { name: 'logs', hash: '#/logs' },
  { name: 'logs-line', hash: '#/logs', click: 'the receiver answered' },
  { name: 'config', hash: '#/config' },
  { name: 'config-channels', hash: '#/config?section=channels' },
  { name: 'config-search', hash: '#/config?q=token' },
  { name: 'config-file', hash: '#/config/text' },
  { name: 'config-versions', hash: '#/config/versions' },
  { name: 'tools-try', hash: '#/tools', click: [TOOLS_OF_SERVER, /^(Try|试用)( |$)/] },
  { name: 'chats', hash: '#/chat', click: /^(Chats|对话)$/ },
  { name: 'cron-lanes', hash: '#/cron', click: /^(The next 24 hours|接下来 24 小时)$/ },
  { name: 'status-details', hash: '#/status', click: /^(Details|详情)$/, height: 1900 },
  // It stays changed from here on.
  { name: 'config-changed', hash: '#/config', type: ['gateway.maxBodyBytes', '12'] },
  { name: 'tokens', hash: '#/tokens' },
  { name: 'token-new', hash: '#/tokens?add=1' },
  { name: 'token-revoke', hash: '#/tokens', click: /^(Revoke|撤销) editor/ },
  { name: 'status', hash: '#/status', height: 1500 },
  { name: 'palette', hash: '#/status', click: /^(Commands|命令)$/, isInMenu: true },
  { name: 'settings', hash: '#/status', click: /^(Preferences|偏好设置)$/, isInMenu: true },
];

interface Pictures {
  readonly state: string;
  readonly locale?: string;
  readonly shots: readonly Shot[];
  /** Before the first picture of a page. */
  readonly prepare?: (page: Page) => Promise<void>;
}

/** Presses what leads to the picture, if it is there at this width; on phones, what the rail has is in the menu of the bar. */
async function press(page: Page, name: string | RegExp, isInMenu: boolean): Promise<void> {
  const named = page
    .getByRole('button', { name })
    .or(page.getByRole('link', { name }))
    .or(page.getByRole('checkbox', { name, exact: true }));
  const place = named
    .or(page.locator('summary').filter({ hasText: name }))
    .filter({ visible: true })
    .first();
  await settled(page);
  if (await place.isVisible()) return place.click();
  const more = page.locator('.in-bar button').first();
  if (!isInMenu || !(await more.isVisible())) return undefined;
  await more.click();
  await page.getByRole('menuitem', { name }).click();
}

/** So many pictures in a row are the same once nothing is awaited. */
const STILL = 3;
const MOST_LOOKS = 25;

/** @returns a picture that no longer changes, without what a pointer would lift out */
async function settled(page: Page): Promise<Buffer> {
  await page.mouse.move(0, 0);
  let picture = await page.screenshot();
  for (let same = 1, looks = 1; same < STILL && looks < MOST_LOOKS; looks += 1) {
    const next = await page.screenshot();
    same = next.equals(picture) ? same + 1 : 1;
    picture = next;
  }
  return picture;
}

/** @param url  of the gateway's page */
async function take(page: Page, url: string, shot: Shot): Promise<Buffer> {
  const { hash, type, click = [], awaited = 'h1, textarea, dialog', isInMenu = false, isSignedOut = false } = shot;
  if (isSignedOut) await page.context().clearCookies();
  // What an earlier picture has opened is closed again.
  await page.goto('about:blank');
  await page.goto(`${url}/${hash}`);
  await page.locator(awaited).first().waitFor();
  const isLoaded = page.locator('.skeleton, .spinner').first().waitFor({ state: 'detached', timeout: PATIENCE_MS });
  // Without a connection it stays, and is what the picture shows.
  await isLoaded.catch(() => undefined);
  const field = type === undefined ? undefined : page.getByLabel(type[0]).filter({ visible: true }).first();
  if ((await field?.isVisible()) === true) await field?.fill((type?.[1] ?? '').replace('#', String(Date.now())));
  for (const name of [click].flat()) await press(page, name, isInMenu);
  return settled(page);
}

const KINDS = SCHEMES.flatMap((scheme) => [
  { scheme, hasTouch: false, widths: WIDTHS },
  { scheme, hasTouch: true, widths: [PHONE] },
]);

/** In one browser context a theme and kind of screen, so that the page's own files are loaded once. @returns how many pictures it took */
async function shoot(gateway: RealGateway, { state, locale = 'en-US', shots, prepare }: Pictures): Promise<number> {
  rmSync(join(DIRECTORY, state), { recursive: true, force: true });
  let count = 0;
  for (const { scheme, hasTouch, widths } of KINDS) {
    const page = await openPage(`${gateway.url}/`, { token: tokenOf(gateway), scheme, locale, hasTouch, allowedErrors: ALLOWED });
    await prepare?.(page);
    for (const shot of shots)
      for (const width of widths) {
        await page.setViewportSize({ width, height: shot.height ?? (hasTouch ? 844 : 900) });
        const folder = join(DIRECTORY, state, shot.name);
        mkdirSync(folder, { recursive: true });
        writeFileSync(join(folder, `${scheme}-${width}.png`), await take(page, gateway.url, shot));
        count += 1;
      }
  }
  return count;
}

test.skipIf(noBrowser).each([
  ['full', 'en-US'],
  ['chinese', 'zh-CN'],
])('%s', { timeout: TIMEOUT_MS }, async (state, locale) => {
  const { gateway, chat } = await startInUse();
  const hash = `#/chat/${encodeURIComponent(chat)}`;
  const shots = [{ name: 'chat', hash }, { name: 'chat-whole', hash, height: 1600 }, ...VIEWS];
  expect(await shoot(gateway, { state, locale, shots })).toBe(6 * shots.length);
});

test.skipIf(noBrowser)('schedules', { timeout: TIMEOUT_MS }, async () => {
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
  expect(await shoot(gateway, { state: 'schedules', shots })).toBe(6 * shots.length);
});

test.skipIf(noBrowser)('empty', { timeout: TIMEOUT_MS }, async () => {
  const gateway = await RealGateway.start();
  expect(await shoot(gateway, { state: 'empty', shots: VIEWS })).toBe(6 * VIEWS.length);
});

test.skipIf(noBrowser)('broken', { timeout: TIMEOUT_MS }, async () => {
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
  const refused = { ...signIn, name: 'sign-in-refused', type: ['Access token', 'xopc_wrong'] as const, click: 'Sign in' };
  expect(await shoot(gateway, { state: 'broken', shots: [...VIEWS, signIn, refused] })).toBe(6 * (VIEWS.length + 2));
});

test.skipIf(noBrowser)('cluster', { timeout: TIMEOUT_MS }, async () => {
  const { gateway } = await startPageWorld();
  const shots = [{ name: 'nodes', hash: '#/status', height: 1500 }];
  expect(await shoot(gateway, { state: 'cluster', shots, prepare: showNodes })).toBe(6 * shots.length);
});

test.skipIf(noBrowser)('long', { timeout: TIMEOUT_MS }, async () => {
  const { gateway, chat } = await startLongChat();
  const hash = `#/chat/${encodeURIComponent(chat)}`;
  const shots = [
    { name: 'summary', hash, click: /^Earlier messages are summarised/ },
    { name: 'token-secret', hash: '#/tokens?add=1', type: ['Name', 'dashboard-#'] as const, click: ['cron', 'Create token'] },
  ];
  expect(await shoot(gateway, { state: 'long', shots })).toBe(6 * shots.length);
});

test.skipIf(noBrowser)('troubled', { timeout: TIMEOUT_MS }, async () => {
  const { gateway, model, talk } = await startPageWorld();
  model.reply(unauthorized());
  await talk('Is the shop up?').catch(() => undefined);
  const { sessions } = await callApi<{ sessions: { key: string }[] }>(gateway, 'GET /api/sessions');
  const shots = [{ name: 'failed-answer', hash: `#/chat/${encodeURIComponent(sessions[0]?.key ?? '')}` }];
  expect(await shoot(gateway, { state: 'troubled', shots })).toBe(6 * shots.length);
  const lost = ['chat', 'sessions', 'status'].map((view) => ({ name: `lost-${view}`, hash: `#/${view}`, awaited: '.banner' }));
  const prepare = (page: Page) => page.routeWebSocket(/\/ws$/, (socket) => void socket.close());
  expect(await shoot(gateway, { state: 'lost', shots: lost, prepare })).toBe(6 * lost.length);
});
