import { Cli, Command, Option } from 'clipanion';
import { BaseCommand } from '../cli/base-command.js';
import type { ClientContext, CommandEntry } from '../cli/client-context.js';
import { completionScript, isShell, type CommandNode } from '../cli/completion/completion-script.js';
import { SHELLS } from '../cli/completion/completion-values.js';
import { plain } from '../cli/help/help-text.js';
import { usage } from '../cli/usage.js';

/** @returns a node for each path of the command; none for one without help, which users do not call */
async function describeEntry(entry: CommandEntry): Promise<CommandNode[]> {
  const definitions = Cli.from<ClientContext>(await entry.load(), { binaryName: 'xopc' }).definitions();
  return definitions.flatMap(({ description, options }) =>
    entry.paths
      .filter(([first]) => !first?.startsWith('-'))
      .map((words) => ({
        words,
        description: plain(description ?? ''),
        options: options.flatMap(({ definition, description: purpose }) => {
          const [names = '', value] = definition.split(' ');
          return names.split(',').map((word) => ({ word, description: plain(purpose ?? ''), takesValue: value !== undefined }));
        }),
      })),
  );
}

export class CompletionCommand extends BaseCommand {
  static override readonly usage = Command.Usage({
    category: 'More',
    description: 'Print a completion script for bash, zsh, fish or PowerShell.',
    details: 'Sessions, jobs, messages and models are completed from the running gateway.',
    examples: [
      ['bash', 'xopc completion bash > ~/.local/share/bash-completion/completions/xopc'],
      ['zsh', 'xopc completion zsh > "${fpath[1]}/_xopc"'],
      ['fish', 'xopc completion fish > ~/.config/fish/completions/xopc.fish'],
      ['PowerShell', 'xopc completion powershell >> $PROFILE'],
    ],
  });

  readonly shell = Option.String({ name: 'shell' });

  protected async run(): Promise<number> {
    if (!isShell(this.shell)) throw usage(`unknown shell '${this.shell}'`, `One of: ${SHELLS.join(', ')}`);
    await this.io.printRendered(completionScript(this.shell, await this.#tree()));
    return 0;
  }

  async #tree(): Promise<CommandNode[]> {
    return (await Promise.all(this.context.commands.map(describeEntry))).flat();
  }
}
