/** The processes of a gateway's home: those that a lock does not name too, as a worker in the moment of its start. */
import { readdirSync, readFileSync } from 'node:fs';

export interface HomeProcess {
  readonly pid: number;
  /** `@supervisor`, `@worker` …; undefined for the command line, and for a supervisor in the foreground. */
  readonly role: string | undefined;
}

/** @returns none where there is no `/proc` */
export function processesOf(home: string): HomeProcess[] {
  const parts = (file: string, pid: string): string[] => readFileSync(`/proc/${pid}/${file}`, 'utf8').split('\0');
  return list('/proc').flatMap((pid) => {
    try {
      if (!/^\d+$/.test(pid) || !parts('environ', pid).includes(`HOME=${home}`)) return [];
      return [{ pid: Number(pid), role: parts('cmdline', pid).find((argument) => argument.startsWith('@')) }];
    } catch {
      return []; // has ended meanwhile, or is not ours to look at
    }
  });
}

function list(directory: string): string[] {
  try {
    return readdirSync(directory);
  } catch {
    return [];
  }
}

/** With SIGKILL; one that has ended just now is fine. */
export function killHard(pid: number | undefined): void {
  if (pid === undefined) return;
  try {
    process.kill(pid, 'SIGKILL');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}
