/**
 * Spawns this gateway's own processes; the owner of `execa` on this side. A child leads its own process group and session, so that
 * it can be killed together with everything it started, and a terminal's Ctrl-C does not reach it.
 */
import type { ChildProcess } from 'node:child_process';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { Duplex, Readable } from 'node:stream';
import { execa } from 'execa';
import { programArguments } from '../../../shared/node/build/bundle.js';
import { nodeProgram } from '../../../shared/node/build/node-program.js';
import { childEnvironment } from '../../../shared/node/process/env.js';
import { lastingDirectory } from '../../../shared/node/process/lasting-directory.js';
import { killGroup, sendSignal } from '../../../shared/node/process/send-signal.js';

type ChildRole = 'worker' | 'fallback' | 'supervisor';

export interface ChildExit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  /** Why no process could be started, e.g. `spawn /usr/bin/node ENOENT`. */
  readonly spawnError?: string;
}

/** A listening or bound handle as Node's IPC passes it (`net.Native`); opaque here. */
export type NativeHandle = object;

/** One child of ours. Its state comes from `exit` alone: a failed send or a closed channel proves nothing. */
export interface Child {
  readonly pid: number;
  readonly stdout: Readable | null;
  readonly stderr: Readable | null;
  /** Sends a message; does nothing once the channel is closed. */
  send(message: object, handle?: NativeHandle): void;
  /** SIGKILL to the whole process group; harmless after the group has exited. */
  kill(): void;
  /** Asks the guard thread to write the main thread's stack to stderr. */
  requestStack(): void;
  /** Stops watching the child: it lives on without us. */
  release(): void;
}

export interface ChildHandlers {
  onMessage(message: unknown, handle: unknown): void;
  onExit(exit: ChildExit): void;
}

export interface SpawnOptions {
  readonly role: ChildRole;
  /** The child's boot document, JSON in its environment. */
  readonly boot: object;
  /** Additional environment variables. */
  readonly extra?: Record<string, string>;
  /** `pipe` to read its raw output, `ignore` for a child that outlives us. */
  readonly output: 'pipe' | 'ignore';
}

export type SpawnChild = (options: SpawnOptions, handlers: ChildHandlers) => Child;

/** Index of the pipe whose closing tells the child's guard thread that we have exited. */
const GUARD_PIPE = 3;

/** Starts one of the gateway's own roles, from the build on disk. */
export function spawnChild(options: SpawnOptions, handlers: ChildHandlers): Child {
  return spawnProgram(programArguments(`@${options.role}`), options, handlers);
}

function runExeca(args: readonly string[], options: SpawnOptions) {
  return execa(nodeProgram(), args, {
    cwd: lastingDirectory(),
    env: childEnvironment({ ...options.extra, XOPC_BOOT: JSON.stringify(options.boot) }),
    extendEnv: false,
    ipc: true,
    serialization: 'json',
    buffer: false, // the default buffer kills a noisy child at its limit
    detached: true,
    reject: false,
    forceKillAfterDelay: false,
    stdio: ['ignore', options.output, options.output, 'pipe'],
  });
}

/**
 * Without free descriptors (EMFILE, ENFILE) Node returns a process that has no streams, which makes execa throw, and emits `error` on it
 * before anybody can listen. The listener is added when Node announces the new process.
 * @returns the subprocess, or the reason why there is none
 */
function start(args: readonly string[], options: SpawnOptions): ReturnType<typeof runExeca> | { readonly failure: Promise<string> } {
  let failure = Promise.resolve('unknown reason');
  const onCreated = (announced: unknown): void => {
    const created = (announced as { readonly process: ChildProcess }).process;
    failure = new Promise((resolve) => created.on('error', ({ message }) => resolve(message)));
  };
  subscribe('child_process', onCreated);
  try {
    return runExeca(args, options);
  } catch {
    return { failure };
  } finally {
    unsubscribe('child_process', onCreated);
  }
}

function noProcess(failure: Promise<string>, handlers: ChildHandlers): Child {
  void failure.then((spawnError) => handlers.onExit({ code: null, signal: null, spawnError }));
  const nothing = (): void => undefined;
  return { pid: -1, stdout: null, stderr: null, send: nothing, kill: nothing, requestStack: nothing, release: nothing };
}

/** Starts Node with these arguments as a child of ours. A failed start is reported as an exit with a `spawnError`. */
export function spawnProgram(args: readonly string[], options: SpawnOptions, handlers: ChildHandlers): Child {
  const subprocess = start(args, options);
  return 'failure' in subprocess ? noProcess(subprocess.failure, handlers) : asChild(subprocess, handlers);
}

function asChild(subprocess: ReturnType<typeof runExeca>, handlers: ChildHandlers): Child {
  const guard = subprocess.stdio[GUARD_PIPE] as unknown as Duplex | undefined;
  guard?.on('error', () => undefined); // EPIPE once the child has exited; the exit is reported separately
  guard?.resume();
  subprocess.on('message', (message: unknown, handle: unknown) => handlers.onMessage(message, handle));
  subprocess.on('error', () => undefined);
  let hasExited = false;
  const finish = (exit: ChildExit): void => {
    if (hasExited) return;
    hasExited = true;
    handlers.onExit(exit);
  };
  subprocess.on('exit', (code, signal) => finish({ code, signal }));
  const pid = subprocess.pid ?? -1;
  // A spawn that fails has no exit event: the promise (which never rejects) reports it.
  if (pid < 0)
    void subprocess.then((result) => finish({ code: null, signal: null, spawnError: result.originalMessage ?? 'unknown reason' }));
  return {
    pid,
    stdout: subprocess.stdout as Readable | null,
    stderr: subprocess.stderr as Readable | null,
    send(message, handle) {
      if (!subprocess.connected) return;
      const native = subprocess as unknown as { send(message: object, handle: unknown, callback: (error: Error | null) => void): boolean };
      native.send(message, handle, () => undefined);
    },
    kill() {
      if (pid <= 0) return;
      // Once the leader has been reaped, its pid may belong to another process; the rest of the group is still ours.
      if (hasExited) sendSignal(-pid, 'SIGKILL');
      else killGroup(pid);
    },
    requestStack() {
      if (guard !== undefined && !guard.destroyed) guard.write('S');
    },
    release() {
      if (subprocess.connected) subprocess.disconnect?.();
      guard?.destroy();
      subprocess.unref();
    },
  };
}
