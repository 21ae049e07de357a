/**
 * The guard thread: ends a child at once when its supervisor is gone, even while the child's main loop is blocked. Its own event
 * loop waits for the end of the pipe inherited from the supervisor (descriptor 3): that end means that the supervisor is dead. A
 * check of the parent's pid is the second line of defence. On the byte `S` it writes the main thread's stack to stderr. It must not
 * block in a read: the process could then not exit, because Node joins its threads.
 * Plain JavaScript in a string, because it runs as an eval'd thread from every kind of bundle. See docs/adr/0003-ipc.md.
 */
import { Worker } from 'node:worker_threads';

const GUARD_FD = 3;
const STACK_LIMIT_MS = 800;
const PARENT_CHECK_MS = 5_000;

const guardSource = `
const fs = require('node:fs');
const { workerData: parent } = require('node:worker_threads');
function end() {
  try { process.kill(-process.pid, 'SIGKILL'); } catch {}
  process.kill(process.pid, 'SIGKILL');
}
function writeStack(frames) {
  const lines = frames.slice(0, 30).map((frame) => '    at ' + (frame.functionName || '<anonymous>') + ' (' + frame.url + ':' + (frame.location.lineNumber + 1) + ':' + (frame.location.columnNumber + 1) + ')');
  fs.writeSync(2, 'main thread is here:\\n' + lines.join('\\n') + '\\n');
}
function captureStack() {
  return new Promise((resolve) => {
    const { Session } = require('node:inspector');
    const session = new Session();
    const limit = setTimeout(resolve, ${STACK_LIMIT_MS});
    session.connectToMainThread();
    session.on('Debugger.paused', (message) => {
      clearTimeout(limit);
      writeStack(message.params.callFrames);
      session.post('Debugger.resume');
      resolve();
    });
    session.post('Debugger.enable');
    session.post('Debugger.pause');
  }).catch(() => undefined);
}
const pipe = new (require('node:net').Socket)({ fd: ${GUARD_FD}, readable: true, writable: false });
pipe.on('data', (bytes) => {
  if (bytes.includes('S')) void captureStack();
});
pipe.on('error', end);
pipe.on('close', end);
setInterval(() => {
  if (process.ppid !== parent) end();
}, ${PARENT_CHECK_MS});
if (process.ppid !== parent) end();
`;

/** Starts the guard. It never keeps the process alive. @param parentPid  the supervisor's; may be 1 in a container @returns its thread */
export function startParentGuard(parentPid: number): Worker {
  const limits = { maxOldGenerationSizeMb: 16, maxYoungGenerationSizeMb: 1, stackSizeMb: 1 };
  const thread = new Worker(guardSource, { eval: true, workerData: parentPid, resourceLimits: limits });
  thread.unref();
  return thread;
}
