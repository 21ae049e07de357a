/**
 * Lighthouse, in a version of its own that is installed at the first use: 190 MB that neither the product nor its tests need. It shares
 * nothing with the gateway's packages.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { root } from '../gateway.mjs';
import { runCommand } from '../processes.mjs';

/** The newest that runs on Node 20. */
const VERSION = '12.8.2';
const DIRECTORY = join(root, '.cache', 'bench', `lighthouse-${VERSION}`);
const PACKAGE = join(DIRECTORY, 'node_modules', 'lighthouse');

/** npm needs the certificates of a proxy, which other commands of the bench do without. */
async function install() {
  process.stderr.write(`installing lighthouse ${VERSION} into ${DIRECTORY} ...\n`);
  const options = ['--prefix', DIRECTORY, '--no-save', '--ignore-scripts', '--no-audit', '--no-fund'];
  await runCommand('npm', ['install', ...options, `lighthouse@${VERSION}`], process.env);
}

/** @returns a function that examines an address; undefined where Lighthouse cannot be installed */
export async function loadLighthouse() {
  const entry = join(PACKAGE, 'core', 'index.js');
  if (!existsSync(entry)) await install();
  if (!existsSync(entry)) return undefined;
  const { default: lighthouse } = await import(pathToFileURL(entry).href);
  const { default: desktop } = await import(pathToFileURL(join(PACKAGE, 'core', 'config', 'desktop-config.js')).href);
  return { lighthouse, configs: { desktop, phone: undefined } };
}

/** What is wrong, as ids of audits; performance has many that are only advice. */
function failedAudits({ categories, audits }) {
  const refs = [...categories.accessibility.auditRefs, ...categories['best-practices'].auditRefs];
  return [...new Set(refs.map(({ id }) => id))].filter((id) => audits[id].score !== null && audits[id].score < 1);
}

const percent = (category) => Math.round((category.score ?? 0) * 100);

/** @returns the scores of a page of 0 to 100 and the audits that it fails */
export async function examine({ lighthouse, configs }, { url, device, port }) {
  // New lines of the log arrive in an answer that does not end.
  const maxWaitForLoad = 15_000;
  const flags = { port, maxWaitForLoad, logLevel: 'error', onlyCategories: ['performance', 'accessibility', 'best-practices'] };
  const { lhr } = await lighthouse(url, flags, configs[device]);
  if (lhr.runtimeError !== undefined) throw new Error(`Lighthouse: ${lhr.runtimeError.message}`);
  const { performance, accessibility, 'best-practices': practices } = lhr.categories;
  return {
    performance: percent(performance),
    accessibility: percent(accessibility),
    practices: percent(practices),
    shift: lhr.audits['cumulative-layout-shift'].numericValue ?? 0,
    failed: failedAudits(lhr),
  };
}
