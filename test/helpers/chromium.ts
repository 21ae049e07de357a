/** A Chromium for the tests of the page: the system's, or Debian's package, installed where that is possible. */
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { installDebianPackages } from './debian-packages.js';

/** The first opens a page in a third of the time: it has no windows. */
const NAMES = ['chromium-headless-shell', 'chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable', 'microsoft-edge'];
const ELSEWHERE = [
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  '/Applications/Chromium.app/Contents/MacOS/Chromium',
  '/opt/google/chrome/chrome',
];

/** @returns path of the program, or undefined */
export function findChromium(env: NodeJS.ProcessEnv = process.env): string | undefined {
  const named = env['CHROME_PATH'];
  if (named !== undefined && named !== '') {
    if (existsSync(named)) return named;
    throw new Error(`CHROME_PATH names '${named}', which does not exist. Name a Chromium or Chrome program, or unset it.`);
  }
  const directories = (env['PATH'] ?? '').split(delimiter).filter(Boolean);
  const candidates = directories.flatMap((directory) => NAMES.map((name) => join(directory, name)));
  return [...candidates, ...ELSEWHERE].find((path) => existsSync(path));
}

/** Finds one, or installs Debian's. @returns its path, or why there is none */
export function provideChromium(): { readonly program: string } | { readonly missing: string } {
  const found = findChromium();
  if (found !== undefined) return { program: found };
  process.stderr.write("test: no Chromium here; installing Debian's package with apt-get ...\n");
  // Without any font the page would be measured in one that nobody sees.
  const fonts = ['fonts-dejavu-core', 'fonts-wqy-microhei'];
  const missing = installDebianPackages(['chromium-headless-shell', ...fonts], ['chromium', ...fonts]);
  const installed = findChromium();
  if (installed !== undefined) return { program: installed };
  return { missing: `${missing ?? 'the package brought no program'}. Install Chromium or Chrome, or name it in CHROME_PATH.` };
}
