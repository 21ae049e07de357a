/**
 * Tries whether the supervisor that is on disk can start: it loads, reads the configuration and leaves, touching nothing
 * that is ours. For a replacement that nobody could take back, because only the service manager starts the next one.
 */
import { fromErrorDocument, GatewayError } from '../../../shared/errors.js';
import type { SuccessionMessage, SupervisorBoot } from '../../../shared/ipc/messages.js';
import type { ChildExit, SpawnChild } from './child-process.js';
import type { Clock } from '../../../shared/clock.js';

export const REHEARSAL_LIMIT_MS = 10_000;
/** What is kept of its complaint. */
const MAX_WORDS = 500;

/** An older build knows no rehearsal: it starts in earnest, finds our lock held, and has shown that it can. */
const GOOD_EXIT_CODES: readonly (number | null)[] = [0, 5];

function cannotStart({ code, signal, spawnError }: ChildExit, words: string): GatewayError {
  const how = spawnError ?? (signal === null ? `exit code ${code}` : signal);
  return new GatewayError('SUCCESSION_FAILED', {
    message: `the supervisor that is installed cannot start (${how})${words === '' ? '' : `: ${words}`}; this one goes on`,
    hint: 'Install the package again; in a clone: npm run build',
  });
}

/** @throws SUCCESSION_FAILED, or its own reason, e.g. CONFIG_INVALID */
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
          if (GOOD_EXIT_CODES.includes(exit.code)) return resolve();
          reject(reason ?? cannotStart(exit, words.trim()));
        },
      },
    );
    child.stderr?.on('data', (chunk: Buffer) => (words = (words + chunk.toString('utf8')).slice(-MAX_WORDS)));
    child.stdout?.resume();
    const cancel = clock.after(REHEARSAL_LIMIT_MS, () => child.kill());
  });
}
