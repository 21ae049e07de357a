/** SQLite as the store's engine. */
import { sayOfStore } from '../../../../shared/text/sentences/store.js';
import { shellCommand } from '../../../../shared/text/shell-word.js';
import { existsSync } from 'node:fs';
import type { SetAside, StoreEngine } from '../engine.js';
import { MIGRATIONS } from '../migrations/index.js';
import type { Migration } from '../migrations/migration.js';
import { findDamage } from './damage.js';
import { type Aside, fileIdentity, findSetAside, readDatabaseSize, setAside } from './database-file.js';
import { classifyFault, describeFault } from './faults.js';
import { openSqlite } from './open.js';

const ENDS = 'This warning ends when that file is removed.';

/** Returns the message for the user about a file that was moved aside. */
function describeAside({ path, kind }: Aside): SetAside {
  const told = {
    corrupt: {
      message: sayOfStore('store-damaged', { path }),
      hint: `Restore a backup with: xopc restore FILE   Or recover the copy with: ${shellCommand`sqlite3 ${path} .recover`}   ${ENDS}`,
    },
    replaced: {
      message: sayOfStore('store-replaced', { path }),
      hint: `To use that file instead, run: ${shellCommand`xopc restore ${path}`}   ${ENDS}`,
    },
  };
  return { path, ...told[kind], exists: () => existsSync(path) };
}

/** @param migrations  default: those of this build */
export function sqliteEngine(path: string, migrations: readonly Migration[] = MIGRATIONS): StoreEngine {
  return {
    place: path,
    open: (options) => openSqlite(path, migrations, options),
    classify: classifyFault,
    describe: describeFault,
    findDamage: () => findDamage(path),
    setAside: async (nowMs) => describeAside(await setAside(path, nowMs)),
    findSetAside() {
      const aside = findSetAside(path);
      return aside === undefined ? undefined : describeAside(aside);
    },
    identity: () => fileIdentity(path),
    readSize: () => readDatabaseSize(path),
  };
}
