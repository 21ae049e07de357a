import { resolve } from 'node:path';
import { Command, Option } from 'clipanion';
import { compactTime, createBackup } from '../backup/create-backup.js';
import { BaseCommand } from '../cli/base-command.js';

const megabytes = (bytes: number): string => `${(bytes / 1e6).toFixed(1)} MB`;

export class BackupCommand extends BaseCommand {
  static override readonly usage = Command.Usage({
    category: 'Backup',
    description: 'Write configuration, models, token and all conversations into one file.',
    details: `
      Works while the gateway runs, which neither stops nor waits for it; what is stored meanwhile is not in the copy.
      The file can be read by its owner alone, because it holds the token and the keys that the configuration holds.
      Logs are not in it.
    `,
    examples: [
      ['Into a file named after the time, here', 'xopc backup'],
      ['Into a file of your choice', 'xopc backup /mnt/backup/xopc.tar.gz --force'],
    ],
  });

  readonly file = Option.String({ name: 'file', required: false });
  readonly force = Option.Boolean('-f,--force', false, { description: 'Replace the file if it exists.' });

  protected async run(): Promise<number> {
    const nowMs = Date.now();
    const target = resolve(this.file ?? `xopc-backup-${compactTime(nowMs)}.tar.gz`);
    const { manifest, bytes } = await createBackup({
      paths: this.gatewayPaths,
      database: this.context.runtime.loadDatabase(),
      target,
      isOverwriting: this.force,
      nowMs,
      onProgress: (message) => void this.note(message),
    });
    const text = `${target} (${megabytes(bytes)}): ${manifest.entries.map(({ name }) => name).join(', ')}`;
    return this.printResult({ file: target, bytes, ...manifest }, text, `Put it back with: xopc restore ${target}`);
  }
}
