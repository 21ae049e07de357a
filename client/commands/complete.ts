import { Option } from 'clipanion';
import { escapeControls } from '../../shared/log/escape.js';
import { BaseCommand } from '../cli/base-command.js';
import { schemaKeys, type ValueKind, valuesFor } from '../cli/completion/completion-values.js';

/** Completion must not make the user wait longer. */
const LIMIT_MS = 1_000;
const MOST = 50;

interface Asked {
  readonly path: string;
  /** What of the answer is offered: value and description. */
  read(answer: Record<string, readonly Record<string, unknown>[]>): (readonly [unknown, unknown])[];
}

const ASKED: Readonly<Record<Exclude<ValueKind, 'keys'>, Asked>> = {
  sessions: { path: `/api/sessions?limit=${MOST}`, read: ({ sessions = [] }) => sessions.map(({ key, title }) => [key, title]) },
  jobs: { path: '/api/cron', read: ({ jobs = [] }) => jobs.map(({ id, name }) => [id, name]) },
  messages: { path: `/api/messages?limit=${MOST}`, read: ({ messages = [] }) => messages.map(({ id, status }) => [id, status]) },
  models: { path: '/api/models', read: ({ models = [] }) => models.map(({ id, name }) => [id, name]) },
};

/**
 * Called by the scripts of `xopc completion`, not by users: prints one value per line, a tab, its description. Prints nothing if nothing is
 * known.
 */
export class CompleteCommand extends BaseCommand {
  readonly command = Option.String({ name: 'command' });
  readonly previous = Option.String({ name: 'previous', required: false });

  protected async run(): Promise<number> {
    const known = valuesFor(this.command, this.previous ?? '');
    if (typeof known === 'object') await this.#offer(known.map((value) => [value, '']));
    else if (known === 'keys') {
      const { configJsonSchema } = await import('../../shared/config/validate.js');
      const keys = schemaKeys(configJsonSchema());
      await this.#offer(keys.map((key) => [key, '']));
    } else if (known !== undefined) await this.#ask(ASKED[known]);
    return 0;
  }

  /** Offers nothing when the gateway is down or slow; errors must not appear in a prompt. */
  async #ask(asked: Asked): Promise<void> {
    try {
      const answer = await this.request<Parameters<Asked['read']>[0]>({
        method: 'GET',
        path: asked.path,
        signal: AbortSignal.timeout(LIMIT_MS),
      });
      await this.#offer(asked.read(answer));
    } catch {
      // Completes to nothing.
    }
  }

  async #offer(values: readonly (readonly [unknown, unknown])[]): Promise<void> {
    const lines = values.map((pair) => pair.map((text) => escapeControls(typeof text === 'string' ? text : '').slice(0, 200)).join('\t'));
    if (lines.length > 0) await this.io.printLine(lines.join('\n'));
  }
}
