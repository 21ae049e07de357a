import { createReadStream } from 'node:fs';
import { Command, Option } from 'clipanion';
import type { WebhookPreviewDocument } from '../../../shared/api/webhooks.js';
import { BaseCommand } from '../../cli/base-command.js';
import { readInput } from '../../cli/read-input.js';
import { usage } from '../../cli/usage.js';
import { fileError } from '../file-error.js';

/** @throws USAGE */
function parseHeader(text: string): [string, string] {
  const [, name, value] = /^([\w-]+):\s*(.*)$/s.exec(text) ?? [];
  if (name === undefined || value === undefined) throw usage(`--header is '${text}'`, "Give it as --header 'X-GitHub-Event: push'.");
  return [name, value];
}

/** @throws USAGE */
function parsePayload(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw usage(`the call is not valid JSON: ${(error as Error).message}`, 'Give the body of a call, as the service sends it.');
  }
}

export class ChannelPreviewCommand extends BaseCommand {
  static override readonly usage = Command.Usage({
    category: 'Channels',
    description: 'Show the message that a webhook call produces.',
    details: 'Nothing is stored, and no agent is asked. The call is read from a file or from standard input; signatures are not checked.',
    examples: [
      ['A call of GitHub', "xopc channels preview github --file push.json --header 'X-GitHub-Event: push'"],
      ['From standard input', 'xopc channels preview alerts < alert.json'],
    ],
  });

  readonly account = Option.String({ name: 'account' });
  readonly file = Option.String('--file', { description: 'File with the body of a call; default: standard input.' });
  readonly header = Option.Array('--header', [], { description: "Header of the call, such as 'X-GitHub-Event: push'; may be repeated." });

  protected async run(): Promise<number> {
    const payload = parsePayload(await this.#read());
    const body = { accountId: this.account, payload, headers: Object.fromEntries(this.header.map(parseHeader)) };
    const { preview } = await this.request<{ preview: WebhookPreviewDocument }>({
      method: 'POST',
      path: '/api/channels/webhook/preview',
      body,
    });
    if (this.json) {
      await this.io.printJson(preview);
      return 0;
    }
    if (preview.outcome !== 'message') {
      await this.io.note(
        preview.outcome === 'skipped'
          ? 'There is nothing to handle: the call is acknowledged.'
          : `Answered with the challenge ${preview.challenge ?? ''}`,
      );
      return 0;
    }
    const id = preview.id ?? 'none: a repetition is not recognised';
    await this.printForeign(`Chat: ${preview.chat_id ?? ''}\nId: ${id}\n\n${preview.content ?? ''}`);
    return 0;
  }

  async #read(): Promise<string> {
    if (this.file === undefined) return readInput(this.context.stdin);
    try {
      return await readInput(createReadStream(this.file));
    } catch (error) {
      throw fileError(this.file, error);
    }
  }
}
