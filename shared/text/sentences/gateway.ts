/**
 * The supervisor's texts about crashes and exits. Kept apart from the others, so that the supervisor loads only what it needs. See
 * known.ts.
 */
import { sayFrom } from '../fill-text.js';

export const GATEWAY_REASONS = {
  'gateway-down': 'No worker accepts connections ({state}).',
  'gateway-crashed-once': 'The gateway crashed once in the last hour.',
  'gateway-crashed': 'The gateway crashed {count} times in the last hour.',
  'worker-not-running': "the gateway's worker is not running: {reason}",
  'worker-exit': 'the worker (pid {pid}) {exit}',
  'worker-unspawned': 'the worker {exit}',
  'worker-starting': 'it is starting',
  'with-last-exit': '{what} Last exit: {exit}.',
  'exit-not-started': 'failed to start ({cause})',
  'exit-silent': 'did not answer for {seconds} s',
  'exit-not-drained': 'did not drain within {ms} ms',
  'exit-not-ready': 'was not ready within {seconds} s',
  'exit-not-listening': 'did not listen within {seconds} s',
  'exit-refused': 'did not exit within {seconds} s',
  'exit-by-force': 'was stopped by force',
  'exit-out-of-memory': 'ran out of memory (JavaScript heap limit)',
  'exit-killed': 'killed by SIGKILL (manually, or by the kernel when out of memory)',
  'exit-signal': 'killed by {signal}',
  'exit-permanent': 'asked not to be respawned (exit code 125)',
  'exit-permanent-cause': 'asked not to be respawned (exit code 125): {cause}',
  'exit-code': 'exited with code {code}',
  'exit-code-cause': 'exited with code {code}: {cause}',
  'newer-build': 'version {installed} (build {installedBuild}) is installed; {running} (build {runningBuild}) is running',
  'address-unchanged': 'still on {address}: {cause}',
  'last-good-configuration': '{problem}; the gateway runs with the last good configuration',
} as const satisfies Readonly<Record<string, string>>;

/** Returns the English text. */
export const sayOfGateway = sayFrom(GATEWAY_REASONS);
