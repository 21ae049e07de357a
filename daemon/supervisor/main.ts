/** Entry of the supervisor: started by the client in its own process, detached by a client, or by a predecessor. */
import { closeSync, writeSync } from 'node:fs';
import { systemClock } from '../../shared/clock.js';
import { GatewayError, toErrorDocument, type Problem } from '../../shared/errors.js';
import type { StartReport, SupervisorBoot } from '../../shared/ipc/messages.js';
import type { SupervisorOptions } from '../../shared/node/process/entry.js';
import { readBootDocument, readEnvironment } from '../../shared/node/process/env.js';
import { doNotOptimize, limitGarbage } from '../../shared/node/process/heap.js';
import { finishRestores } from '../../shared/node/files/restore-journal.js';
import { openPaths } from './config/foundation.js';
import { Gateway } from './gateway.js';
import { PredecessorLink } from './succession/predecessor-link.js';

const DEFAULT_BOOT: SupervisorBoot = { flags: {}, foreground: false };

/**
 * Ignores signals after the gateway has removed its own handlers: a Ctrl-C right before the exit of a process that has handed over
 * to a successor must not change its exit code.
 */
function ignoreLateSignals(): void {
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP', 'SIGQUIT'] as const) process.on(signal, () => undefined);
}

/** See `SupervisorEntry`. */
export async function runSupervisor(options: SupervisorOptions): Promise<number> {
  ignoreLateSignals();
  limitGarbage();
  doNotOptimize();
  // Must run before the configuration is read, because an unfinished restore may replace it.
  await finishRestores(openPaths(options));
  return new Gateway({ ...options, clock: systemClock }).run();
}

/** Writes the outcome of the start to the process that waits for it; later calls do nothing. */
function makeReporter(fd: number | undefined): (report: StartReport) => void {
  let target = fd;
  return (report) => {
    if (target === undefined) return;
    try {
      writeSync(target, `${JSON.stringify(report)}\n`);
      closeSync(target);
    } catch {
      // EPIPE: the starter has exited; the gateway continues.
    }
    target = undefined;
  };
}

function stoppedAtStart(): GatewayError {
  return new GatewayError('STOPPING', {
    message: 'the gateway was stopped during its start',
    hint: 'Start it again with: xopc gateway start',
  });
}

function failureReport(error: unknown): StartReport {
  const problems = error instanceof GatewayError ? ((error.details?.['problems'] as Problem[] | undefined) ?? []) : [];
  return { ok: false, error: toErrorDocument(error), problems };
}

/** Role `@supervisor`. */
export async function main(): Promise<number> {
  ignoreLateSignals();
  limitGarbage();
  doNotOptimize();
  const boot = (readBootDocument() as SupervisorBoot | undefined) ?? DEFAULT_BOOT;
  const report = makeReporter(boot.reportFd);
  const isAsked = boot.predecessor !== undefined || boot.rehearsal === true;
  const link = !isAsked ? undefined : new PredecessorLink(systemClock);
  try {
    const start = { environment: readEnvironment(), flags: boot.flags, rejected: boot.rejected };
    await finishRestores(openPaths(start));
    const gateway = new Gateway({
      ...start,
      foreground: boot.foreground,
      clock: systemClock,
      onRunning: (info) => report({ ok: true, pid: process.pid, ...info }),
      onFailed: (error) => report(failureReport(error)),
      ...(link === undefined || boot.predecessor === undefined ? {} : { predecessor: { link, ...boot.predecessor } }),
    });
    if (boot.rehearsal === true) return 0;
    const exitCode = await gateway.run();
    // Only has an effect when the start was stopped before it succeeded or failed.
    report(failureReport(stoppedAtStart()));
    return exitCode;
  } catch (error) {
    report(failureReport(error));
    await link?.failed(error);
    return error instanceof GatewayError ? error.spec.exitCode : 1;
  }
}
