/** Completion scripts from the command tree. Nothing is asked of the gateway: completing must be instant. */

export const SHELLS = ['bash', 'zsh', 'fish'] as const;
export type Shell = (typeof SHELLS)[number];

export interface CommandNode {
  /** Words after `xopc`. */
  readonly words: readonly string[];
  readonly description: string;
  readonly options: readonly string[];
}

export function isShell(value: string): value is Shell {
  return (SHELLS as readonly string[]).includes(value);
}

/** Command path as text → what may follow: words and options. */
function followers(commands: readonly CommandNode[]): Map<string, string[]> {
  const table = new Map<string, Set<string>>();
  const add = (path: readonly string[], word: string): void => {
    const key = path.join(' ');
    table.set(key, (table.get(key) ?? new Set()).add(word));
  };
  for (const { words, options } of commands) {
    words.forEach((word, index) => add(words.slice(0, index), word));
    for (const option of [...options, '--help']) add(words, option);
  }
  for (const option of ['--help', '--version']) add([], option);
  return new Map([...table].toSorted(([left], [right]) => (left < right ? -1 : 1)).map(([key, words]) => [key, [...words]]));
}

function bashScript(commands: readonly CommandNode[]): string {
  const cases = [...followers(commands)].map(([path, words]) => `    '${path}') words='${words.join(' ')}' ;;`);
  return `# bash completion for xopc
_xopc() {
  local current=\${COMP_WORDS[COMP_CWORD]} path='' word words=''
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    case $word in -*) ;; *) path="\${path:+$path }$word" ;; esac
  done
  case $path in
${cases.join('\n')}
  esac
  COMPREPLY=($(compgen -W "$words" -- "$current"))
  [ \${#COMPREPLY[@]} -gt 0 ] || COMPREPLY=($(compgen -f -- "$current"))
}
complete -F _xopc xopc`;
}

function zshScript(commands: readonly CommandNode[]): string {
  const cases = [...followers(commands)].map(([path, words]) => `    '${path}') candidates=(${words.join(' ')}) ;;`);
  return `#compdef xopc
_xopc() {
  local path_text='' word
  local -a candidates
  for word in "\${(@)words[2,CURRENT-1]}"; do
    [[ $word == -* ]] || path_text="\${path_text:+$path_text }$word"
  done
  case $path_text in
${cases.join('\n')}
  esac
  if (( \${#candidates} )); then compadd -- $candidates; else _files; fi
}
if [ "$funcstack[1]" = "_xopc" ]; then _xopc "$@"; else compdef _xopc xopc; fi`;
}

function fishQuote(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
}

function fishScript(commands: readonly CommandNode[]): string {
  const lines = [...followers(commands)].flatMap(([path, words]) =>
    words.map((word) => {
      const description = commands.find((command) => command.words.join(' ') === `${path} ${word}`.trim())?.description;
      const condition = fishQuote(`test (__xopc_path) = ${fishQuote(path)}`);
      return `complete -c xopc -n ${condition} -f -a ${fishQuote(word)}${description === undefined ? '' : ` -d ${fishQuote(description)}`}`;
    }),
  );
  return `# fish completion for xopc
function __xopc_path
  set -l found
  for word in (commandline -opc)[2..-1]
    string match -q -- '-*' $word; or set -a found $word
  end
  echo "$found"
end
${lines.join('\n')}`;
}

/** The script for a shell. */
export function completionScript(shell: Shell, commands: readonly CommandNode[]): string {
  const scripts: Record<Shell, (commands: readonly CommandNode[]) => string> = { bash: bashScript, zsh: zshScript, fish: fishScript };
  return scripts[shell](commands);
}
