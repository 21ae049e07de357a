/** Starts the browser of the measurements. */
import { chromium } from 'playwright-core';

/** @param args  further arguments of Chromium */
export function launch(program, args = []) {
  return chromium.launch({ executablePath: program, args: ['--no-sandbox', '--headless', '--disable-gpu', ...args] });
}
