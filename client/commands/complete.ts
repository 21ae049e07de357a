import { Option } from 'clipanion';
import type { OutgoingStatus } from '../../shared/delivery-status.js';
import { escapeControls } from '../../shared/log/escape.js';
import { BaseCommand } from '../cli/base-command.js';
import { schemaKeys, type ValueKind, valuesFor } from '../cli/completion/completion-values.js';

/** Completion must not make the user wait longer. */
const LIMIT_MS = 1_000;
const MOST = 50;

interface Asked {
  readonly paths: readonly string[];
  /** The parts of the answer that are offered: value and description. */
  read(answer: Record<string, readonly Record<string, unknown>[]>): (readonly [unknown, unknown])[];
}

type Answer = Parameters<Asked['read']>[0];

/** Messages of these statuses; the newest of each. */
const messagesWith = (...statuses: OutgoingStatus[]): Asked => ({
  paths: (statuses.length === 0 ? [''] : statuses.map((status) => `&status=${status}`)).map(
    (query) => `/api/messages?limit=${MOST}${query}`,
  ),
  read: ({ messages = [] }) => messages.map(({ id, status }) => [id, status]),
});

const approvalsWith = (query: string): Asked => ({
  paths: [`/api/approvals?limit=${MOST}${query}`],
  read: ({ approvals = [] }) => approvals.map(({ id, tool }) => [String(id), tool]),
});

const ASKED: Readonly<Record<Exclude<ValueKind, 'keys'>, Asked>> = {
  sessions: { paths: [`/api/sessions?limit=${MOST}`], read: ({ sessions = [] }) => sessions.map(({ key, title }) => [key, title]) },
  jobs: { paths: ['/api/cron'], read: ({ jobs = [] }) => jobs.map(({ id, name }) => [id, name]) },
  'deleted-jobs': { paths: ['/api/cron?deleted=true'], read: ({ jobs = [] }) => jobs.map(({ id, name }) => [id, name]) },
  messages: messagesWith(),
  retryable: messagesWith('dead', 'unknown'),
  droppable: messagesWith('queued', 'retry_wait', 'dead', 'unknown'),
  models: { paths: ['/api/models'], read: ({ models = [] }) => models.map(({ id, name }) => [id, name]) },
  testable: {
    paths: ['/api/models', '/api/providers'],
    read: ({ models = [], providers = [] }) => [...models, ...providers].map(({ id, name }) => [id, name]),
  },
  providers: { paths: ['/api/providers'], read: ({ providers = [] }) => providers.map(({ id, name }) => [id, name]) },
  servers: { paths: ['/api/mcp'], read: ({ servers = [] }) => servers.map(({ name, target }) => [name, target]) },
  tokens: { paths: ['/api/tokens'], read: ({ tokens = [] }) => tokens.map(({ name }) => [name, '']) },
  pending: approvalsWith('&state=pending'),
  approvals: approvalsWith(''),
  grants: { paths: ['/api/approvals/grants'], read: ({ grants = [] }) => grants.map(({ id, tool }) => [String(id), tool]) },
  codes: {
    paths: ['/api/channels'],
    read: ({ pairings = [] }) => pairings.filter(({ state }) => state === 'pending').map(({ code, senderName }) => [code, senderName]),
  },
  senders: { paths: ['/api/channels'], read: ({ pairings = [] }) => pairings.map(({ senderId, senderName }) => [senderId, senderName]) },
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
      const api = await this.connect();
      const signal = AbortSignal.timeout(LIMIT_MS);
      const answers = await Promise.all(asked.paths.map((path) => api.call<Answer>({ method: 'GET', path, signal })));
      await this.#offer(answers.flatMap((answer) => asked.read(answer)));
    } catch {
      // Completes to nothing.
    }
  }

  async #offer(values: readonly (readonly [unknown, unknown])[]): Promise<void> {
    const lines = values.map((pair) => pair.map((text) => escapeControls(typeof text === 'string' ? text : '').slice(0, 200)).join('\t'));
    if (lines.length > 0) await this.io.printRendered(lines.join('\n'));
  }
}
