import { Command, Option } from 'clipanion';
import type { AgentResponse } from '../../shared/api/agent.js';
import { GUIDE_REF } from '../../shared/config/defaults.js';
import { GatewayError, isErrorCode } from '../../shared/errors.js';
import type { ApiClient, ApiRequest } from '../api/api-client.js';
import { BaseCommand } from '../cli/base-command.js';
import type { ServerEvent } from '../api/event-stream.js';
import { definedFields } from '../../shared/fields.js';
import { CUT_OFF_NOTES } from '../../shared/text/cut-off.js';
import { shellCommand } from '../../shared/text/shell-word.js';
import { parseKey } from '../cli/parse-options.js';
import { readMessage } from '../cli/read-input.js';
import { TerminalText } from '../output/terminal-text.js';

/** The fields of an event's data that we use; an unknown event may have none of them. */
interface EventData {
  readonly text?: unknown;
  readonly name?: unknown;
  readonly state?: unknown;
  readonly detail?: unknown;
  readonly code?: unknown;
  readonly message?: unknown;
  readonly reply?: unknown;
  readonly model?: unknown;
  readonly approvals?: AgentResponse['approvals'] | undefined;
  readonly cutOff?: AgentResponse['cutOff'];
  readonly error?: { readonly code?: unknown; readonly message?: unknown };
}

function asText(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

function parseData({ event, data }: ServerEvent): EventData {
  try {
    const value = JSON.parse(data) as EventData | null;
    if (typeof value === 'object' && value !== null) return value;
  } catch {
    // Reported below.
  }
  throw new GatewayError('AGENT_ERROR', { message: `the stream's '${event}' event cannot be read` });
}

function agentFailure(data: EventData): GatewayError {
  const { code, message } = data.error ?? data;
  return new GatewayError(isErrorCode(code) ? code : 'AGENT_ERROR', {
    message: typeof message === 'string' ? message : 'the agent failed',
    hint: 'Show the cause with: xopc gateway logs',
  });
}

export class AgentCommand extends BaseCommand {
  static override readonly usage = Command.Usage({
    category: 'Agent',
    description: 'Send a message to an agent and print its answer as it arrives.',
    details: `
      The message is given as arguments, or read from standard input with \`-\`. Ctrl-C stops the answer; the text so far is kept.
      --session continues a conversation by its name or key; the default is \`default\`. With --key, running the command repeatedly within a day asks the question only once, and answers it even if a run was interrupted.
    `,
    examples: [
      ['Ask something', 'xopc agent "What can you do?"'],
      ['Send a file', 'xopc agent - < notes.md'],
      ['In a separate conversation, as JSON', 'xopc agent --session trip --json "Plan a day in Rome"'],
    ],
  });

  readonly session = Option.String('--session', { description: 'Conversation: a short name or a session key; default `default`.' });
  readonly agent = Option.String('--agent', { description: 'Agent id, instead of `agents.default`.' });
  readonly model = Option.String('--model', { description: 'Model for this turn, as provider/model.' });
  readonly key = Option.String('--key', { description: 'Idempotency key: for 24 hours, the same key prints the first answer again.' });
  readonly stream = Option.Boolean('--stream', true, {
    description: 'Print the answer as it arrives; --no-stream waits for the whole answer.',
  });
  readonly words = Option.Rest({ name: 'message' });

  protected async run(): Promise<number> {
    const key = parseKey(this.key);
    const message = await readMessage(this.words, this.context.stdin, 'xopc agent "What can you do?"');
    const api = await this.connect();
    const { session, agent, model } = this;
    const body = { message, ...definedFields({ session, agentId: agent, model }) };
    return this.runInterruptibly('Stopped.', async (signal) => {
      const isStream = this.stream && !this.json;
      const request = { method: 'POST', path: '/api/agent', body, key, signal } as const;
      await (isStream ? this.#printStream(api, request) : this.#printReply(api, request));
      return 0;
    });
  }

  async #printReply(api: ApiClient, request: ApiRequest): Promise<void> {
    const reply = await api.call<AgentResponse>(request);
    if (this.json) return this.io.printJson(reply);
    await this.printForeign(reply.reply);
    await this.#noteEnd(reply);
  }

  /**
   * Notes after an answer: the guide's command as it is called here, that the answer was cut off, and the tool calls that wait for
   * a decision. Once they are decided, the answer continues in its session.
   */
  async #noteEnd({ approvals = [], cutOff, model, reply }: Pick<EventData, 'approvals' | 'cutOff' | 'model' | 'reply'>): Promise<void> {
    const setup = 'xopc setup';
    const isMentioned = model === GUIDE_REF && asText(reply).includes(setup);
    if (isMentioned && this.io.asCalled(setup) !== setup) await this.io.note(`In this shell the command is: ${setup}`);
    if (cutOff !== undefined) await this.io.note(CUT_OFF_NOTES[cutOff], this.io.err.paint.yellow);
    for (const { id, tool } of approvals)
      await this.io.note(
        `Waits for a decision about the tool ${tool}: ${shellCommand`xopc approve ${id}`}, or ${shellCommand`xopc deny ${id}`}`,
      );
  }

  async #printStream(api: ApiClient, request: ApiRequest): Promise<void> {
    const text = new TerminalText(this.io.out.isTerminal);
    for await (const event of api.stream(request)) {
      // The reader has closed, as with `| head -1`. As after Ctrl-C, the text so far is kept.
      if (this.io.out.isClosed) return;
      if (event.event === 'delta') await this.io.out.write(text.push(asText(parseData(event).text)));
      else if (event.event === 'tool') await this.#noteTool(parseData(event));
      else if (event.event === 'error') throw await this.#endLine(agentFailure(parseData(event)));
      else if (event.event === 'done') {
        await this.io.printRendered(text.end());
        return this.#noteEnd(parseData(event));
      }
    }
    throw await this.#endLine(
      new GatewayError('UNAVAILABLE', {
        message: 'the answer ended early',
        hint: 'Send it again; the text so far is kept in the conversation.',
      }),
    );
  }

  /** An error message starts on a line of its own. */
  async #endLine(error: GatewayError): Promise<GatewayError> {
    if (this.io.out.isTerminal) await this.io.printLine('');
    return error;
  }

  async #noteTool({ name, state, detail }: EventData): Promise<void> {
    if (state === 'call') await this.io.note(`· ${asText(name)} ${asText(detail)}`.trimEnd(), this.io.err.paint.dim);
    if (state === 'error') await this.io.note(`· ${asText(name)} failed: ${asText(detail)}`, this.io.err.paint.yellow);
  }
}
