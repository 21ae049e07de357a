/** Finds a Chromium for the tests and the measurements of the page. */
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';

/** The first opens a page in a third of the time: it has no windows. */
const NAMES = ['chromium-headless-shell', 'chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable', 'microsoft-edge'];
const ELSEWHERE = [
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  '/Applications/Chromium.app/Contents/MacOS/Chromium',
  '/opt/google/chrome/chrome',
];

/** @returns {string | undefined} the path of the program */
export function findChromium() {
  const { CHROME_PATH: named = '', PATH = '' } = process.env;
  if (named !== '') {
    if (existsSync(named)) return named;
    throw new Error(`CHROME_PATH names '${named}', which does not exist. Name a Chromium or Chrome program, or unset it.`);
  }
  const directories = PATH.split(delimiter).filter(Boolean);
  const candidates = directories.flatMap((directory) => NAMES.map((name) => join(directory, name)));
  return [...candidates, ...ELSEWHERE].find((path) => existsSync(path));
}
