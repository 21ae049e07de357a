/** A directory on FUSE, by bindfs, which shows the files of another one. Needs root on Linux. */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import { onTestFinished } from 'vitest';
import { getProgram, whyMissing } from './debian-programs.js';
import { noMountReason } from './small-disk.js';
import { tempDir } from './temp-dir.js';

/** @returns why none can be mounted here, or undefined */
export function noFuseReason(): string | undefined {
  return noMountReason ?? (existsSync('/dev/fuse') ? whyMissing(['bindfs']) : 'this Linux has no /dev/fuse');
}

/**
 * Mounts at that directory, which is made, until the end of the test.
 * @param name  as which file system: the table of mounts says `fuse.NAME`
 * @returns a function that unmounts it now
 */
export function mountFuse(directory: string, name: string): () => void {
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const { path, env } = getProgram('bindfs');
  execFileSync(path, ['-o', `subtype=${name}`, tempDir(), directory], { env: { ...process.env, ...env }, stdio: 'ignore' });
  let isMounted = true;
  const unmount = (): void => {
    if (isMounted) execFileSync('umount', ['--lazy', directory]);
    isMounted = false;
  };
  onTestFinished(unmount);
  return unmount;
}
