import { INTERRUPTED_EXIT_CODE } from '../../shared/exit-codes.js';
import { Command, Option } from 'clipanion';
import type { AgentResponse } from '../../shared/api/agent.js';
import { GatewayError, isErrorCode } from '../../shared/errors.js';
import { ApiClient, type ApiRequest, apiTarget } from '../api/api-client.js';
import { BaseCommand } from '../cli/base-command.js';
import type { ServerEvent } from '../api/event-stream.js';
import { requireGateway } from '../gateway/locate-gateway.js';
import { parseKey } from '../cli/parse-options.js';
import { readInput } from '../cli/read-input.js';
import { TerminalText } from '../output/terminal-text.js';

/** The fields of an event's data that we use; all may be missing in one that we do not know. */
interface EventData {
  readonly text?: unknown;
  readonly name?: unknown;
  readonly state?: unknown;
  readonly detail?: unknown;
  readonly code?: unknown;
  readonly message?: unknown;
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
    hint: 'See why with: xopc gateway logs',
  });
}

export class AgentCommand extends BaseCommand {
  static override readonly paths = [['agent']];
  static override readonly usage = Command.Usage({
    category: 'Agent',
    description: 'Send a message to an agent and print its answer as it arrives.',
    details: `
      The message is the words given, or standard input with \`-\`. Ctrl-C stops the answer; what was said so far is kept.
      --session continues a conversation by its name or key; without it the conversation is called \`default\`. With --key
      the question is asked once, however often the command is run within a day, and answered also when it is interrupted.
    `,
    examples: [
      ['Ask something', 'xopc agent "What can you do?"'],
      ['Hand over a file', 'xopc agent - < notes.md'],
      ['In a conversation of its own, as JSON', 'xopc agent --session trip --json "Plan a day in Rome"'],
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
    const message = await this.#message();
    const { status } = await requireGateway(this.gatewayPaths);
    const api = new ApiClient(apiTarget(status, this.gatewayPaths, this.environment));
    const interruption = new AbortController();
    const release = this.context.runtime.onInterrupt(() => interruption.abort());
    try {
      const isStream = this.stream && !this.json;
      const request = { method: 'POST', path: '/api/agent', body: this.#body(message), key, signal: interruption.signal } as const;
      await (isStream ? this.#printStream(api, request) : this.#printReply(api, request));
      return 0;
    } catch (error) {
      if (!interruption.signal.aborted) throw error;
      await this.note('Stopped.');
      return INTERRUPTED_EXIT_CODE;
    } finally {
      release();
    }
  }

  async #message(): Promise<string> {
    const isInput = this.words.length === 1 && this.words[0] === '-';
    const isPiped = this.words.length === 0 && (this.context.stdin as Partial<NodeJS.ReadStream>).isTTY !== true;
    const message = isInput || isPiped ? await readInput(this.context.stdin) : this.words.join(' ');
    if (message.trim() !== '') return message;
    throw new GatewayError('USAGE', { message: 'there is no message', hint: 'e.g. xopc agent "What can you do?"' });
  }

  #body(message: string): Record<string, unknown> {
    const { session, agent, model } = this;
    return {
      message,
      ...(session === undefined ? {} : { session }),
      ...(agent === undefined ? {} : { agentId: agent }),
      ...(model === undefined ? {} : { model }),
    };
  }

  async #printReply(api: ApiClient, request: ApiRequest): Promise<void> {
    const reply = await api.call<AgentResponse>(request);
    if (this.json) return this.printJson(reply);
    const text = new TerminalText(this.out.isTerminal);
    await this.printLine(text.push(reply.reply) + text.end());
  }

  async #printStream(api: ApiClient, request: ApiRequest): Promise<void> {
    const text = new TerminalText(this.out.isTerminal);
    for await (const event of api.stream(request)) {
      if (event.event === 'delta') await this.out.write(text.push(asText(parseData(event).text)));
      else if (event.event === 'tool') await this.#noteTool(parseData(event));
      else if (event.event === 'error') throw await this.#endLine(agentFailure(parseData(event)));
      else if (event.event === 'done') return this.printLine(text.end());
    }
    throw await this.#endLine(
      new GatewayError('UNAVAILABLE', {
        message: 'the answer ended early',
        hint: 'Say it again; what was said so far is in the conversation.',
      }),
    );
  }

  /** An error message starts on a line of its own. */
  async #endLine(error: GatewayError): Promise<GatewayError> {
    if (this.out.isTerminal) await this.printLine('');
    return error;
  }

  async #noteTool({ name, state, detail }: EventData): Promise<void> {
    if (state === 'call') await this.note(`· ${asText(name)} ${asText(detail)}`.trimEnd(), this.err.paint.dim);
    if (state === 'error') await this.note(`· ${asText(name)} failed: ${asText(detail)}`, this.err.paint.yellow);
  }
}
