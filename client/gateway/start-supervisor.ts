/** Starts a supervisor that outlives this process and waits for its outcome; the owner of `execa` on this side. */
import type { Readable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import { execa } from 'execa';
import { fromErrorDocument, GatewayError } from '../../shared/errors.js';
import type { StartReport, SupervisorBoot } from '../../shared/ipc/messages.js';
import { programArguments } from '../../shared/node/build/bundle.js';
import { childEnvironment } from '../../shared/node/process/env.js';
import { lastingDirectory } from '../../shared/node/process/lasting-directory.js';
import { withReportedHint } from '../cli/system-error.js';

/** Descriptor in the child on which it writes its one {@link StartReport}. */
const REPORT_FD = 3;
/** A start that takes longer continues in the background, and the caller gets STILL_STARTING. */
const START_LIMIT_MS = 60_000;
/** A supervisor that is still running this long after it reported a failure will stay and retry. */
const LEAVE_LIMIT_MS = 500;
/** A report is one line of a few hundred bytes, longer with a list of problems. */
const MAX_REPORT_BYTES = 262_144;

export interface StartOptions {
  readonly flags: SupervisorBoot['flags'];
  readonly rejected?: SupervisorBoot['rejected'];
  /** Default: our own. */
  readonly environment?: Readonly<Record<string, string>>;
  /** Whether XOPC_PORT and XOPC_HOST are ignored, which a service does not get from a shell. */
  readonly ignoresAddress?: boolean;
  /** Program and leading arguments, default this Node with the built entry. */
  readonly command?: readonly [string, ...string[]];
  readonly limitMs?: number;
}

export type StartedGateway = Extract<StartReport, { ok: true }>;

function supervisorCommand(): readonly [string, ...string[]] {
  return [process.execPath, ...programArguments('@supervisor')];
}

interface Collected {
  readonly text: string;
  readonly hasEnded: boolean;
}

/** Reads up to the first line break or the end; gives up after `limitMs`. */
function readLine(stream: Readable, limitMs: number): Promise<Collected> {
  return new Promise((resolve) => {
    let text = '';
    const finish = (hasEnded: boolean): void => {
      clearTimeout(timer);
      stream.destroy();
      resolve({ text: text.split('\n')[0] ?? '', hasEnded });
    };
    const timer = setTimeout(() => finish(false), limitMs);
    stream.setEncoding('utf8');
    stream.on('data', (chunk: string) => {
      text += chunk;
      if (text.includes('\n') || text.length > MAX_REPORT_BYTES) finish(true);
    });
    stream.on('end', () => finish(true));
    stream.on('error', () => finish(true));
  });
}

function parseReport(text: string): StartReport | undefined {
  try {
    const report = JSON.parse(text) as Partial<StartReport> | null;
    return typeof report?.ok === 'boolean' ? (report as StartReport) : undefined;
  } catch {
    return undefined;
  }
}

function diedSilently(exit: {
  exitCode?: number | undefined;
  signal?: string | undefined;
  shortMessage?: string | undefined;
}): GatewayError {
  const how = exit.signal === undefined ? `exit code ${exit.exitCode ?? 'unknown'}` : exit.signal;
  return new GatewayError('WORKER_NOT_READY', {
    message: `the gateway process ended without a report (${how})`,
    details: { exitCode: exit.exitCode ?? null, signal: exit.signal ?? null },
    hint: 'Show the log with: xopc gateway logs   Start it in the foreground with: xopc gateway',
  });
}

/**
 * Starts a supervisor in its own session, without a terminal, and returns once the gateway is ready.
 * @throws the error that the supervisor reports (LOCK_HELD, PORT_TAKEN, CONFIG_INVALID …); WORKER_NOT_READY when it dies without a
 * report;   STILL_STARTING when it takes longer than `limitMs` (default 60 s) and continues
 */
export async function startSupervisor(options: StartOptions): Promise<StartedGateway> {
  const { flags, rejected = [] } = options;
  const address = options.ignoresAddress === true ? { XOPC_PORT: '', XOPC_HOST: '' } : {};
  const boot: SupervisorBoot = { flags, ...(rejected.length === 0 ? {} : { rejected }), foreground: false, reportFd: REPORT_FD };
  const [file, ...args] = options.command ?? supervisorCommand();
  const subprocess = execa(file, args, {
    cwd: lastingDirectory(),
    // A supervisor started here is not the service's, even if a service manager runs this process (e.g. a tool inside the gateway).
    env: childEnvironment({ XOPC_BOOT: JSON.stringify(boot), XOPC_SERVICE_MARKER: '', ...address }, options.environment),
    extendEnv: false,
    detached: true,
    cleanup: false,
    buffer: false,
    reject: false,
    stdio: ['ignore', 'ignore', 'ignore', 'pipe'],
  });
  const limitMs = options.limitMs ?? START_LIMIT_MS;
  const report = subprocess.stdio[REPORT_FD] as Readable | null | undefined;
  const { text, hasEnded } = report === null || report === undefined ? { text: '', hasEnded: true } : await readLine(report, limitMs);
  const outcome = parseReport(text);
  if (outcome?.ok === true) {
    subprocess.unref();
    return outcome;
  }
  const exit = hasEnded ? await Promise.race([subprocess, delay(LEAVE_LIMIT_MS, undefined)]) : undefined;
  subprocess.unref();
  if (outcome !== undefined) throw failure(outcome, exit === undefined ? subprocess.pid : undefined);
  if (exit !== undefined) throw diedSilently(exit);
  throw new GatewayError('STILL_STARTING', {
    message: `the gateway (pid ${subprocess.pid}) is not ready after ${limitMs} ms; it continues to start`,
    details: { pid: subprocess.pid },
    hint: 'Check again with: xopc gateway status',
  });
}

/** @param pid  of a supervisor that stays and tries again */
function failure(report: Extract<StartReport, { ok: false }>, pid: number | undefined): GatewayError {
  const { problems } = report;
  const error = withReportedHint(report.error);
  const message = pid === undefined ? error.message : `${error.message}; the gateway (pid ${pid}) keeps trying`;
  const details = problems.length === 0 ? error.details : { ...error.details, problems };
  return fromErrorDocument({ ...error, message, ...(details === undefined ? {} : { details }) });
}
