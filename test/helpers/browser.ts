/** Chromium for the tests of the page: one browser (browser-setup.ts), a context a page. */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { type Browser, type BrowserContext, chromium, type ConsoleMessage, type Page } from 'playwright-core';
import { expect, inject, onTestFinished } from 'vitest';

const endpoint = inject('browser');

/** For `test.skipIf`: no browser can be had here (said once, before the tests). */
export const noBrowser = endpoint === '';

const state: { browser?: Promise<Browser> } = {};

/** Once for all files; it ends with this process. */
function connected(): Promise<Browser> {
  return (state.browser ??= chromium.connect(endpoint));
}

export const SIZES = { wide: { width: 1440, height: 900 }, narrow: { width: 390, height: 844 } } as const;
export type Size = keyof typeof SIZES;
export type Scheme = 'light' | 'dark';

export interface OpenOptions {
  readonly size?: Size;
  readonly scheme?: Scheme;
  readonly locale?: string;
  /** It is operated with fingers: there is no pointer that hovers. */
  readonly hasTouch?: boolean;
  /** The browser has signed in with it before. */
  readonly token?: string;
  /** Errors in the console that the test provokes: `<text> at <path>`. */
  readonly allowedErrors?: RegExp;
}

/** What the page must not do: throw, complain in the console, or ask for anything from another origin. */
function watch(page: Page, origin: string, allowed: RegExp | undefined): void {
  const problems: string[] = [];
  const note = (text: string, url = page.url()): void => {
    const problem = `${text} at ${url.replace(origin, '')}`;
    if (allowed?.test(problem) !== true) problems.push(problem);
  };
  page.on('pageerror', (error) => note(`exception: ${error.message}`));
  page.on('console', (message: ConsoleMessage) => {
    if (message.type() === 'error') note(`console: ${message.text()}`, message.location().url);
  });
  page.on('request', (request) => {
    const url = new URL(request.url());
    const isOwn = url.origin === origin || ['blob:', 'data:', 'about:'].includes(url.protocol) || url.host === new URL(origin).host;
    if (!isOwn) problems.push(`request to ${url.origin}`);
  });
  onTestFinished(() => expect(problems.join('\n')).toBe(''));
}

const SHOWN_CHARACTERS = 4_000;

/**
 * Where a page stood when its test failed: on another machine there is nothing else to look at. It is a part of the error, which
 * `test/totals.mjs` repeats at the end of a run.
 */
function showAfterFailure(page: Page): void {
  onTestFinished(async ({ task }) => {
    const error = task.result?.state === 'fail' ? task.result.errors?.[0] : undefined;
    if (error === undefined) return;
    const shown = await page.locator('main, dialog[open]').last().ariaSnapshot({ timeout: 5_000 }).catch(String);
    const text = `The page ${page.url()} shows:\n${shown.slice(0, SHOWN_CHARACTERS)}`;
    process.stderr.write(`${task.name}: ${text}\n`);
    error.stack = `${error.stack ?? error.message}\n${text}`;
  });
}

/** For one step on a busy machine. What never comes ends a test all the same. */
const PATIENCE_MS = 30_000;

/** `XOPC_PAGE_SLOWER=6`: the page's own work takes six times as long, which shows what a test did not wait for. */
const SLOWER = Number(process.env['XOPC_PAGE_SLOWER'] ?? 1);

/** A new context with one page at `url`; closed when the test ends. Fails the test when the page throws or calls a stranger. */
export async function openPage(url: string, options: OpenOptions = {}): Promise<Page> {
  const browser = await connected();
  const context: BrowserContext = await browser.newContext({
    viewport: SIZES[options.size ?? 'wide'],
    colorScheme: options.scheme ?? 'light',
    locale: options.locale ?? 'en-US',
    reducedMotion: 'reduce',
    ...(options.hasTouch === true ? { hasTouch: true, isMobile: true } : {}),
    acceptDownloads: true,
  });
  context.setDefaultTimeout(PATIENCE_MS);
  if (options.token !== undefined)
    await context.request.post(new URL('/api/page-session', url).href, { headers: { Authorization: `Bearer ${options.token}` } });
  const page = await context.newPage();
  onTestFinished(async () => {
    // Requests that tests hold or change end with the page.
    if (!page.isClosed()) await page.unrouteAll({ behavior: 'ignoreErrors' });
    await context.close();
  });
  if (SLOWER > 1) await (await context.newCDPSession(page)).send('Emulation.setCPUThrottlingRate', { rate: SLOWER });
  watch(page, new URL(url).origin, options.allowedErrors);
  showAfterFailure(page);
  await page.goto(url);
  return page;
}

const axeSource = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

interface AxeResult {
  readonly violations: readonly { id: string; help: string; nodes: readonly { target: unknown; failureSummary?: string }[] }[];
}

const RULES = {
  resultTypes: ['violations'],
  runOnly: { type: 'tag', values: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'] },
  // None of these rules reads style sheets.
  preload: false,
};

/** What axe-core finds wrong, one line a place; empty when the page is clean. */
export async function findBarriers(page: Page): Promise<string[]> {
  // Evaluated by the debugger: the page's own policy allows no script but its own.
  if (!(await page.evaluate<boolean>(`'axe' in window`))) await page.evaluate(axeSource);
  const { violations } = await page.evaluate<AxeResult>(`axe.run(document, ${JSON.stringify(RULES)})`);
  return violations.flatMap(({ id, help, nodes }) => nodes.map((node) => `${id}: ${help} at ${JSON.stringify(node.target)}`));
}

/** A busy browser may still be painting the other scheme: what is wrong then is right a moment later, and a real barrier stays. */
const LOOKS = 5;

async function findLastingBarriers(page: Page): Promise<string[]> {
  let found: string[] = [];
  for (let look = 0; look < LOOKS; look += 1) {
    await page.evaluate(`new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))`);
    found = await findBarriers(page);
    if (found.length === 0) break;
  }
  return found;
}

/** The schemes differ in their colours only, and these are the same in both sizes: each scheme and each size is looked at once. */
const LOOKED_AT = [
  ['light', 'wide'],
  ['dark', 'narrow'],
] as const;

/** Clean in light and dark, wide and narrow. The page stays in the last. */
export async function expectAccessible(page: Page): Promise<void> {
  for (const [scheme, size] of LOOKED_AT) {
    await page.emulateMedia({ colorScheme: scheme, reducedMotion: 'reduce' });
    await page.setViewportSize(SIZES[size]);
    expect(await findLastingBarriers(page), `${scheme}, ${size}`).toEqual([]);
    const overflow = await page.evaluate<number>(`document.documentElement.scrollWidth - document.documentElement.clientWidth`);
    expect(overflow, `${size}: nothing is wider than the screen`).toBeLessThanOrEqual(0);
  }
}
