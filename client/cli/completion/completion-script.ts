/**
 * Completion scripts from the command tree. Words and options are in the script, so that completing them is instant; only values
 * (completion-values.ts) need a call of `xopc @complete`.
 */
import { ASKED_OPTIONS, ASKED_PATHS } from './completion-values.js';

export const SHELLS = ['bash', 'zsh', 'fish', 'powershell'] as const;
type Shell = (typeof SHELLS)[number];

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

/** What the shell completes at a command: its words, and whether to ask for values. */
function cases(commands: readonly CommandNode[], render: (path: string, words: string, asks: boolean) => string): string {
  return [...followers(commands)].map(([path, words]) => render(path, words.join(' '), ASKED_PATHS.includes(path))).join('\n');
}

const ASKED_PATTERN = ASKED_OPTIONS.join('|');

function bashScript(commands: readonly CommandNode[]): string {
  return `# bash completion for xopc
_xopc() {
  local line=\${COMP_LINE:0:COMP_POINT} word words='' path='' previous='' ask=''
  local current=\${line##*[[:space:]]}
  local -a typed
  read -ra typed <<< "\${line%"$current"}"
  for word in "\${typed[@]:1}"; do
    previous=$word
    case $word in -*) ;; *) path="\${path:+$path }$word" ;; esac
  done
  case $path in
${cases(commands, (path, words, asks) => `    '${path}') words='${words}'${asks ? ' ask=1' : ''} ;;`)}
  esac
  case $previous in ${ASKED_PATTERN}) words='' ask=1 ;; esac
  case $current in -*) ask='' ;; esac
  [ -z "$ask" ] || words="$words $(xopc @complete -- "$path" "$previous" 2>/dev/null | cut -f1)"
  COMPREPLY=($(compgen -W "$words" -- "$current"))
  [ \${#COMPREPLY[@]} -gt 0 ] || COMPREPLY=($(compgen -f -- "$current"))
  # Readline takes a colon for the start of a word; session keys have some.
  case $COMP_WORDBREAKS in *:*) word=\${current%"\${current##*:}"} COMPREPLY=("\${COMPREPLY[@]#"$word"}") ;; esac
}
complete -F _xopc xopc`;
}

function zshScript(commands: readonly CommandNode[]): string {
  return `#compdef xopc
_xopc() {
  local path_text='' word previous='' ask=''
  local -a candidates
  for word in "\${(@)words[2,CURRENT-1]}"; do
    previous=$word
    [[ $word == -* ]] || path_text="\${path_text:+$path_text }$word"
  done
  case $path_text in
${cases(commands, (path, words, asks) => `    '${path}') candidates=(${words})${asks ? ' ask=1' : ''} ;;`)}
  esac
  case $previous in (${ASKED_PATTERN}) candidates=() ask=1 ;; esac
  if [[ -n $ask && $PREFIX != -* ]]; then
    candidates+=("\${(@)\${(@f)$(xopc @complete -- "$path_text" "$previous" 2>/dev/null)}%%$'\\t'*}")
  fi
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
  const ask = fishQuote('(xopc @complete -- (__xopc_path) (__xopc_previous) 2>/dev/null)');
  const asked = [
    ...ASKED_PATHS.map((path) => fishQuote(`test (__xopc_path) = ${fishQuote(path)}`)),
    ...ASKED_OPTIONS.map((option) => fishQuote(`test (__xopc_previous) = ${option}`)),
  ];
  return `# fish completion for xopc
function __xopc_path
  set -l found
  for word in (commandline -opc)[2..-1]
    string match -q -- '-*' $word; or set -a found $word
  end
  echo "$found"
end
function __xopc_previous
  echo (commandline -opc)[-1]
end
${lines.join('\n')}
${asked.map((condition) => `complete -c xopc -n ${condition} -f -a ${ask}`).join('\n')}`;
}

function powershellQuote(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

function powershellScript(commands: readonly CommandNode[]): string {
  const words = [...followers(commands)].map(([path, followed]) => `    ${powershellQuote(path)} = ${powershellQuote(followed.join(' '))}`);
  const list = (texts: readonly string[]): string => `@(${texts.map(powershellQuote).join(', ')})`;
  return `# PowerShell completion for xopc
Register-ArgumentCompleter -Native -CommandName xopc -ScriptBlock {
  param($current, $ast, $position)
  $followers = @{
${words.join('\n')}
  }
  $typed = @($ast.CommandElements | Select-Object -Skip 1 | Where-Object { $_.Extent.EndOffset -lt $position } | ForEach-Object { $_.ToString() })
  $previous = if ($typed.Count -gt 0) { $typed[-1] } else { '' }
  $path = ($typed | Where-Object { -not $_.StartsWith('-') }) -join ' '
  $found = @(if ($followers.ContainsKey($path)) { $followers[$path] -split ' ' })
  $isOption = ${list(ASKED_OPTIONS)} -contains $previous
  if ($isOption) { $found = @() }
  if (($isOption -or ${list(ASKED_PATHS)} -contains $path) -and -not $current.StartsWith('-')) {
    $found += @(xopc '@complete' '--' $path $previous 2>$null | ForEach-Object { ($_ -split "\`t")[0] })
  }
  $found | Where-Object { $_ -like "$current*" } | ForEach-Object { [System.Management.Automation.CompletionResult]::new($_) }
}`;
}

export function completionScript(shell: Shell, commands: readonly CommandNode[]): string {
  const scripts: Record<Shell, (commands: readonly CommandNode[]) => string> = {
    bash: bashScript,
    zsh: zshScript,
    fish: fishScript,
    powershell: powershellScript,
  };
  return scripts[shell](commands);
}
