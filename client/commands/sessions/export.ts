import { Command, Option } from 'clipanion';
import { createReadStream, createWriteStream, statSync } from 'node:fs';
import { dirname, extname } from 'node:path';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { BaseCommand } from '../../cli/base-command.js';
import { publishFile, targetFile } from '../../output/target-file.js';
import { TerminalText } from '../../output/terminal-text.js';
import type { SessionDocument } from '../../../shared/api/sessions.js';
import { readFileStart } from '../../../shared/node/files/file-start.js';
import { removeAbandonedTemps, removeTemp, temporaryName } from '../../../shared/node/files/temporary-file.js';
import { fileError } from '../file-error.js';
import { sessionPath } from './session.js';
import { oneOf } from '../../cli/usage.js';

const FORMATS = ['jsonl', 'json', 'markdown'];
const FORMAT_OF: Readonly<Record<string, string>> = { '.json': 'json', '.md': 'markdown' };

/** In JSON Lines, the first line is the whole header, which is shorter. */
const MAX_HEADER_BYTES = 262_144;

/** Whether the first line of a file is a document without messages, which identifies JSON Lines. */
function isJsonLines(path: string): boolean {
  const [line = ''] = readFileStart(path, MAX_HEADER_BYTES).bytes.toString('utf8').split('\n', 1);
  try {
    const header = JSON.parse(line) as { messages?: unknown } | null;
    return header?.messages === undefined;
  } catch {
    return false;
  }
}

export class SessionExportCommand extends BaseCommand {
  static override readonly usage = Command.Usage({
    category: 'Sessions',
    description: 'Write a conversation to a file or to standard output.',
    details: 'jsonl and json can be imported at any length; markdown is for reading.',
    examples: [
      ['To a file', 'xopc sessions export main:webchat:default:direct:me --output me.jsonl'],
      ['To read', 'xopc sessions export main:webchat:default:direct:me --format markdown'],
    ],
  });

  readonly format = Option.String('--format', {
    description: 'jsonl, json or markdown; by default that of the file (.json, .md), else jsonl.',
  });
  readonly output = Option.String('-o,--output', {
    description: 'The file, which gets its name when the export is complete; - is standard output.',
  });
  readonly force = Option.Boolean('-f,--force', false, { description: 'Replace the file if it exists.' });
  readonly key = Option.String({ name: 'key' });

  protected async run(): Promise<number> {
    const path = sessionPath(this.key);
    const output = this.output === '-' ? undefined : this.output;
    const { format = FORMAT_OF[extname(output ?? '').toLowerCase()] ?? 'jsonl' } = this;
    oneOf('--format', format, { choices: FORMATS });
    const target = output === undefined ? undefined : targetFile(output, { isOverwriting: this.force });
    const api = await this.connect();
    const content = await api.download({ method: 'GET', path: `${path}/export?format=${format}` });
    if (output === undefined || target === undefined) return this.#print(content);
    const partial = temporaryName(target);
    const release = this.context.runtime.cleanAtSignal(() => removeTemp(partial));
    try {
      await pipeline(content, createWriteStream(partial, { mode: 0o600, flags: 'wx' }));
      await publishFile(partial, target, { isOverwriting: this.force });
    } catch (error) {
      throw fileError(output, error);
    } finally {
      removeTemp(partial);
      removeAbandonedTemps(dirname(target));
      release();
    }
    if (this.json) await this.io.printJson({ key: this.key, file: output });
    else await this.io.note(`${this.key} written to ${output}`);
    return 0;
  }

  async #print(content: Readable): Promise<number> {
    const text = new TerminalText(this.io.out.isTerminal);
    for await (const chunk of content.setEncoding('utf8') as AsyncIterable<string>) {
      if (this.io.out.isClosed) return 0;
      await this.io.out.write(text.push(chunk));
    }
    await this.io.out.write(text.end());
    return 0;
  }
}

export class SessionImportCommand extends BaseCommand {
  static override readonly usage = Command.Usage({
    category: 'Sessions',
    description: 'Create a conversation from an exported file.',
    details: 'It becomes a new conversation of the page. Either all of it is imported or none.',
    examples: [['From a file', 'xopc sessions import me.jsonl']],
  });

  readonly file = Option.String({ name: 'file' });

  protected async run(): Promise<number> {
    try {
      if (!statSync(this.file).isFile()) throw Object.assign(new Error('no file'), { code: 'EISDIR' });
    } catch (error) {
      throw fileError(this.file, error);
    }
    const type = isJsonLines(this.file) ? 'application/x-ndjson' : 'application/json';
    const file = { type, content: createReadStream(this.file) };
    const { session } = await this.request<{ session: SessionDocument }>({ method: 'POST', path: '/api/sessions/import', file });
    return this.printResult(session, `${session.key} imported: ${session.messageCount} messages`);
  }
}
