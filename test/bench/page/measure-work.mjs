/** What the page costs while it is used: memory over many sessions, and the processor while an answer is written. */
import { row } from '../statistics.mjs';

const FEW = 20;
const MANY = 200;
const STREAM_MS = 6_000;
/** Until timers and frames have let go of what was shown last. */
const SETTLED_MS = 3_000;

async function metrics(network) {
  const { metrics: list } = await network.send('Performance.getMetrics');
  return Object.fromEntries(list.map(({ name, value }) => [name, value]));
}

/** After the garbage is collected. */
async function heap(page, network) {
  await page.waitForTimeout(SETTLED_MS);
  await network.send('HeapProfiler.collectGarbage');
  const { JSHeapUsedSize, Nodes } = await metrics(network);
  return { megabytes: JSHeapUsedSize / 2 ** 20, nodes: Nodes };
}

async function showSession(page, keys, index) {
  await page.evaluate(`location.hash = '#/chat/' + encodeURIComponent(${JSON.stringify(keys[index])})`);
  await page.locator('article.message').last().getByText(` of ${index}:`).waitFor();
}

async function measureHeap(page, network, keys) {
  for (let count = 0; count < FEW; count += 1) await showSession(page, keys, count % keys.length);
  const few = await heap(page, network);
  for (let count = FEW; count < MANY; count += 1) await showSession(page, keys, count % keys.length);
  const many = await heap(page, network);
  const common = { floorName: `after ${FEW}`, note: `nodes ${few.nodes} → ${many.nodes}` };
  return row({
    name: `heap after ${MANY} switches of sessions`,
    unit: 'MB',
    measured: [many.megabytes],
    floor: [few.megabytes],
    ...common,
  });
}

/** The share of a core that the page's thread has used. */
async function shareOf(page, network) {
  const before = await metrics(network);
  await page.waitForTimeout(STREAM_MS);
  const after = await metrics(network);
  return (100 * (after.TaskDuration - before.TaskDuration)) / (STREAM_MS / 1000);
}

async function measureStream(page, network, keys) {
  await showSession(page, keys, 0);
  const idle = await shareOf(page, network);
  await page.getByRole('textbox', { name: 'Message' }).fill('Tell me something long');
  await page.keyboard.press('Enter');
  await page.locator('article[aria-busy=true] .markdown').waitFor();
  const busy = await shareOf(page, network);
  if ((await page.locator('article[aria-busy=true]').count()) === 0) throw new Error('the answer ended before the measurement did');
  const note = '60 words a second, with lists and code';
  return row({ name: 'an answer is written', unit: '% of a core', measured: [busy], floor: [idle], floorName: 'nothing moves', note });
}

/** @param keys  sessions whose messages contain ` of {index}:` */
export async function measureWork(browser, gateway, keys) {
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 } });
  const page = await context.newPage();
  const network = await context.newCDPSession(page);
  // The time of the processor: other programs of the machine do not count.
  await network.send('Performance.enable', { timeDomain: 'threadTicks' });
  await page.goto(`http://127.0.0.1:${gateway.port}/#/chat`);
  await page.getByRole('textbox', { name: 'Message' }).waitFor();
  const rows = [await measureHeap(page, network, keys), await measureStream(page, network, keys)];
  await context.close();
  return rows;
}
