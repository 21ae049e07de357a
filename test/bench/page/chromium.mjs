/** The browser of the measurements. */
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { chromium } from 'playwright-core';

/** @returns the path of a Chromium; undefined where there is none */
export function findChromium() {
  const directories = (process.env.PATH ?? '').split(delimiter).filter(Boolean);
  const names = ['chromium-headless-shell', 'chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];
  const found = [process.env.CHROME_PATH, ...directories.flatMap((directory) => names.map((name) => join(directory, name)))];
  return found.find((path) => path !== undefined && path !== '' && existsSync(path));
}

/** @param args  further arguments of Chromium */
export function launch(program, args = []) {
  return chromium.launch({ executablePath: program, args: ['--no-sandbox', '--headless', '--disable-gpu', ...args] });
}
