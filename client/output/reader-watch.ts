/**
 * Notices that the reader of standard output has closed (`| head -1`) while nothing is written; the next write would fail with
 * EPIPE. Node cannot wait for that. GNU `tail` can: it follows a file that does not grow, and is killed by SIGPIPE when the reader
 * closes.
 */
import { fstatSync } from 'node:fs';

/**
 * Calls `onGone` once the reader has closed, if standard output is a pipe and `tail` is GNU's. Ends with this process. @returns a
 * function that stops watching
 */
export function watchReader(onGone: () => void): () => void {
  if (process.platform !== 'linux' || !fstatSync(1).isFIFO()) return () => undefined;
  const { spawn } = process.getBuiltinModule('node:child_process'); // loading it takes every command a millisecond
  const args = ['--bytes=0', '--follow', `--pid=${process.pid}`, process.execPath];
  const child = spawn('tail', args, { stdio: ['ignore', 'inherit', 'ignore'] });
  child.on('error', () => undefined);
  child.on('exit', (_code, signal) => {
    if (signal === 'SIGPIPE') onGone();
  });
  return () => child.kill();
}
