/** A Chromium for the tests of the page: the system's, or Debian's package, installed where that is possible. */
import { findChromium } from '../find-chromium.mjs';
import { installDebianPackages } from './debian-packages.js';

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
