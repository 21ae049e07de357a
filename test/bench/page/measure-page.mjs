/** What the page costs a person who waits for it. Linux; wants a Chromium. */
import { appendFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { freePort, startProcess, waitUntilHealthy } from '../processes.mjs';
import { call } from '../call.mjs';
import { row } from '../statistics.mjs';
import { findChromium } from '../../find-chromium.mjs';
import { launch } from './chromium.mjs';
import { measureQuality } from './measure-quality.mjs';
import { measureWork } from './measure-work.mjs';
import { startWorld } from './world.mjs';

const ROUNDS = 7;
const MESSAGES = 5_000;
const LOG_LINES = 100_000;
const SCROLL_MS = 3_000;
/** Three thousand a second: as fast as a hand turns it. */
const WHEEL_PIXELS = 9_000;

/** In a fresh profile each time, so that nothing is cached. */
async function firstPaints(browser, url) {
  const times = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    const context = await browser.newContext();
    const page = await context.newPage();
    await page.goto(url);
    const entry = `new Promise((done) => new PerformanceObserver((list) => list.getEntriesByName('first-contentful-paint').forEach((paint) => done(paint.startTime))).observe({ type: 'paint', buffered: true }))`;
    times.push(await page.evaluate(entry));
    await context.close();
  }
  return times;
}

function longSession() {
  const header = JSON.stringify({ format: 'xopc-session', version: 1, title: 'A long one' });
  const lines = Array.from({ length: MESSAGES }, (_, number) => {
    const said = { role: number % 2 === 0 ? 'user' : 'assistant', content: `**${number}** ${'words that were said '.repeat(8)}` };
    return JSON.stringify({
      ...said,
      createdAt: new Date(Date.UTC(2026, 0, 1) + number * 1_000).toISOString(),
      model: null,
      status: 'complete',
    });
  });
  return [header, ...lines].join('\n');
}

/** From the click to the end of the conversation on the screen. */
async function openTimes(page, key) {
  const times = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    await page.evaluate(`location.hash = '#/models'`);
    await page.getByRole('heading', { level: 1, name: 'Models' }).waitFor();
    const script = `new Promise((done) => {
      const startedAt = performance.now();
      location.hash = '#/chat/' + encodeURIComponent(${JSON.stringify(key)});
      const look = () => {
        const last = [...document.querySelectorAll('article.message')].at(-1);
        if (last?.textContent.includes('${MESSAGES - 1}')) requestAnimationFrame(() => done(performance.now() - startedAt));
        else requestAnimationFrame(look);
      };
      look();
    })`;
    times.push(await page.evaluate(script));
  }
  return times;
}

/** Frames a second while `pixels` of the log go by; without a number, all of it. */
async function scrollFrames(page, pixels = 'list.scrollHeight') {
  return page.evaluate(`new Promise((done) => {
    const list = [...document.querySelectorAll('.virtual-list')].at(-1);
    const startedAt = performance.now();
    let frames = 0;
    list.scrollTop = 0;
    const step = () => {
      const share = (performance.now() - startedAt) / ${SCROLL_MS};
      if (share >= 1) return done((frames * 1000) / ${SCROLL_MS});
      frames += 1;
      list.scrollTop = share * ${pixels};
      requestAnimationFrame(step);
    };
    requestAnimationFrame(step);
  })`);
}

/** The least: a page of one line, and frames in which nothing is done. */
const IDLE_FRAMES = `new Promise((done) => {
  const startedAt = performance.now();
  let frames = 0;
  const step = () => {
    frames += 1;
    if (performance.now() - startedAt < ${SCROLL_MS}) requestAnimationFrame(step);
    else done((frames * 1000) / ${SCROLL_MS});
  };
  requestAnimationFrame(step);
})`;

export async function measurePage(gateway) {
  const program = findChromium();
  if (program === undefined) return [row({ name: 'the page', unit: '', measured: [0], note: 'no Chromium here' })];
  const browser = await launch(program);
  const port = await freePort();
  const bare = startProcess(process.execPath, [
    join(import.meta.dirname, '..', 'bare-servers.mjs'),
    'html',
    String(port),
    '<!doctype html><p>hello',
  ]);
  try {
    await waitUntilHealthy(port);
    const url = `http://127.0.0.1:${gateway.port}`;
    const paints = await firstPaints(browser, `${url}/`);
    const least = await firstPaints(browser, `http://127.0.0.1:${port}/`);
    const imported = await call(gateway.port, '/api/sessions/import', { body: longSession(), type: 'application/x-ndjson' });
    const page = await (await browser.newContext({ viewport: { width: 1440, height: 900 } })).newPage();
    await page.goto(`${url}/#/models`);
    const opened = await openTimes(page, imported.session.key);
    const floorName = 'a page of one line';
    const rows = [
      row({ name: 'first contentful paint', unit: 'ms', measured: paints, floor: least, floorName, note: 'nothing cached' }),
      row({ name: `a session of ${MESSAGES} messages opens`, unit: 'ms', measured: opened, note: 'until its end is shown' }),
    ];
    return [...rows, ...(await measureUse(program, browser)), ...(await measureLog(gateway, page))];
  } finally {
    await browser.close();
    bare.kill('SIGKILL');
  }
}

/** On a gateway of its own, with conversations, schedules and a model. */
async function measureUse(program, browser) {
  const { gateway, keys, dispose } = await startWorld({ sessions: 20, messages: 50 });
  try {
    const url = `http://127.0.0.1:${gateway.port}/#`;
    const views = {
      // Not the first, in which an answer is still being written.
      chat: `${url}/chat/${encodeURIComponent(keys[1])}`,
      sessions: `${url}/sessions`,
      logs: `${url}/logs`,
      cron: `${url}/cron`,
    };
    return [...(await measureWork(browser, gateway, keys)), ...(await measureQuality(program, views))];
  } finally {
    await dispose();
  }
}

async function measureLog(gateway, page) {
  const token = (await gateway.command('token', '--show')).stdout.trim();
  const entry = (number) =>
    `${JSON.stringify({ level: 'info', time: new Date().toISOString(), role: 'worker', msg: `line ${number} of the measurement` })}\n`;
  await page.addInitScript(`sessionStorage.setItem('xopc.token', ${JSON.stringify(token)})`);
  await page.goto(`http://127.0.0.1:${gateway.port}/#/logs`);
  await page.reload();
  await page.locator('.virtual-list').last().waitFor();
  const path = join(gateway.home, 'logs', 'gateway.log');
  for (let number = 0; number < LOG_LINES; number += 1_000) {
    appendFileSync(path, Array.from({ length: 1_000 }, (_, index) => entry(number + index)).join(''));
    await delay(20);
  }
  await page.waitForFunction(
    `(() => { const list = [...document.querySelectorAll('.virtual-list [role=listitem]')].at(-1); return Number(list?.getAttribute('aria-setsize')) >= ${LOG_LINES * 0.95}; })()`,
    undefined,
    { timeout: 60_000 },
  );
  const idle = [];
  const wheeled = [];
  const scrolled = [];
  for (let round = 0; round < 3; round += 1) {
    wheeled.push(await scrollFrames(page, WHEEL_PIXELS));
    scrolled.push(await scrollFrames(page));
    idle.push(await page.evaluate(IDLE_FRAMES));
  }
  const common = { unit: 'frames/s', floor: idle, floorName: 'nothing moves' };
  return [
    row({ name: `${LOG_LINES} lines of the log, by the wheel`, measured: wheeled, ...common }),
    row({ name: `${LOG_LINES} lines of the log, all in three seconds`, measured: scrolled, ...common, note: 'each frame is all new' }),
  ];
}
