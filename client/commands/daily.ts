/** The most frequent commands. None of them takes an argument. */
import type { CommandEntry } from '../cli/client-context.js';
import { command } from '../cli/command-paths.js';

export const DAILY_COMMANDS: readonly CommandEntry[] = [
  command(['gateway', 'gateway start'], async () => (await import('./gateway/run.js')).RunCommand),
  command(['gateway status', 'status'], async () => (await import('./gateway/status.js')).StatusCommand),
  command(['gateway stop'], async () => (await import('./gateway/stop.js')).StopCommand),
  command(['gateway restart'], async () => (await import('./gateway/restart.js')).RestartCommand),
];

export const VERSION_COMMAND: CommandEntry = command(
  ['version', '--version', '-V', '-v'],
  async () => (await import('./version.js')).VersionCommand,
);
