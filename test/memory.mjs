/**
 * Temporary files of tests in memory: each commit of a database waits for the disk, and tests make some ten thousand. No test cuts the power, so
 * they prove as much; `npm run torture` stays on the disk.
 */
import { spawnSync } from 'node:child_process';

/** Eight times what a run needs at most. */
const ROOM_BYTES = 4 * 1024 ** 3;
const MOUNT = 'mount -t tmpfs -o mode=1777 tmpfs "$0" && export TMPDIR="$0" && exec "$@"';

/**
 * @param directory  an empty one, which becomes the place of temporary files
 * @returns the words to put before a command, so that it and its children have their temporary files in memory: only they see the mount, and it
 *   ends with them. Empty where that is not allowed (it needs root on Linux) or memory is short
 */
export function inMemory(directory, availableBytes = process.availableMemory()) {
  const prefix = ['unshare', '--mount', 'sh', '-c', MOUNT, directory];
  if (process.platform !== 'linux' || availableBytes < ROOM_BYTES) return [];
  const [program, ...args] = [...prefix, 'true'];
  return spawnSync(program, args, { stdio: 'ignore' }).status === 0 ? prefix : [];
}
