import { readFileSync, writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import * as database from '../../../../daemon/worker/lazy/database.js';
import type { DatabaseModule } from '../../../../shared/node/database-module.js';
import { GatewayError } from '../../../../shared/errors.js';
import { runCommand } from '../../../helpers/command-line.js';
import { testPaths } from '../../../helpers/lock-file.js';

test.each([false, true])(
  'a copy in use is reported even if what is unfinished in its source cannot be ended (--json: %s)',
  async (isJson) => {
    const { home, configPath, databasePath } = testPaths();
    writeFileSync(configPath, '{}');
    const module: DatabaseModule = {
      ...database,
      copyContent: () => Promise.resolve({ from: databasePath, to: 'postgres://db/xopc', tables: [] }),
      endCopied: () => Promise.reject(new GatewayError('CONFLICT', { message: 'it is locked' })),
    };
    const args = ['database', 'copy', '--to', 'postgres://db/xopc', '--use', ...(isJson ? ['--json'] : [])];
    const { code, stdout, stderr } = await runCommand(args, { home, runtime: { loadDatabase: () => module } });
    expect(code).toBe(1);
    if (isJson) expect(JSON.parse(stdout)).toMatchObject({ to: 'postgres://db/xopc', isUsed: true, unended: 'it is locked' });
    else expect(stdout).toBe(`0 rows copied from ${databasePath} to postgres://db/xopc, and compared\n`);
    expect(stderr).toContain(`What is unfinished in ${databasePath} could not be ended (it is locked). Do not use it again: `);
    expect(readFileSync(configPath, 'utf8')).toContain('postgres://db/xopc');
  },
);
