import type { CDPSession, Page } from 'playwright-core';
import { expect, test } from 'vitest';
import { noBrowser, openPage, type Size, SIZES } from '../helpers/browser.js';
import { appendLog, callApi, tokenOf } from '../helpers/page.js';
import { startPageWorld } from '../helpers/page-world.js';
import type { RealGateway } from '../helpers/real-gateway.js';

/** Of each view, with its data. The shift is the part of the window that moved without anybody's doing (CLS). */
const BUDGET = { requests: 10, kilobytes: 90, shift: 0.02 };

/** By view, what it shows once its data is there. */
const VIEWS: Record<string, string | RegExp> = {
  chat: 'How can I help?',
  sessions: 'Question number 3',
  cron: 'Report 3',
  channels: 'alerts',
  models: 'fake/one',
  logs: 'of 3',
  config: 'Listen address',
  tools: 'No MCP servers',
  tokens: 'No access tokens',
  status: 'Last 24 hours',
};

/**
 * What the page loads when the browser is idle is not part of the first load: dialogs, the other views, the menu of a conversation, colours of
 * code. Nor is the font, which is asked for after the first paint. No view waits for them. All of it may move nothing, so it is let go once
 * the bytes are counted. Those of the page's socket count, but it is no request.
 */
const WATCH = `
  window.atIdle = [];
  window.requestIdleCallback = (run) => window.atIdle.push(run);
  window.shift = 0;
  new PerformanceObserver((list) => {
    for (const { hadRecentInput, value } of list.getEntries()) if (!hadRecentInput) window.shift += value;
  }).observe({ type: 'layout-shift', buffered: true });`;
const BE_IDLE = 'for (const run of window.atIdle.splice(0)) run()';
const FONT = /\/inter[^/]*$/;

const CODE = '```ts\nexport const total = (prices: number[]): number => prices.reduce((sum, price) => sum + price, 0);\n```';
const TALK = 'apple river window seven paper garden quiet number answer carry stone light winter market follow open table green'.split(' ');

/** A conversation of 50 messages, every fourth one with code. @returns its key */
async function importConversation(gateway: RealGateway): Promise<string> {
  const say = (number: number): string => Array.from({ length: 60 }, (_, word) => TALK[(number * 7 + word * word) % TALK.length]).join(' ');
  const lines = Array.from({ length: 50 }, (_, number) => ({
    role: number % 2 === 0 ? 'user' : 'assistant',
    content: `Message ${number}: ${say(number)}${number % 4 === 3 ? `\n\n${CODE}` : ''}`,
    createdAt: new Date(Date.UTC(2026, 0, 1) + number * 60_000).toISOString(),
    model: number % 2 === 0 ? null : 'fake/one',
    status: 'complete',
  }));
  const header = { format: 'xopc-session', version: 1, title: 'A long one' };
  const response = await fetch(`${gateway.url}/api/sessions/import`, {
    method: 'POST',
    headers: { Authorization: `Bearer ${tokenOf(gateway)}`, 'Content-Type': 'application/x-ndjson' },
    body: [header, ...lines].map((line) => JSON.stringify(line)).join('\n'),
  });
  return ((await response.json()) as { session: { key: string } }).session.key;
}

interface Sent {
  readonly url: string;
  bytes: number;
  isDone: boolean;
}

/** New lines of the log arrive in an answer that does not end. */
const isStream = (url: string): boolean => url.includes('/api/logs/follow');

interface RecordOfPage {
  /** By the id of the request. The socket is one of them. */
  readonly requests: Map<string, Sent>;
  /** The types of the frames that the socket got. */
  readonly frames: Set<string>;
}

/** Records the requests and bytes of the page; the caller empties the record. */
async function recordRequests(network: CDPSession): Promise<RecordOfPage> {
  await network.send('Network.enable');
  const byId = new Map<string, Sent>();
  const add = (id: string, bytes: number): void => {
    const request = byId.get(id);
    if (request !== undefined) request.bytes += bytes;
  };
  network.on('Network.requestWillBeSent', ({ requestId, request: { url } }) => {
    byId.set(requestId, { url, bytes: 0, isDone: isStream(url) });
  });
  network.on('Network.responseReceived', ({ requestId, response }) => add(requestId, response.encodedDataLength));
  network.on('Network.dataReceived', ({ requestId, encodedDataLength }) => add(requestId, encodedDataLength));
  network.on('Network.loadingFinished', ({ requestId }) => {
    const request = byId.get(requestId);
    if (request !== undefined) request.isDone = true;
  });
  const frames = new Set<string>();
  network.on('Network.webSocketCreated', ({ requestId, url }) => void byId.set(requestId, { url, bytes: 0, isDone: true }));
  network.on('Network.webSocketHandshakeResponseReceived', ({ requestId, response }) => add(requestId, response.headersText?.length ?? 0));
  network.on('Network.webSocketFrameReceived', ({ requestId, response: { payloadData } }) => {
    add(requestId, Buffer.byteLength(payloadData));
    frames.add((JSON.parse(payloadData) as { type: string }).type);
  });
  return { requests: byId, frames };
}

/** What has moved when everything is there: what the browser loads when it is idle, and the font. */
async function shiftOf(page: Page, { requests }: RecordOfPage): Promise<number> {
  await page.evaluate(BE_IDLE);
  await page.waitForFunction(`document.fonts.check("14px 'Inter Variable'")`);
  await expect.poll(() => [...requests.values()].every(({ isDone }) => isDone)).toBe(true);
  // Shifts are reported with the frame after the one that shows them.
  await page.evaluate('new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(done))))');
  return page.evaluate<number>('window.shift');
}

test.skipIf(noBrowser)('the first load of each view takes at most 10 requests and 90 KB, with its data, and nothing jumps', async () => {
  const { gateway, talk } = await startPageWorld({ channels: { webhook: { accounts: { alerts: { url: 'http://127.0.0.1:9/hook' } } } } });
  for (let number = 0; number < 4; number += 1) {
    await talk(`Question number ${number}`);
    await callApi(gateway, 'POST /api/cron/create', { name: `Report ${number}`, schedule: 'every 1h', message: 'Report', mode: 'agent' });
  }
  const long = `chat/${encodeURIComponent(await importConversation(gateway))}`;
  appendLog(
    gateway,
    ...Array.from({ length: 300 }, (_, line) => ({ msg: `handled request ${line}`, requestId: `req_${line}`, status: 200 })),
  );
  const page = await openPage(`${gateway.url}/`);
  await page.addInitScript(WATCH);
  const network = await page.context().newCDPSession(page);
  const record = await recordRequests(network);

  const measured: Record<string, typeof BUDGET> = {};
  const views = [...Object.entries(VIEWS), [long, /Message 49/] as const];
  for (const size of Object.keys(SIZES) as Size[]) {
    await page.setViewportSize(SIZES[size]);
    for (const [view, shows] of views) {
      await page.goto('about:blank');
      await network.send('Network.clearBrowserCache');
      record.requests.clear();
      record.frames.clear();
      await page.goto(`${gateway.url}/#/${view}`);
      await page.locator('main').getByText(shows).filter({ visible: true }).first().waitFor();
      if (view === long) await page.locator('.code-frame').last().waitFor();
      const lastFrame = view === long ? 'current' : 'hello';
      await expect.poll(() => record.frames.has(lastFrame) && [...record.requests.values()].every(({ isDone }) => isDone)).toBe(true);
      // What is in the document itself is reported, too.
      const sent = [...record.requests.values()].filter(({ url }) => !FONT.test(url) && !url.startsWith('data:'));
      const kilobytes = Math.ceil(sent.reduce((sum, { bytes }) => sum + bytes, 0) / 1_024);
      const requests = sent.filter(({ url }) => url.startsWith('http')).length;
      measured[`${view}, ${size}`] = { requests, kilobytes, shift: await shiftOf(page, record) };
    }
  }
  const limits = Object.entries(BUDGET) as [keyof typeof BUDGET, number][];
  const over = Object.entries(measured).filter(([, found]) => limits.some(([name, limit]) => found[name] > limit));
  expect(over, JSON.stringify(measured)).toEqual([]);
});
