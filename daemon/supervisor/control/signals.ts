/** Translates operating system signals into requests. */
import type { LogPort } from '../../../shared/log/log-port.js';

interface SignalOptions {
  readonly log: LogPort;
  /** Whether SIGHUP stops the gateway: true when stdin is a terminal. */
  readonly hangupStops: boolean;
  /** SIGTERM, SIGINT, SIGQUIT, and SIGHUP with {@link hangupStops}. Called again for each further signal. */
  stop(): void;
  /** Called for SIGUSR1; without it the signal is only logged. */
  restart?(): void;
}

/** Installs the handlers. @returns a function that removes them */
export function listenToSignals(options: SignalOptions): () => void {
  const { log } = options;
  const stop = (signal: NodeJS.Signals): void => {
    log.info({ signal }, 'stopping');
    options.stop();
  };
  const note = (signal: NodeJS.Signals): void => log.info({ signal }, 'signal ignored');
  const restart = (): void => {
    if (options.restart !== undefined) return options.restart();
    log.warn({}, 'SIGUSR1 is ignored; restart with `xopc gateway restart`, or set XOPC_ALLOW_SIGUSR1_RESTART=1');
  };
  const handlers: [NodeJS.Signals, (signal: NodeJS.Signals) => void][] = [
    ['SIGTERM', stop],
    ['SIGINT', stop],
    ['SIGQUIT', stop],
    ['SIGHUP', options.hangupStops ? stop : note],
    ['SIGUSR1', restart],
    // The default action would kill the process, which no sender of this signal intends.
    ['SIGUSR2', note],
  ];
  for (const [signal, handler] of handlers) {
    if (signal.startsWith('SIGUSR') && process.platform === 'win32') continue;
    process.on(signal, handler);
  }
  return () => {
    for (const [signal, handler] of handlers) process.off(signal, handler);
  };
}
