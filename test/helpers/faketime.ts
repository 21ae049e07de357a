/** A gateway whose wall clock a test sets, by libfaketime under the real processes; timers go on as they are. */
import { existsSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { installDebianPackages } from './debian-packages.js';
import { tempDir } from './temp-dir.js';

const LIBRARIES = ['x86_64', 'aarch64'].map((machine) => `/usr/lib/${machine}-linux-gnu/faketime/libfaketimeMT.so.1`);

const findLibrary = (): string | undefined => LIBRARIES.find((path) => existsSync(path));

/** @returns why there is no libfaketime here, or undefined */
export function installFaketime(): string | undefined {
  return findLibrary() === undefined ? installDebianPackages(['faketime']) : undefined;
}

export class FakeWallClock {
  readonly #path = join(tempDir(), 'offset');
  #offsetMs = 0;

  /** What the processes need to be under it. */
  get env(): Record<string, string> {
    return {
      LD_PRELOAD: findLibrary() ?? '',
      FAKETIME_TIMESTAMP_FILE: this.#path,
      FAKETIME_NO_CACHE: '1',
      FAKETIME_DONT_FAKE_MONOTONIC: '1',
      DONT_FAKE_MONOTONIC: '1',
      // Files and what belongs to them keep their real times.
      NO_FAKE_STAT: '1',
    };
  }

  now(): number {
    return Date.now() + this.#offsetMs;
  }

  /** At once, for every process under it. */
  set(timeMs: number): void {
    this.#offsetMs = timeMs - Date.now();
    writeFileSync(`${this.#path}.new`, `${this.#offsetMs < 0 ? '-' : '+'}${Math.abs(this.#offsetMs) / 1_000}\n`);
    renameSync(`${this.#path}.new`, this.#path);
  }
}
