/** Runs a fixture program (TypeScript under test/fixtures) as a process of its own. */
import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { buildSync } from 'esbuild';
import { onTestFinished } from 'vitest';
import { tempDir } from './temp-dir.js';

/** Bundles a fixture. @returns the path of a script for node */
export function buildFixture(name: string): string {
  const outfile = join(tempDir(), `${name}.cjs`);
  buildSync({
    entryPoints: [join(import.meta.dirname, '..', 'fixtures', `${name}.ts`)],
    bundle: true,
    platform: 'node',
    format: 'cjs',
    target: 'node20',
    // Its CommonJS form cannot be bundled, see bin/bundle/bundles.mjs.
    alias: { 'jsonc-parser': 'jsonc-parser/lib/esm/main.js' },
    outfile,
    logLevel: 'error',
  });
  return outfile;
}

/** Starts it with an IPC channel; it is killed at the end of the test if it still runs. */
export function startFixture(script: string, args: readonly string[]): ChildProcess {
  const child = fork(script, [...args], { execArgv: [], stdio: ['ignore', 'pipe', 'inherit', 'ipc'] });
  onTestFinished(() => {
    child.kill('SIGKILL');
  });
  return child;
}

/** Waits for a child's end. @returns its exit code, or the signal that killed it */
export async function exitOf(child: ChildProcess): Promise<number | NodeJS.Signals | null> {
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
  return child.exitCode ?? child.signalCode;
}
