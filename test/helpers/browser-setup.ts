/** Before the tests of the page: a browser, started once for all files; each test has a context of its own in it. */
import { chromium } from 'playwright-core';
import type { TestProject } from 'vitest/node';
import { provideChromium } from './chromium.js';

declare module 'vitest' {
  interface ProvidedContext {
    /** Where the browser is reached; '' where none can be had. */
    browser: string;
  }
}

const FLAGS = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  // A microphone that beeps, which pages are given without a question.
  '--use-fake-device-for-media-stream',
  '--use-fake-ui-for-media-stream',
];

/** Playwright makes a fresh profile directory and removes it. */
export default async function setup(project: TestProject): Promise<(() => Promise<void>) | undefined> {
  const found = provideChromium();
  if ('missing' in found) {
    process.stderr.write(`test: the page's tests are left out: ${found.missing}\n`);
    project.provide('browser', '');
    return undefined;
  }
  const server = await chromium.launchServer({ executablePath: found.program, args: FLAGS, headless: true, host: '127.0.0.1' });
  project.provide('browser', server.wsEndpoint());
  return () => server.close();
}
