/** Reads the output of system programs, e.g. `ps`. */
import { childEnvironment } from './env.js';

/** Returns a program's standard output, even if it fails; undefined if there is no such program. */
export function programOutput(command: string, args: readonly string[]): string | undefined {
  // Loaded only here: Linux reads /proc instead, and loading this module would cost every start 2 ms.
  const { execFileSync } = process.getBuiltinModule('node:child_process');
  try {
    return execFileSync(command, args, {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
      timeout: 10_000,
      windowsHide: true,
      // `ps` prints local times, and the time zone may change while a process runs.
      env: childEnvironment({ LC_ALL: 'C', TZ: 'UTC' }),
    });
  } catch (error) {
    // `lsof` exits with 1 when it finds nothing; a missing program has no exit code.
    const { status, stdout } = error as { status?: number | null; stdout?: string };
    return typeof status === 'number' ? (stdout ?? '') : undefined;
  }
}
