/** Before the tests of the page: a browser, once for all files. */
import type { TestProject } from 'vitest/node';
import { provideChromium } from './chromium.js';

declare module 'vitest' {
  interface ProvidedContext {
    /** Path of the browser; '' where none can be had. */
    chromium: string;
  }
}

export default function setup(project: TestProject): void {
  const found = provideChromium();
  if ('missing' in found) process.stderr.write(`test: the page's tests are left out: ${found.missing}\n`);
  project.provide('chromium', 'program' in found ? found.program : '');
}
