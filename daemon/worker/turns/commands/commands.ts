/** Slash commands: requests to the gateway itself, in any chat and without a language model. */
import type { TurnRequest } from '../turn-request.js';

/** One command with its arguments, e.g. `/models openai` → name `models`, args `openai`. */
export interface CommandCall {
  readonly name: string;
  readonly args: string;
}

/** Where a command was given. */
export interface CommandContext extends CommandCall {
  readonly sessionId: number;
  readonly sessionKey: string;
  readonly agentId: string;
  /** The model that would answer here, `provider/model`. */
  readonly model: string;
  /** Identifies this call, even when it is run again after its worker was killed. */
  readonly callKey: string;
  /** Whether an answer was stopped for it. */
  readonly hasStopped: boolean;
  /** How many messages it has taken back. Default: none. */
  readonly withdrawn?: number;
  readonly decider?: TurnRequest['decider'];
}

export interface SlashCommand {
  /** Lower-case, without the slash. */
  readonly name: string;
  /** For `/help`, one line. */
  readonly summary: string;
  /** Whether it stops the running answer of the session, and runs before all waiting messages. */
  readonly stopsTurns?: boolean;
  /** Whether it is only for people in a chat: programs and jobs could use it to bypass the limits of their access token. */
  readonly isForChats?: boolean;
  /** @returns the reply, Markdown */
  run(context: CommandContext): Promise<string>;
}

/** `/name`, or `/name@bot` as in group chats, then any text. A path such as `/etc/hosts` is not a command. */
const CALL = /^\/([a-z][a-z0-9_-]{0,31})(?:@\w{1,64})?(?:\s+([\s\S]*))?$/i;

export class CommandRegistry {
  readonly #commands: ReadonlyMap<string, SlashCommand>;

  /** `/help` always exists. */
  constructor(commands: readonly SlashCommand[]) {
    const help: SlashCommand = { name: 'help', summary: 'lists the commands', run: async () => this.help() };
    this.#commands = new Map([help, ...commands].map((command) => [command.name, command]));
  }

  /** Returns the command that a text calls; undefined for a text to the model. @param asker  the author of the text */
  match(text: string, asker: TurnRequest['asker'] = 'chat'): { command: SlashCommand; call: CommandCall } | undefined {
    const [, name = '', args = ''] = CALL.exec(text.trim()) ?? [];
    const command = this.#commands.get(name.toLowerCase());
    const isRefused = command?.isForChats === true && asker !== 'chat';
    return command === undefined || isRefused ? undefined : { command, call: { name: command.name, args: args.trim() } };
  }

  list(): { name: string; summary: string }[] {
    return [...this.#commands.values()].map(({ name, summary }) => ({ name, summary }));
  }

  help(): string {
    return this.list()
      .map(({ name, summary }) => `/${name} – ${summary}`)
      .join('\n');
  }
}
