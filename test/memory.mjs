/**
 * Temporary files of tests in memory: each commit of a database waits for the disk, and tests make some ten thousand. Nothing is lost by it, since
 * no test takes the power away; `npm run torture` stays on the disk.
 */
import { spawnSync } from 'node:child_process';

/** Several times of what a run needs at most (0.5 GB). */
const ROOM_BYTES = 4 * 1024 ** 3;
const MOUNT = 'mount -t tmpfs -o mode=1777 tmpfs "$0" && export TMPDIR="$0" && exec "$@"';

/**
 * @param directory  an empty one, which becomes the place of temporary files
 * @returns what runs a command that way when put in front of it, with a mount that only this command and its children see and that ends with
 *   them; nothing where that is not allowed (it needs root on Linux) or memory is short
 */
export function inMemory(directory) {
  const prefix = ['unshare', '--mount', 'sh', '-c', MOUNT, directory];
  if (process.platform !== 'linux' || process.availableMemory() < ROOM_BYTES) return [];
  const [program, ...args] = [...prefix, 'true'];
  return spawnSync(program, args, { stdio: 'ignore' }).status === 0 ? prefix : [];
}
