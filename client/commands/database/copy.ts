import { Command, Option } from 'clipanion';
import { interpolate } from '../../../shared/config/interpolate.js';
import { formatKey, type KeyPath, valueAt } from '../../../shared/config/key-path.js';
import { GatewayError, toErrorDocument } from '../../../shared/errors.js';
import { databaseUrlOf, placeOfDatabase } from '../../../shared/node/config/database-url.js';
import { writeConfig } from '../../../shared/node/config/config-write.js';
import type { ContentCopy, CopyProgress, DatabaseAt } from '../../../shared/node/database-module.js';
import { shellCommand, shellQuote } from '../../../shared/text/shell-word.js';
import { readSecret } from '../../cli/read-secret.js';
import { usage } from '../../cli/usage.js';
import { locateDataUser, unavailableError } from '../../gateway/locate-gateway.js';
import { writeOptions } from '../config/config-values.js';
import { ConfigCommand } from '../config/config-command.js';

const SQLITE = 'sqlite';
/** Interval between two progress lines for one table. */
const PROGRESS_MS = 1_000;
const EXAMPLE = `xopc database copy --to '\${XOPC_DATABASE_URL}'`;
const HINT = `e.g. ${EXAMPLE}`;

interface Target {
  readonly at: DatabaseAt;
  /** The new `store.url`; undefined: remove it. */
  readonly value: string | undefined;
  /** The command that sets the configuration, without a password. */
  readonly command: string;
}

const count = (rows: number): string => rows.toLocaleString('en');

/** The password of a URL in clear text; empty if it has none. */
const passwordIn = (url: string): string => (URL.canParse(url) ? new URL(url).password : '');

export class DatabaseCopyCommand extends ConfigCommand {
  static override readonly usage = Command.Usage({
    category: 'Backup',
    description: 'Copy everything from the database in use into another one: from SQLite to PostgreSQL, or back.',
    details: `
      The gateway must be stopped. The target must be empty. A copy that was killed continues where it ended when the command is repeated; until it is complete, no gateway uses the target. At the end every table is read again and compared. The source keeps its content. With --use, what is unfinished in it, such as messages on their way, is ended there, because the copy continues it.

      Other users of this machine can see the arguments of a command, so give a URL with a password as a reference to an environment variable, in single quotes, or with --to-stdin. With --use, the reference itself is written into the configuration.
    `,
    examples: [
      ['From SQLite to PostgreSQL, and use it', "xopc database copy --to '${XOPC_DATABASE_URL}' --use"],
      ['With the URL from a file', 'xopc database copy --to-stdin < url.txt'],
      ['Back to SQLite', 'xopc database copy --to sqlite --use'],
    ],
  });

  readonly to = Option.String('--to', { description: 'URL of a PostgreSQL database, `${VARIABLE}` with it, or `sqlite`.' });
  readonly toStdin = Option.Boolean('--to-stdin', false, { description: 'Read the URL from standard input.' });
  readonly use = Option.Boolean('--use', false, { description: 'Write `store.url` into the configuration at the end.' });

  #shownAtMs = 0;

  protected async run(): Promise<number> {
    const from = this.#source();
    const target = await this.#target(from);
    await this.#assertStopped();
    this.prepareDirectories();
    const database = this.context.runtime.loadDatabase();
    const copy = await database.copyContent({
      from,
      to: target.at,
      onProgress: (progress) => this.#show(progress),
      // A gateway started in the meantime has not written yet, but soon will.
      beforeEnd: () => this.#assertStopped(),
    });
    let unended: string | null = null;
    if (this.use) {
      const edits = [{ path: ['store', 'url'], value: target.value }, ...this.#formerKeys().map((path) => ({ path, value: undefined }))];
      await writeConfig(writeOptions(this.io.gatewayPaths), edits);
      // The copy is in use by now, even if this fails.
      unended = await database.endCopied(from).then(
        () => null,
        (error: unknown) => toErrorDocument(error).message,
      );
    }
    return this.#report({ ...copy, unended }, target);
  }

  /** The database in use. @throws CONFIG_INVALID */
  #source(): DatabaseAt {
    const { value, raw, unresolved } = this.loadReadable();
    const url = databaseUrlOf(value);
    if (url !== undefined) return { url };
    if (databaseUrlOf(raw) === undefined) return { path: this.io.gatewayPaths.databasePath };
    const missing = unresolved.find(({ path }) => path.join('.') === 'store.url')?.variable;
    throw new GatewayError('CONFIG_INVALID', {
      message: `store.url refers to the environment variable ${missing}, which is not set`,
      hint: 'Set it to the value that the gateway is started with.',
    });
  }

  /** Keys that only concern the database in use. */
  #formerKeys(): KeyPath[] {
    const path = ['store', 'listenUrl'];
    return valueAt(this.loadReadable().raw, path) === undefined ? [] : [path];
  }

  /** @throws USAGE */
  async #target(from: DatabaseAt): Promise<Target> {
    if ((this.to === undefined) !== this.toStdin) throw usage('give either --to or --to-stdin', HINT);
    if (this.to === SQLITE) {
      if ('path' in from) throw usage(`the database in use is ${from.path} already`, HINT);
      return { at: { path: this.io.gatewayPaths.databasePath }, value: undefined, command: 'xopc config unset store.url' };
    }
    const given = this.to ?? (await readSecret(this.context, { flag: '--to', variable: undefined, isFromStdin: true })) ?? '';
    const url = this.#resolve(given);
    if ('url' in from && placeOfDatabase(from.url) === placeOfDatabase(url))
      throw usage(`the database in use is ${placeOfDatabase(url)} already`, 'Give another one.');
    const isSecret = passwordIn(given) !== '';
    if (isSecret && this.to !== undefined)
      await this.io.note(`Other users of this machine can see the password in this command; better: ${EXAMPLE}`);
    return {
      at: { url },
      value: given,
      command: isSecret ? 'xopc config set store.url - < FILE' : `xopc config set store.url ${shellQuote(given)}`,
    };
  }

  #resolve(given: string): string {
    const { value, unresolved } = interpolate(given, (name) => this.context.runtime.environmentValue(name));
    const [missing] = unresolved;
    if (missing !== undefined) throw usage(`the environment variable ${missing.variable} is not set`, HINT);
    const url = String(value);
    const isUrl = URL.canParse(url) && ['postgres:', 'postgresql:'].includes(new URL(url).protocol);
    if (!isUrl) throw usage('the target is neither a URL such as postgres://db.example:5432/xopc nor sqlite', HINT);
    return url;
  }

  /** @throws CONFLICT, or the reason why it is unknown whether a gateway runs */
  async #assertStopped(): Promise<void> {
    const location = await locateDataUser(this.io.gatewayPaths);
    if (location.kind === 'absent') return;
    if (location.kind !== 'answers') throw unavailableError(location);
    throw new GatewayError('CONFLICT', {
      message: `the gateway is running (pid ${location.status.pid}); what it stores in the meantime would not be in the copy`,
      hint: 'Stop it first: xopc gateway stop',
    });
  }

  /** Prints a line at the end of each table, and on a terminal every second. */
  #show({ table, rows, total }: CopyProgress): void {
    const nowMs = Date.now();
    const isDue = this.io.err.isTerminal && nowMs - this.#shownAtMs >= PROGRESS_MS;
    if (rows < total && !isDue) return;
    this.#shownAtMs = nowMs;
    void this.io.note(`${table}: ${count(rows)}${rows < total ? ` of ${count(total)}` : ''}`);
  }

  /** @returns the exit code: 1 if what is unfinished in the source could not be ended */
  async #report({ from, to, tables, unended }: ContentCopy & { readonly unended: string | null }, { command }: Target): Promise<number> {
    const rows = tables.reduce((sum, table) => sum + table.rows, 0);
    const text = `${count(rows)} rows copied from ${from} to ${to}, and compared`;
    const next = this.use
      ? 'The configuration names it. Start the gateway with: xopc gateway start'
      : `Use it with: ${[command, ...this.#formerKeys().map((path) => shellCommand`xopc config unset ${formatKey(path)}`)].join('   ')}   Then: xopc gateway start`;
    const code = await this.printResult({ from, to, rows, tables, isUsed: this.use, unended }, text, next);
    if (unended === null) return code;
    const again = 'that would be sent, answered and run a second time';
    await this.io.note(`What is unfinished in ${from} could not be ended (${unended}). Do not use it again: ${again}.`);
    return 1;
  }
}
