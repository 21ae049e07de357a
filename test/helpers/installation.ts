/** A copy of the built gateway that a test may break, replace or extend. */
import { execFileSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { root } from './real-gateway.js';

export class Installation {
  readonly directory: string;
  readonly #dist: string;

  constructor() {
    this.directory = mkdtempSync(join(tmpdir(), 'xi-'));
    this.#dist = join(this.directory, 'dist');
    cpSync(join(root, 'dist'), this.#dist, { recursive: true });
    onTestFinished(() => rmSync(this.directory, { recursive: true, force: true }));
  }

  /** As the launcher would start it. */
  get command(): readonly [string, ...string[]] {
    return [process.execPath, '--inspect-port=192.0.2.1:9229', join(this.#dist, 'main.cjs')];
  }

  /** Lets every user of the machine run it; the clone may lie where only its owner may look. */
  openToAll(): void {
    execFileSync('chmod', ['-R', 'go=rX', this.directory]);
  }

  /** Adds code that runs when a bundle is loaded. The cached data does not fit any more, which is no error. */
  append(bundle: string, code: string): void {
    const path = join(this.#dist, `${bundle}.cjs`);
    const wrapped = readFileSync(path, 'utf8');
    writeFileSync(path, `${wrapped.slice(0, wrapped.lastIndexOf('}'))}\n;${code}\n})\n`);
  }

  /** Replaces a bundle. @returns puts the old one back */
  replace(bundle: string, code: string): () => void {
    const path = join(this.#dist, `${bundle}.cjs`);
    const before = readFileSync(path);
    writeFileSync(path, `(function (exports, require, module) {${code}\n})\n`);
    return () => writeFileSync(path, before);
  }

  /** As an upgrade does, a moment before the next one is there. */
  remove(): void {
    rmSync(this.#dist, { recursive: true });
  }

  /** What an upgrade changes last. */
  setBuild(build: { version: string; buildId: string }): void {
    writeFileSync(join(this.#dist, 'build.json'), JSON.stringify(build));
  }
}
