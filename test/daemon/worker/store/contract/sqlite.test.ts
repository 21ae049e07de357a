import { join } from 'node:path';
import { sqliteEngine } from '../../../../../daemon/worker/store/sqlite/engine.js';
import { tempDir } from '../../../../helpers/temp-dir.js';
import { describeStore } from './store-contract.js';

describeStore('SQLite', {
  create: () => sqliteEngine(join(tempDir(), 'state', 'gateway.db')),
  diskFull: () => Object.assign(new Error('database or disk is full'), { rawCode: 13 }),
});
