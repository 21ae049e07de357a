import { Command } from 'clipanion';
import { BaseCommand } from '../cli/base-command.js';

export class VersionCommand extends BaseCommand {
  static override readonly usage = Command.Usage({
    category: 'More',
    description: 'Print the version.',
    examples: [['The version', 'xopc --version']],
  });

  protected async run(): Promise<number> {
    const version = this.context.runtime.version();
    return this.printResult({ version }, version);
  }
}
