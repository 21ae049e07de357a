#!/usr/bin/env node
/**
 * The launcher for Windows and for installed packages; see `bin/xopc` for what it does. Runs the program in this process.
 * A Node that is too old must get as far as dist/main.cjs, which says so: hence no `node:` in the imports (Node 14.13.1) and
 * no top-level await (14.8).
 */
import { existsSync } from 'fs';
import { createRequire } from 'module';
import { dirname, join } from 'path';
import { fileURLToPath } from 'url';

process.on('SIGUSR1', () => undefined);

const root = dirname(dirname(fileURLToPath(import.meta.url)));

/** A published package contains the build and no sources. A Tab in the shell must not wait for a build, nor hide one. */
async function isReady() {
  if (!existsSync(join(root, 'client'))) return true;
  if (process.argv[2] === '@complete' && existsSync(join(root, 'dist', 'main.cjs'))) return true;
  const { hasBuiltSources, isStampFresh } = await import('./stamp.mjs');
  const comparesContents = /^ (--config.* )?doctor | gateway (restart|install) /.test(` ${process.argv.slice(2).join(' ')} `);
  if (isStampFresh(root) && (!comparesContents || hasBuiltSources(root))) return true;
  const { setUp } = await import('./setup.mjs');
  return setUp(root);
}

void isReady().then((ready) => {
  if (ready) {
    // Children are started with these flags, so that no debugger can open before they have their signal handler.
    process.execArgv.push('--inspect-port=192.0.2.1:9229');
    createRequire(import.meta.url)('../dist/main.cjs');
  } else {
    process.exitCode = 1;
  }
});
