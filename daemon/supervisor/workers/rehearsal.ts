/**
 * Checks that the installed supervisor can start: it loads, reads the configuration and exits without side effects.
 * Used before an exit that cannot be undone, because only the service manager starts the next supervisor.
 */
import { fromErrorDocument, GatewayError } from '../../../shared/errors.js';
import type { SuccessionMessage, SupervisorBoot } from '../../../shared/ipc/messages.js';
import type { ChildExit, SpawnChild } from './child-process.js';
import { describeSpawnError } from './exit-record.js';
import type { Clock } from '../../../shared/clock.js';

export const REHEARSAL_LIMIT_MS = 10_000;
/** Characters of its error output that are kept. */
const MAX_WORDS = 500;

function cannotStart({ code, signal, spawnError }: ChildExit, words: string): GatewayError {
  const how = spawnError === undefined ? (signal ?? `exit code ${code}`) : describeSpawnError(spawnError);
  return new GatewayError('SUCCESSION_FAILED', {
    message: `the installed supervisor cannot start (${how})${words === '' ? '' : `: ${words}`}; the running one continues`,
    hint: 'Install the package again; in a clone: npm run build',
  });
}

/** @throws SUCCESSION_FAILED, or the supervisor's own error, e.g. CONFIG_INVALID */
export function rehearse(spawn: SpawnChild, clock: Clock, flags: SupervisorBoot['flags']): Promise<void> {
  return new Promise((resolve, reject) => {
    let reason: GatewayError | undefined;
    let words = '';
    const boot: SupervisorBoot = { flags, foreground: false, rehearsal: true };
    const child = spawn(
      { role: 'supervisor', boot, output: 'pipe' },
      {
        onMessage: (message) => {
          const said = message as SuccessionMessage;
          if (said.type === 'failed') reason = fromErrorDocument(said.error);
        },
        onExit: (exit) => {
          cancel();
          if (exit.code === 0) return resolve();
          reject(reason ?? cannotStart(exit, words.trim()));
        },
      },
    );
    child.stderr?.on('data', (chunk: Buffer) => (words = (words + chunk.toString('utf8')).slice(-MAX_WORDS)));
    child.stdout?.resume();
    const cancel = clock.after(REHEARSAL_LIMIT_MS, () => child.kill());
  });
}
