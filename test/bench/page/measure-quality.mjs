/** What Lighthouse says of the page, and how far it moves while it loads. */
import { freePort } from '../processes.mjs';
import { row } from '../statistics.mjs';
import { launch } from './chromium.mjs';
import { examine, loadLighthouse } from './lighthouse.mjs';

const SIZES = { desktop: { width: 1440, height: 900 }, phone: { width: 390, height: 844 } };
/** Parts that are loaded when the browser is idle are there by then. */
const LOADED_MS = 3_000;

const SHIFTS = `(() => {
  window.shifted = 0;
  const add = (list) => list.getEntries().forEach((entry) => { if (!entry.hadRecentInput) window.shifted += entry.value; });
  new PerformanceObserver(add).observe({ type: 'layout-shift', buffered: true });
})()`;

async function shiftOf(browser, url, viewport) {
  const context = await browser.newContext({ viewport });
  const page = await context.newPage();
  await page.addInitScript(SHIFTS);
  await page.goto(url);
  await page.waitForTimeout(LOADED_MS);
  const shifted = await page.evaluate('window.shifted');
  await context.close();
  return shifted;
}

/** @param views  name → address */
export async function measureQuality(program, views) {
  const port = await freePort();
  const browser = await launch(program, [`--remote-debugging-port=${port}`]);
  const rows = [];
  try {
    for (const [device, viewport] of Object.entries(SIZES)) {
      const shifts = [];
      for (const url of Object.values(views)) shifts.push(await shiftOf(browser, url, viewport));
      const name = `layout shift of ${Object.keys(views).join(', ')}, ${device}`;
      rows.push(row({ name, unit: 'CLS', measured: shifts, note: `highest ${Math.max(...shifts).toFixed(3)}` }));
    }
    const tool = await loadLighthouse();
    if (tool === undefined) return [...rows, row({ name: 'Lighthouse', unit: '', measured: [0], note: 'could not be installed' })];
    for (const device of Object.keys(SIZES)) {
      for (const [view, url] of Object.entries(views)) {
        const { performance, accessibility, practices, shift, failed } = await examine(tool, { url, device, port });
        const note = [`accessibility ${accessibility}`, `best practices ${practices}`, `CLS ${shift.toFixed(3)}`, ...failed].join(', ');
        rows.push(row({ name: `Lighthouse, ${device}, ${view}: performance`, unit: 'of 100', measured: [performance], note }));
      }
    }
    return rows;
  } finally {
    await browser.close();
  }
}
