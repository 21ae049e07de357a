/** Finds out how the user calls this program, so that a hint can be typed as printed. */
import { constants, existsSync } from 'node:fs';
import { basename, delimiter, dirname, join, sep } from 'node:path';
import { bundleDirectory } from '../../shared/node/build/bundle.js';
import { isSingleExecutable } from '../../shared/node/build/single-executable.js';
import { pathWord } from '../../shared/node/path-word.js';
import { canAccess } from '../../shared/node/files/if-present.js';

/** How this process was started. */
export interface Invocation {
  /** The script on the command line; for the single executable, its own name. */
  readonly entry: string;
  /** Reads a variable. `XOPC_CALLED_AS` is the launcher bin/xopc as it was called. */
  readonly variable: (name: string) => string | undefined;
}

/** The words after `xopc` that distinguish a command from a mention of the program. */
const COMMANDS =
  /(?<![\w./-])xopc(?= (?:--help|(?:acp|agent|approvals|approve|backup|channels|completion|config|cron|database|deny|doctor|gateway|help|mcp|messages|models|paths|restore|send|sessions|setup|status|token|version)\b))/g;

const pathEntries = ({ variable }: Invocation): string[] => (variable('PATH') ?? '').split(delimiter).filter(Boolean);

export function currentInvocation(variable: Invocation['variable']): Invocation {
  return { entry: (isSingleExecutable() ? process.argv0 : process.argv[1]) ?? '', variable };
}

function launcherOf({ entry, variable }: Invocation): string {
  return basename(entry) === 'main.cjs' ? (variable('XOPC_CALLED_AS') ?? 'xopc') : entry;
}

const isInPath = (invocation: Invocation): boolean =>
  pathEntries(invocation).some((entry) => canAccess(join(entry, 'xopc'), constants.X_OK));

/** Returns `xopc` if that works, else what was typed: `./bin/xopc`, `npx xopc`, `node bin/xopc.mjs`. */
export function commandName(invocation: Invocation): string {
  const launcher = launcherOf(invocation);
  // What a package manager puts in PATH may be a script that starts `bin/xopc.mjs`.
  const isPackage = launcher.includes(`${sep}node_modules${sep}`);
  if (isPackage && invocation.variable('npm_command') === 'exec') return 'npx xopc';
  if (launcher === 'xopc' || pathEntries(invocation).includes(dirname(launcher)) || (isPackage && isInPath(invocation))) return 'xopc';
  return launcher.endsWith('.mjs') ? `node ${pathWord(launcher)}` : pathWord(launcher);
}

/**
 * Returns `text` with each command in it as the user would type it.
 * @param config  the path from `--config`, added to commands that do not name another
 */
export function withCommandName(text: string, invocation: Invocation, config?: string): string {
  const name = commandName(invocation);
  const option = config === undefined ? '' : ` --config ${pathWord(config)}`;
  return text.replace(COMMANDS, (_word, offset: number) => {
    const hasOwn = /^xopc(?: \S+)+ --config\b/.test(text.slice(offset));
    return name + (hasOwn ? '' : option);
  });
}

/** Returns the file that starts this program. A package has `bin/xopc.mjs` only. */
export function ownLauncher(directory: string): string {
  const script = join(directory, 'bin', 'xopc');
  if (isSingleExecutable()) return process.execPath;
  return existsSync(script) ? script : `${script}.mjs`;
}

/**
 * Returns the command that links `xopc` into a directory of PATH; undefined if PATH already has one, or if neither the user's directories
 * nor `/usr/local/bin` are in PATH and writable.
 */
export function linkCommand(invocation: Invocation, packageDirectory = dirname(bundleDirectory)): string | undefined {
  if (isInPath(invocation)) return undefined;
  const entries = pathEntries(invocation);
  const home = invocation.variable('HOME') ?? '/';
  const directory = [join(home, '.local', 'bin'), join(home, 'bin'), '/usr/local/bin'].find(
    (path) => entries.includes(path) && canAccess(path, constants.W_OK),
  );
  return directory === undefined ? undefined : `ln -s ${pathWord(ownLauncher(packageDirectory))} ${pathWord(join(directory, 'xopc'))}`;
}
