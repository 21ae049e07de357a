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
 * Mounts at that directory, which is made, until the end of the test: over what is in it or mounted there.
 * @param name  as which file system: the table of mounts says `fuse.NAME`
 */
export function mountFuse(directory: string, name: string): void {
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const { path, env } = getProgram('bindfs');
  // FUSE itself accepts only an empty directory.
  const empty = tempDir();
  execFileSync(path, ['-o', `subtype=${name}`, tempDir(), empty], { env: { ...process.env, ...env } });
  onTestFinished(() => void execFileSync('umount', ['--lazy', empty]));
  execFileSync('mount', ['--bind', empty, directory]);
  onTestFinished(() => void execFileSync('umount', ['--lazy', directory]));
}
