/**
 * The process of a server: the leader of its own process group, so that it can be killed with everything that it started. Its
 * standard output is read line by line, at a limited rate; its standard error goes into the log.
 */
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import type { Clock } from '../../../../shared/clock.js';
import type { McpServerConfig } from '../../../../shared/config/tools/mcp.js';
import type { LogPort } from '../../../../shared/log/log-port.js';
import { toolServerEnvironment } from '../../../../shared/node/process/env.js';
import { oneLine } from '../../../../shared/text/one-line.js';
import { type LineHandlers, MessageLines } from './message-lines.js';
import { Throttle } from './throttle.js';

/** Of one message. */
export const MAX_MESSAGE_BYTES = 20_971_520;
/** Maximum bytes waiting to be written to a server that does not read. */
const MAX_UNREAD_BYTES = 33_554_432;
/** Messages and chunks of up to 64 KB in a second. */
const UNITS_PER_SECOND = 5_000;
const LOG_LINES_PER_SECOND = 50;
const MAX_LOG_LINE_LENGTH = 2_000;
const MAX_LOG_LINE_BYTES = 8_192;
/** How long to wait after the exit for output still in the pipe. */
const LAST_OUTPUT_MS = 500;

/** What Node prints below an error that ends a program: its stack, the end of its fields, the version. */
const STACK_LINE = /^at .+(?::\d+:\d+|<anonymous>|index \d+)\)?(?<opens> \{)?$/;
const BELOW_ERROR = /^(?:[}\])]*|Node\.js v\d.*)$/;

/** Time limits of the ways to end it, counted from the first. */
export interface StopTimes {
  /** Only closing its input. */
  readonly termAfterMs: number;
  /** SIGTERM. */
  readonly killAfterMs: number;
}

export interface ServerPlace {
  /** Where a program starts that has no `cwd`. */
  readonly home: string;
  readonly clock: Clock;
  readonly logger: LogPort;
  /** Called as soon as the process exists, and when nothing of its group is left that can be ended. */
  readonly onGroup: (pid: number, isRunning: boolean) => void;
}

interface ServerProcessOptions extends Omit<ServerPlace, 'home'>, Pick<McpServerConfig, 'args' | 'env'> {
  readonly command: string;
  readonly cwd: string;
}

interface ServerReader extends LineHandlers {
  /** @param reason  as text, also for a requested end */
  onExit(reason: string): void;
}

function describeStart({ command, cwd }: ServerProcessOptions, error: NodeJS.ErrnoException): string {
  if (error.code === 'ENOENT') return `it could not be started: there is no program '${command}', or no directory ${cwd}`;
  return `it could not be started: ${error.message}`;
}

export class ServerProcess {
  readonly pid: number;
  readonly #options: ServerProcessOptions;
  readonly #child: ChildProcessWithoutNullStreams;
  /** By stream, what ends its pause. */
  readonly #pauses = new Map<Readable, () => void>();
  #lastLogLine = '';
  #hasEnded = false;
  readonly #ended: Promise<void>;
  /** Called when its output has been read too, with a description of how it ended. */
  readonly #closed: Promise<string>;

  /** Resolves when it runs; its output waits in the pipe until it is read. @throws Error with the reason why it cannot be started */
  static async start(options: ServerProcessOptions): Promise<ServerProcess> {
    const { command, args, env, cwd } = options;
    let child: ChildProcessWithoutNullStreams;
    try {
      child = spawn(command, [...args], { env, cwd, stdio: 'pipe', detached: true, windowsHide: true });
    } catch (error) {
      throw new Error(describeStart(options, error as NodeJS.ErrnoException), { cause: error });
    }
    if (child.pid === undefined) {
      const [error] = (await once(child, 'error')) as [NodeJS.ErrnoException];
      throw new Error(describeStart(options, error), { cause: error });
    }
    // Reported before anything else, so that the group is known to be killed whatever happens next.
    options.onGroup(child.pid, true);
    return new ServerProcess(options, child, child.pid);
  }

  private constructor(options: ServerProcessOptions, child: ChildProcessWithoutNullStreams, pid: number) {
    this.#options = options;
    this.#child = child;
    this.pid = pid;
    child.on('error', () => undefined); // of a signal that could not be sent: its exit is reported
    child.stdin.on('error', () => undefined); // EPIPE: its exit is reported
    this.#ended = new Promise((resolve) => {
      child.on('exit', () => {
        this.#exited();
        resolve();
      });
    });
    this.#closed = new Promise((resolve) => {
      child.on('close', (code, signal) => {
        const how = signal === null ? `it ended with exit code ${code}` : `it was ended by ${signal}`;
        resolve(`${how}${this.#lastLogLine === '' ? '' : `: ${this.#lastLogLine}`}`);
      });
    });
    this.#readLog();
  }

  /** Starts reading its messages. */
  read(reader: ServerReader): void {
    const throttle = new Throttle(this.#options.clock, UNITS_PER_SECOND);
    const lines = new MessageLines(MAX_MESSAGE_BYTES, {
      onLine: (line) => {
        throttle.count();
        reader.onLine(line);
      },
      onLongLine: (head, tail, bytes) => reader.onLongLine(head, tail, bytes),
    });
    this.#read(this.#child.stdout, throttle, (chunk) => {
      throttle.count();
      lines.push(chunk);
    });
    void this.#closed.then((reason) => reader.onExit(reason));
  }

  /** @throws Error when it does not read, or has ended */
  write(line: string): void {
    const { stdin } = this.#child;
    if (!stdin.writable) throw new Error('it has ended');
    if (stdin.writableLength > MAX_UNREAD_BYTES) throw new Error('it does not read what it is sent');
    stdin.write(line);
  }

  /** Ends it and everything in its group. Resolves when it has ended. */
  async stop({ termAfterMs, killAfterMs }: StopTimes): Promise<void> {
    if (this.#hasEnded) return;
    this.#child.stdin.end();
    const { clock } = this.#options;
    const cancels = [clock.after(termAfterMs, () => this.#signal('SIGTERM')), clock.after(killAfterMs, () => this.#signal('SIGKILL'))];
    await this.#ended;
    for (const cancel of cancels) cancel();
  }

  #signal(signal: NodeJS.Signals): void {
    try {
      process.kill(-this.pid, signal);
    } catch {
      // No group of that number: it is gone, or the platform has no groups.
      if (!this.#hasEnded) this.#child.kill(signal);
    }
  }

  #exited(): void {
    this.#hasEnded = true;
    // Everything it started ends with it.
    this.#signal('SIGKILL');
    this.#options.onGroup(this.pid, false);
    const { stdout, stderr } = this.#child;
    stdout.resume();
    // A process that has left the group may hold the pipes open.
    const cancel = this.#options.clock.after(LAST_OUTPUT_MS, () => [stdout, stderr].forEach((stream) => stream.destroy()));
    this.#child.on('close', () => {
      cancel();
      for (const cancelPause of this.#pauses.values()) cancelPause();
    });
  }

  /** Reads a stream, pausing while the limit of the current second is used up. */
  #read(stream: Readable, throttle: Throttle, onChunk: (chunk: Buffer) => void): void {
    stream.on('data', (chunk: Buffer) => {
      onChunk(chunk);
      if (throttle.isOver() && !this.#hasEnded) {
        stream.pause();
        this.#pauses.set(
          stream,
          throttle.whenOver(() => stream.resume()),
        );
      }
    });
  }

  #readLog(): void {
    const { logger, clock } = this.#options;
    const throttle = new Throttle(clock, LOG_LINES_PER_SECOND);
    let skipped = 0;
    let isInFields = false;
    const note = (line: string): void => {
      throttle.count();
      if (throttle.isOver()) return void (skipped += 1);
      if (skipped > 0) logger.warn({ lines: skipped }, 'the server wrote more to its log than is kept');
      skipped = 0;
      const stderr = oneLine(line, MAX_LOG_LINE_LENGTH);
      const stack = STACK_LINE.exec(stderr);
      if (stack?.groups?.['opens'] !== undefined) isInFields = true;
      if (stack === null && !isInFields && !BELOW_ERROR.test(stderr)) this.#lastLogLine = stderr;
      if (stderr === '}') isInFields = false;
      logger.info({ stderr }, 'the server wrote to its log');
    };
    const lines = new MessageLines(MAX_LOG_LINE_BYTES, { onLine: note, onLongLine: (head) => note(head) });
    this.#read(this.#child.stderr, throttle, (chunk) => lines.push(chunk));
  }
}

/** Starts a server that is a program; undefined for one at a URL. @throws Error with the reason why it cannot be started */
export async function startServer(settings: McpServerConfig, { home, ...place }: ServerPlace): Promise<ServerProcess | undefined> {
  const { command, args, env, cwd = home } = settings;
  if (command === undefined) return undefined;
  // `npx` downloads to `~/.npm` by default, which is read-only for the systemd service (ProtectHome).
  const downloads = { npm_config_cache: join(home, 'cache', 'npm') };
  return ServerProcess.start({ ...place, command, args, cwd, env: { ...toolServerEnvironment(), ...downloads, ...env } });
}
