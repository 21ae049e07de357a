/** The commands that people and their scripts call all day. None of them takes an argument. */
import type { CommandEntry } from '../cli/client-context.js';

export const DAILY_COMMANDS: readonly CommandEntry[] = [
  { paths: [['gateway'], ['gateway', 'start']], load: async () => (await import('./gateway/run.js')).RunCommand },
  { paths: [['gateway', 'status'], ['status']], load: async () => (await import('./gateway/status.js')).StatusCommand },
  { paths: [['gateway', 'stop']], load: async () => (await import('./gateway/stop.js')).StopCommand },
  { paths: [['gateway', 'restart']], load: async () => (await import('./gateway/restart.js')).RestartCommand },
];

export const VERSION_COMMAND: CommandEntry = {
  paths: [['version'], ['--version'], ['-V'], ['-v']],
  load: async () => (await import('./version.js')).VersionCommand,
};
