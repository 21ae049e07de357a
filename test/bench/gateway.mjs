/** The gateway under test: the real launcher, a home of its own, a free port. */
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { cleanEnvironment, freePort, runCommand, startProcess, waitUntilHealthy } from './processes.mjs';

export const root = dirname(dirname(import.meta.dirname));
export const launcher = join(root, 'bin', 'xopc');

export class Gateway {
  home = mkdtempSync(join(tmpdir(), 'xopc-bench-'));
  env = cleanEnvironment({ XOPC_HOME: this.home });
  port = 0;
  #child;

  /** Starts it in the foreground without a terminal. @returns milliseconds from the spawn to the first 200 */
  async start() {
    this.port = await freePort();
    const startedAt = performance.now();
    this.#child = startProcess(launcher, ['gateway', '--host', '127.0.0.1', '--port', String(this.port)], { env: this.env });
    await Promise.race([
      waitUntilHealthy(this.port),
      once(this.#child, 'exit').then(([code]) => Promise.reject(new Error(`xopc gateway ended with ${code} before it answered`))),
    ]);
    return performance.now() - startedAt;
  }

  /** @returns the command's wall time, exit code and output; an unexpected exit code is an error */
  async command(...args) {
    const result = await runCommand(launcher, ['gateway', ...args], this.env);
    if (result.code !== 0) throw new Error(`xopc gateway ${args.join(' ')} ended with ${result.code}: ${result.stderr}`);
    return result;
  }

  async status() {
    return JSON.parse((await this.command('status', '--json')).stdout);
  }

  async stop() {
    const exited = once(this.#child, 'exit');
    const { ms } = await this.command('stop');
    await exited;
    return ms;
  }

  removeHome() {
    rmSync(this.home, { recursive: true, force: true });
  }
}
