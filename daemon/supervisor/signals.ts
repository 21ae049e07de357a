/** Operating system signals as intents. */

export interface SignalIntents {
  /** SIGTERM, SIGINT, SIGQUIT, and SIGHUP where a terminal owns us. Called again for each further one. */
  stop(signal: NodeJS.Signals): void;
  /** SIGUSR1. */
  restart(): void;
  /** A signal that is only noted. */
  note(signal: NodeJS.Signals): void;
}

/**
 * Installs the handlers. @param options.hangupStops  true when stdin is a terminal: its end is ours
 * @returns removes them again
 */
export function listenToSignals(intents: SignalIntents, options: { hangupStops: boolean }): () => void {
  const handlers: [NodeJS.Signals, (signal: NodeJS.Signals) => void][] = [
    ['SIGTERM', (signal) => intents.stop(signal)],
    ['SIGINT', (signal) => intents.stop(signal)],
    ['SIGQUIT', (signal) => intents.stop(signal)],
    ['SIGHUP', (signal) => (options.hangupStops ? intents.stop(signal) : intents.note(signal))],
    ['SIGUSR1', () => intents.restart()],
    // Elsewhere it restarts or prints something; whoever sends it does not mean to kill.
    ['SIGUSR2', (signal) => intents.note(signal)],
  ];
  for (const [signal, handler] of handlers) {
    if (signal.startsWith('SIGUSR') && process.platform === 'win32') continue;
    process.on(signal, handler);
  }
  return () => {
    for (const [signal, handler] of handlers) process.off(signal, handler);
  };
}
