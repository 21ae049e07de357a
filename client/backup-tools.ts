/** What only `backup` and `restore` need; loaded when one of them runs. */
export { compactTime, createBackup } from './backup/create-backup.js';
export { stageRestore } from './backup/stage-restore.js';
export { carryOutRestore, discardStaging, replacedStatePath, withRestoreLock } from '../shared/node/files/restore-journal.js';
