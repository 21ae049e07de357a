/** SQLite as the store's engine. */
import { existsSync } from 'node:fs';
import type { SetAside, StoreEngine } from '../engine.js';
import { MIGRATIONS } from '../migrations/index.js';
import type { Migration } from '../migrations/migration.js';
import { fileIdentity, findSetAside, readDatabaseSize, setAside } from './database-file.js';
import { classifyFault, describeFault } from './faults.js';
import { openSqlite } from './open.js';

const describeCopy = (path: string): SetAside => ({
  path,
  hint: `Restore a backup with 'xopc restore', or recover the copy with 'sqlite3 ${path} .recover'. This warning ends when the copy is removed.`,
  exists: () => existsSync(path),
});

/** @param migrations  default: those of this build */
export function sqliteEngine(path: string, migrations: readonly Migration[] = MIGRATIONS): StoreEngine {
  return {
    place: path,
    open: () => openSqlite(path, migrations),
    classify: classifyFault,
    describe: describeFault,
    setAside: (nowMs) => describeCopy(setAside(path, nowMs)),
    findSetAside() {
      const copy = findSetAside(path);
      return copy === undefined ? undefined : describeCopy(copy);
    },
    identity: () => fileIdentity(path),
    readSize: () => readDatabaseSize(path),
  };
}
