/**
 * Shows the log of a foreground gateway on its terminal. Runs in a separate process: a paused terminal (Ctrl-S) or a hanging connection
 * blocks the writer, and the supervisor must never block.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { programArguments } from '../../shared/node/build/bundle.js';
import { childEnvironment } from '../../shared/node/process/env.js';
import { lastingDirectory } from '../../shared/node/process/lasting-directory.js';
import type { GatewayPaths } from '../../shared/node/process/paths.js';

export interface LogView {
  /** Begins to show the log; deferred so that a start prints its own headline first. */
  show(): void;
  /** Shows the rest of the log and exits. */
  end(): Promise<void>;
}

/** After the gateway has stopped, little is left to show unless the terminal is stopped (Ctrl-S). */
const END_LIMIT_MS = 1_000;

function ended(child: ChildProcess): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => child.kill('SIGKILL'), END_LIMIT_MS);
    child.once('exit', () => {
      clearTimeout(timer);
      resolve();
    });
    child.stdin?.end();
  });
}

/** Starts the view; it follows from the log's present end, from {@link LogView.show} or 5 s after the start until {@link LogView.end} or the end of this process. */
export function startLogView(paths: GatewayPaths): LogView {
  const args = programArguments('@log-view', '--config', paths.configPath);
  const child = spawn(process.execPath, args, {
    cwd: lastingDirectory(),
    stdio: ['pipe', 'inherit', 'inherit'],
    env: childEnvironment({ XOPC_HOME: paths.home }),
  });
  let isRunning = true;
  const stopped = (): void => {
    isRunning = false;
  };
  // If the view cannot start or ends with its terminal, the gateway continues without it.
  child.on('error', stopped);
  child.on('exit', stopped);
  child.stdin.on('error', () => undefined);
  return { show: () => void child.stdin.write('\n'), end: () => (isRunning ? ended(child) : Promise.resolve()) };
}
