import { expect, test } from 'vitest';
import { noBrowser, openPage } from '../helpers/browser.js';
import { appendLog, callApi } from '../helpers/page.js';
import { startPageWorld } from '../helpers/page-world.js';

const BUDGET = { requests: 10, kilobytes: 90 };

/** What the view shows once its data is there, and where it may take more than the budget. */
const VIEWS: Record<string, { readonly shows: string | RegExp; readonly limit?: Partial<typeof BUDGET> }> = {
  chat: { shows: 'How can I help?', limit: { requests: 11 } },
  sessions: { shows: 'Question number 3' },
  cron: { shows: 'Report 3' },
  channels: { shows: 'alerts' },
  models: { shows: 'fake/one', limit: { requests: 12 } },
  logs: { shows: 'of 3' },
  config: { shows: 'Agents' },
  status: { shows: 'Last 24 hours' },
};

/** Other views are loaded when the page is idle, and the font after the first paint: no view waits for them. */
const NEVER_IDLE = 'window.requestIdleCallback = () => 0';
const FONT = /\/inter[^/]*$/;

test.skipIf(noBrowser)('the first load of each view takes at most 10 requests and 90 KB, with its data', async () => {
  const { gateway, talk } = await startPageWorld({ channels: { webhook: { accounts: { alerts: { url: 'http://127.0.0.1:9/hook' } } } } });
  for (let number = 0; number < 4; number += 1) {
    await talk(`Question number ${number}`);
    await callApi(gateway, 'POST /api/cron/create', { name: `Report ${number}`, schedule: 'every 1h', message: 'Report', mode: 'agent' });
  }
  appendLog(
    gateway,
    ...Array.from({ length: 300 }, (_, line) => ({ msg: `handled request ${line}`, requestId: `req_${line}`, status: 200 })),
  );
  const page = await openPage(`${gateway.url}/`);
  await page.addInitScript(NEVER_IDLE);
  const network = await page.context().newCDPSession(page);
  await network.send('Network.enable');
  /** The addresses and bytes of the requests of one load, by id. */
  const seen = new Map<string, { readonly url: string; bytes: number }>();
  const add = (id: string, bytes: number): void => {
    const request = seen.get(id);
    if (request !== undefined) request.bytes += bytes;
  };
  network.on('Network.requestWillBeSent', ({ requestId, request: { url } }) => void seen.set(requestId, { url, bytes: 0 }));
  network.on('Network.responseReceived', ({ requestId, response }) => add(requestId, response.encodedDataLength));
  network.on('Network.dataReceived', ({ requestId, encodedDataLength }) => add(requestId, encodedDataLength));

  const measured: Record<string, { requests: number; kilobytes: number }> = {};
  for (const [view, { shows }] of Object.entries(VIEWS)) {
    await page.goto('about:blank');
    await network.send('Network.clearBrowserCache');
    seen.clear();
    await page.goto(`${gateway.url}/#/${view}`);
    await page.getByText(shows).filter({ visible: true }).first().waitFor();
    await expect.poll(() => [...seen.values()].every(({ url, bytes }) => bytes > 0 || !url.includes('/api/'))).toBe(true);
    const requests = [...seen.values()].filter(({ url }) => !FONT.test(url));
    // The browser asks for the icon twice, the second time from its memory.
    const sent = requests.filter(({ url }, index) => !url.endsWith('.svg') || requests.findIndex((other) => other.url === url) === index);
    measured[view] = { requests: sent.length, kilobytes: Math.ceil(sent.reduce((sum, { bytes }) => sum + bytes, 0) / 1_024) };
  }
  const over = Object.entries(measured).filter(([view, { requests, kilobytes }]) => {
    const limit = { ...BUDGET, ...VIEWS[view]?.limit };
    return requests > limit.requests || kilobytes > limit.kilobytes;
  });
  expect(over, JSON.stringify(measured)).toEqual([]);
});
