/** A client as its package is published, in a directory of its own. Installed at run time, because most are large and none is needed to work on the gateway. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from 'vitest';
import { type Outcome, runProcess } from '../../helpers/real-gateway.js';

export interface InstalledClient {
  /** Where it works; empty at first. */
  readonly directory: string;
  /** Of a file in `node_modules`. */
  path(file: string): string;
  /** Runs `node` with a home of its own. */
  node(args: readonly string[], env: Record<string, string>): Promise<Outcome>;
}

/**
 * Asks the registry. Removed when the tests of the file end.
 * @param packages  as `name@version`; their install scripts do not run
 */
export async function installClient(...packages: string[]): Promise<InstalledClient> {
  const top = mkdtempSync(join(tmpdir(), 'xopc-client-'));
  afterAll(() => rmSync(top, { recursive: true, force: true }));
  const [directory, home] = [join(top, 'work'), join(top, 'home')];
  for (const made of [directory, home]) mkdirSync(made);
  writeFileSync(join(top, 'package.json'), '{"private":true}\n');
  const install = ['install', '--ignore-scripts', '--no-audit', '--no-fund', '--no-save', ...packages];
  const { code, stderr } = await runProcess(['npm'], install, { cwd: top, env: {} }).done;
  if (code !== 0) throw new Error(`npm cannot install ${packages.join(' ')}: ${stderr}`);
  const path = (file: string): string => join(top, 'node_modules', file);
  return {
    directory,
    path,
    node: (args, env) => runProcess([process.execPath], args, { cwd: directory, env: { HOME: home, ...env } }).done,
  };
}
