import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Command } from 'clipanion';
import { GatewayError, toErrorDocument } from '../../../shared/errors.js';
import { readConfigText } from '../../../shared/node/config/config-file.js';
import { hashText, TEXT_OF_NO_FILE } from '../../../shared/node/config/config-text.js';
import { writeConfigText } from '../../../shared/node/config/config-write.js';
import { describeError } from '../../cli/command-io.js';
import { PromptStopped, Prompter } from '../../setup/prompter.js';
import { ConfigCommand } from './config-command.js';
import { writeOptions } from './config-values.js';
import { usage } from '../../cli/usage.js';

const NEW_FILE = '{\n}\n';
/** An editor that ends sooner, with the text unchanged, has probably left the file to a window that is still open. */
const PERSON_MS = 1_000;

function editorFailed(editor: string, reason: string): GatewayError {
  return usage(`the editor '${editor}' ${reason}`, 'Set EDITOR to an editor that waits, e.g. EDITOR=vi or EDITOR="code --wait".');
}

/** Signals of terminal keys that belong to the editor while it runs: Ctrl-C and Ctrl-\. */
const EDITOR_KEYS = ['SIGINT', 'SIGQUIT'] as const;

/** Runs the editor on the terminal; as in other programs, the setting may contain arguments. */
function runEditor(editor: string, path: string): Promise<void> {
  // The trap keeps the shell: the editor does not inherit it.
  const [file, args] =
    process.platform === 'win32'
      ? ['cmd', ['/c', `${editor} "${path}"`]]
      : ['/bin/sh', ['-c', `trap : INT QUIT; ${editor} "$1"`, 'sh', path]];
  return new Promise((resolve, reject) => {
    const child = spawn(file as string, args as string[], { stdio: 'inherit' });
    child.once('error', (error) => reject(editorFailed(editor, `cannot be started (${error.message})`)));
    child.once('exit', (code) =>
      code === 0
        ? resolve()
        : reject(editorFailed(editor, `ended with ${code === null ? 'a signal' : `exit code ${code}`}; nothing was written`)),
    );
  });
}

export class ConfigEditCommand extends ConfigCommand {
  static override readonly usage = Command.Usage({
    category: 'Configuration',
    description: 'Edit the configuration; it is checked before it is written.',
    details: 'Opens a copy in $VISUAL or $EDITOR. If the result is invalid, the file is not changed and the copy can be corrected.',
    examples: [['With the editor of your choice', 'EDITOR=nano xopc config edit']],
  });

  protected async run(): Promise<number> {
    this.prepareDirectories();
    const current = readConfigText(this.io.gatewayPaths.configPath);
    const draft = join(this.io.gatewayPaths.stateDir, `config.${randomBytes(4).toString('hex')}.draft.json`);
    await writeFile(draft, current ?? NEW_FILE, { mode: 0o600, flag: 'wx' });
    return this.#editUntilValid(draft, current);
  }

  #editor(): string {
    const { runtime } = this.context;
    return runtime.environmentValue('VISUAL') ?? runtime.environmentValue('EDITOR') ?? (process.platform === 'win32' ? 'notepad' : 'vi');
  }

  async #editUntilValid(draft: string, current: string | undefined): Promise<number> {
    const { configPath } = this.io.gatewayPaths;
    const options = { ...writeOptions(this.io.gatewayPaths), expectedHash: hashText(current ?? TEXT_OF_NO_FILE) };
    for (;;) {
      const startedAt = performance.now();
      const text = await this.#edit(draft, current ?? NEW_FILE);
      if (text === undefined) {
        await this.io.note('Nothing has changed.');
        if (performance.now() - startedAt < PERSON_MS) await this.#noteEndedAtOnce();
        if (this.json) await this.io.printJson({ action: 'none', configPath });
        return 0;
      }
      try {
        await writeConfigText(options, text);
      } catch (error) {
        if (!(error instanceof GatewayError) || !(await this.#wantsAnotherTry(error, draft))) throw error;
        continue;
      }
      await rm(draft, { force: true });
      return this.reportApplied({ action: 'written', configPath }, `${configPath} is written`);
    }
  }

  /**
   * An unchanged draft is removed, also when the editor fails.
   * @returns undefined when nothing was changed
   */
  async #edit(draft: string, before: string): Promise<string | undefined> {
    const changed = async (): Promise<string | undefined> => {
      const text = await readFile(draft, 'utf8');
      if (text !== before) return text;
      await rm(draft, { force: true });
      return undefined;
    };
    const release = this.context.runtime.onInterrupt(() => undefined, EDITOR_KEYS);
    try {
      await runEditor(this.#editor(), draft);
    } catch (error) {
      if ((await changed()) !== undefined) await this.#noteKept(draft);
      throw error;
    } finally {
      release();
    }
    return changed();
  }

  #noteEndedAtOnce(): Promise<void> {
    const advice =
      'If it is still open, close it without saving, set EDITOR to a form that waits, e.g. EDITOR="code --wait", and edit again.';
    return this.io.note(`The editor '${this.#editor()}' ended at once. ${advice}`);
  }

  #noteKept(draft: string): Promise<void> {
    return this.io.note(`Your text is kept in ${draft}`);
  }

  async #wantsAnotherTry(error: GatewayError, draft: string): Promise<boolean> {
    await this.#noteKept(draft);
    if (error.code !== 'CONFIG_INVALID' || (this.context.stdin as Partial<NodeJS.ReadStream>).isTTY !== true || this.json) return false;
    await this.io.note(describeError(toErrorDocument(error)));
    try {
      return await new Prompter(this.context.stdin, this.io.err).confirm('Edit it again?', true);
    } catch (stopped) {
      if (stopped instanceof PromptStopped) return false;
      throw stopped;
    }
  }
}
