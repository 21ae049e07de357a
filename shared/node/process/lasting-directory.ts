/** The working directory of the gateway's own processes. */
import { accessSync, constants, statSync } from 'node:fs';
import { homedir } from 'node:os';
import { parse } from 'node:path';

/**
 * Returns a directory that is there as long as the machine runs: the user's home, or else the root. The directory in which a command was
 * typed may be deleted or unmounted while the gateway runs; no process can be started there afterwards.
 */
export function lastingDirectory(): string {
  try {
    const home = homedir();
    accessSync(home, constants.X_OK);
    if (statSync(home).isDirectory()) return home;
  } catch {
    // A service's user may have no home, or must not enter it.
  }
  return parse(process.execPath).root;
}
