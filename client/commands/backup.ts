import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { Command, Option } from 'clipanion';
import { compactTime } from '../../shared/text/compact-time.js';
import { shellCommand } from '../../shared/text/shell-word.js';
import { textWarning } from '../backup/check-texts.js';
import { createBackup } from '../backup/create-backup.js';
import { commandFor } from '../backup/command-for.js';
import { BaseCommand } from '../cli/base-command.js';
import { usage } from '../cli/usage.js';
import { serviceEnvPath } from '../service/files/install-record.js';

const megabytes = (bytes: number): string => `${(bytes / 1e6).toFixed(1)} MB`;

const DUMP = 'pg_dump --format=custom --file=xopc.dump URL';

export class BackupCommand extends BaseCommand {
  static override readonly usage = Command.Usage({
    category: 'Backup',
    description: 'Write configuration, models, token and all conversations into one file.',
    details: `
      Works while the gateway runs, without interrupting it; data stored meanwhile is not included. Only its owner can read the file, because it contains the token and the keys of the configuration. Logs and the variables of a service (service.env) are not included, and of a gateway on PostgreSQL the database is not.
    `,
    examples: [
      ['To a file named after the current time', 'xopc backup'],
      ['To a file of your choice', 'xopc backup /mnt/backup/xopc.tar.gz --force'],
    ],
  });

  readonly file = Option.String({ name: 'file', required: false });
  readonly force = Option.Boolean('-f,--force', false, { description: 'Replace the file if it exists.' });

  protected async run(): Promise<number> {
    const nowMs = Date.now();
    if (this.file === '-') throw usage('a backup is not written to standard output', 'Name a file, e.g. xopc backup xopc.tar.gz');
    const target = resolve(this.file ?? `xopc-backup-${compactTime(nowMs)}.tar.gz`);
    const { manifest, bytes, databasePlace, problems } = await createBackup({
      paths: this.io.gatewayPaths,
      database: this.context.runtime.loadDatabase(),
      runtime: this.context.runtime,
      target,
      isOverwriting: this.force,
      nowMs,
      onProgress: (message) => void this.io.note(message),
    });
    const text = `${target} (${megabytes(bytes)}): ${manifest.entries.map(({ name }) => name).join(', ')}`;
    const envPath = serviceEnvPath(this.io.gatewayPaths);
    const serviceEnv = existsSync(envPath) ? envPath : null;
    const notes = [
      databasePlace !== undefined &&
        `It does not contain the data in ${databasePlace}. Back that up with its own tools, with the URL of store.url: ${DUMP}`,
      serviceEnv !== null && `It does not contain ${serviceEnv}, the variables of the service. Copy that file, too.`,
      `Restore it with: ${commandFor(this.io.gatewayPaths, shellCommand`xopc restore ${target}`)}`,
    ];
    const warning = textWarning(problems, 'It is in the backup as it is. Correct it, then check it with: xopc config validate');
    if (warning !== undefined && !this.json) await this.io.note(warning, this.io.err.paint.yellow);
    const document = { file: target, bytes, ...manifest, database: databasePlace ?? null, serviceEnv, problems };
    return this.printResult(document, text, notes.filter((note) => note !== false).join('\n'));
  }
}
