/**
 * The commands that people and their scripts call all day, in a bundle of their own, which costs little more than the
 * start of Node. `bin/main.ts` knows their words.
 */
import type { CommandEntry } from './command-entry.js';

export const CONTROL_COMMANDS: readonly CommandEntry[] = [
  { paths: [['gateway'], ['gateway', 'start']], load: async () => (await import('./gateway/run.js')).RunCommand },
  { paths: [['gateway', 'status'], ['status']], load: async () => (await import('./gateway/status.js')).StatusCommand },
  { paths: [['gateway', 'stop']], load: async () => (await import('./gateway/stop.js')).StopCommand },
  { paths: [['gateway', 'restart']], load: async () => (await import('./gateway/restart.js')).RestartCommand },
  { paths: [['gateway', 'logs']], load: async () => (await import('./gateway/logs.js')).LogsCommand },
];
