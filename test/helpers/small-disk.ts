/** A file system of its own, small enough to be filled, that can be made read-only. Needs root on Linux. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';

export interface SmallDisk {
  /** Takes what room there is. */
  fill(): void;
  free(): void;
  setReadOnly(isReadOnly: boolean): void;
}

const BLOCK_BYTES = 4_096;
const FILL_TRIES = 10;

/** Why no file system can be mounted here; undefined when one can. */
export const noMountReason: string | undefined =
  process.platform === 'linux' && process.geteuid?.() === 0 && canMount() ? undefined : 'mounting a file system needs root on Linux';

function mount(...args: string[]): void {
  execFileSync('mount', args, { stdio: ['ignore', 'ignore', 'pipe'] });
}

function unmount(directory: string): void {
  execFileSync('umount', ['--lazy', directory], { stdio: ['ignore', 'ignore', 'pipe'] });
}

/** Containers often have root without this right. */
function canMount(): boolean {
  const directory = `/tmp/xopc-mount-${process.pid}`;
  mkdirSync(directory, { recursive: true });
  try {
    mount('-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', directory);
    unmount(directory);
    return true;
  } catch {
    return false;
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

/** @returns whether it was written; not where somebody else has taken the space meanwhile */
function fits(path: string, bytes: number): boolean {
  try {
    writeFileSync(path, Buffer.alloc(bytes));
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
    rmSync(path);
    return false;
  }
}

/** Mounts one at that directory, which is made; it is gone at the end of the test. */
export function mountSmallDisk(directory: string, sizeMiB: number): SmallDisk {
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  mount('-t', 'tmpfs', '-o', `size=${sizeMiB}m,mode=0700`, 'tmpfs', directory);
  onTestFinished(() => unmount(directory));
  const ballast = join(directory, 'ballast');
  return {
    fill() {
      const isFilled = Array.from({ length: FILL_TRIES }).some(() => {
        const { bavail, bsize } = statfsSync(directory);
        return fits(ballast, Math.max(0, bavail * bsize - BLOCK_BYTES));
      });
      if (!isFilled) throw new Error(`${directory} cannot be filled: its room changes all the time`);
    },
    free: () => rmSync(ballast),
    setReadOnly: (isReadOnly) => mount('-o', `remount,${isReadOnly ? 'ro' : 'rw'}`, directory),
  };
}
