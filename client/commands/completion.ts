import { Cli, Command, Option } from 'clipanion';
import { BaseCommand } from '../cli/base-command.js';
import type { ClientContext } from '../cli/client-context.js';
import { completionScript, isShell, SHELLS, type CommandNode } from '../cli/completion/completion-script.js';
import { usage } from '../cli/usage.js';

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
    await this.io.printLine(completionScript(this.shell, await this.#tree()));
    return 0;
  }

  async #tree(): Promise<CommandNode[]> {
    const { commands } = this.context;
    const cli = Cli.from<ClientContext>(await Promise.all(commands.map((entry) => entry.load())), { binaryName: 'xopc' });
    return cli.definitions().map(({ path, description, options }) => ({
      words: path.split(' ').slice(1),
      description: (description ?? '').trim(),
      options: options.flatMap(({ definition }) =>
        definition
          .split(/[ ,]/)
          .map((part) => part.replace(/#.*$/, ''))
          .filter((part) => /^--?[a-z]/i.test(part)),
      ),
    }));
  }
}
