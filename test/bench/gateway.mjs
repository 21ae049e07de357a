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
  #launcher;
  #child;

  /** @param checkout  whose build it runs. Default: this one */
  constructor(checkout = root) {
    this.#launcher = join(checkout, 'bin', 'xopc');
  }

  /** Starts it in the foreground without a terminal. @returns milliseconds from the spawn to the first 200 */
  async start() {
    this.port = await freePort();
    const startedAt = performance.now();
    const args = ['gateway', '--host', '127.0.0.1', '--port', String(this.port)];
    this.#child = startProcess(this.#launcher, args, { env: this.env, stdio: ['ignore', 'ignore', 'pipe'] });
    let stderr = '';
    this.#child.stderr.setEncoding('utf8').on('data', (chunk) => (stderr = (stderr + chunk).slice(-4_096)));
    await Promise.race([
      waitUntilHealthy(this.port),
      once(this.#child, 'exit').then(([code]) =>
        Promise.reject(new Error(`xopc gateway ended with ${code} before it answered: ${stderr}`)),
      ),
    ]);
    return performance.now() - startedAt;
  }

  /** @returns the command's wall time, exit code and output; an unexpected exit code is an error */
  async command(...args) {
    const result = await runCommand(this.#launcher, ['gateway', ...args], this.env);
    if (result.code !== 0) throw new Error(`xopc gateway ${args.join(' ')} ended with ${result.code}: ${result.stderr}`);
    return result;
  }

  async status() {
    return JSON.parse((await this.command('status', '--json')).stdout);
  }

  async stop() {
    const exited = this.#child.exitCode === null && this.#child.signalCode === null ? once(this.#child, 'exit') : undefined;
    const { ms } = await this.command('stop');
    await exited;
    return ms;
  }

  /** Ends what is left of it, whichever process that is now, and removes its home. */
  async dispose() {
    await runCommand(this.#launcher, ['gateway', 'stop', '--force'], this.env);
    rmSync(this.home, { recursive: true, force: true });
  }
}
