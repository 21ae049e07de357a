import { Command } from 'clipanion';
import { loadConfigFile } from '../../shared/node/config/config-file.js';
import { databasePlace } from '../backup/database-place.js';
import { BaseCommand } from '../cli/base-command.js';
import { renderTable } from '../output/table.js';

export class PathsCommand extends BaseCommand {
  static override readonly usage = Command.Usage({
    category: 'More',
    description: 'Print where files are stored.',
    details: 'The paths depend on `--config`, XOPC_HOME and XOPC_CONFIG; the files may not exist yet.',
    examples: [
      ['All of them', 'xopc paths'],
      ['One, in a script', 'xopc paths --json | jq -r .database'],
    ],
  });

  protected async run(): Promise<number> {
    const { home, dataDir, configPath, modelsPath, tokenPath, logPath, databasePath, lockPath, controlPath } = this.io.gatewayPaths;
    const named = {
      home,
      data: dataDir,
      config: configPath,
      models: modelsPath,
      token: tokenPath,
      log: logPath,
      database: databasePlace(loadConfigFile({ path: configPath })) ?? databasePath,
      lock: lockPath,
      controlSocket: controlPath,
    };
    return this.printResult(named, renderTable(Object.entries(named), [Infinity, Infinity]));
  }
}
