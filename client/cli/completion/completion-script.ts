/**
 * Completion scripts from the command tree. Words and options are in the script, so that completing them is instant; only values
 * (completion-values.ts) need a call of `xopc @complete`. Values come from other people: no script has the shell evaluate them.
 */
import { shellQuote } from '../../../shared/text/shell-word.js';
import { ASKED_OPTIONS, ASKED_PATHS, SHELLS } from './completion-values.js';

type Shell = (typeof SHELLS)[number];

interface Word {
  readonly word: string;
  readonly description: string;
}

export interface CommandNode {
  /** Words after `xopc`. */
  readonly words: readonly string[];
  readonly description: string;
  readonly options: readonly (Word & { readonly takesValue: boolean })[];
}

export function isShell(value: string): value is Shell {
  return (SHELLS as readonly string[]).includes(value);
}

const HELP = { word: '--help', description: 'Print help.' };
const HELP_COMMAND = { word: 'help', description: 'Explain a command.' };
const VERSION = { word: '--version', description: 'Print the version.' };

/** Command path as text → what may follow: words and options. */
function followers(commands: readonly CommandNode[]): Map<string, Word[]> {
  const table = new Map<string, Map<string, string>>();
  const add = (path: readonly string[], { word, description }: Word): void => {
    const key = path.join(' ');
    const words = table.get(key) ?? new Map<string, string>();
    table.set(key, words.set(word, description === '' ? (words.get(word) ?? '') : description));
  };
  for (const { words, options, description } of commands) {
    words.forEach((word, index) => add(words.slice(0, index), { word, description: index === words.length - 1 ? description : '' }));
    for (const option of [...options, HELP]) add(words, option);
    words.forEach((word, index) =>
      add(['help', ...words.slice(0, index)], { word, description: index === words.length - 1 ? description : '' }),
    );
  }
  for (const word of [HELP_COMMAND, HELP, VERSION]) add([], word);
  const sorted = [...table].toSorted(([left], [right]) => (left < right ? -1 : 1));
  return new Map(sorted.map(([key, words]) => [key, [...words].map(([word, description]) => ({ word, description }))]));
}

/** The completions at each command; paths that only take values are added without words. */
function cases(commands: readonly CommandNode[], render: (path: string, words: readonly Word[], asks: boolean) => string): string {
  const table = followers(commands);
  const valueOnly = ASKED_PATHS.filter((path) => !table.has(path)).map((path) => render(path, [], true));
  return [...[...table].map(([path, words]) => render(path, words, ASKED_PATHS.includes(path))), ...valueOnly].join('\n');
}

/** The options that take the next word as their value. */
function valueOptions(commands: readonly CommandNode[]): string[] {
  const names = commands.flatMap(({ options }) => options.filter(({ takesValue }) => takesValue).map(({ word }) => word));
  return [...new Set([...names, ...ASKED_OPTIONS])].toSorted();
}

const ASKED_PATTERN = ASKED_OPTIONS.join('|');

function bashScript(commands: readonly CommandNode[]): string {
  const taking = valueOptions(commands).join('|');
  return `# bash completion for xopc
_xopc() {
  local line=\${COMP_LINE:0:COMP_POINT} word words='' path='' previous='' ask='' colon=''
  local current=\${line##*[[:space:]]}
  local -a typed
  read -ra typed <<< "\${line%"$current"}"
  for word in "\${typed[@]:1}"; do
    case $previous in ${taking}) previous='' ; continue ;; esac
    previous=$word
    case $word in -*) ;; *) path="\${path:+$path }$word" ;; esac
  done
  case $path in
${cases(commands, (path, words, asks) => `    '${path}') words='${words.map(({ word }) => word).join(' ')}'${asks ? ' ask=1' : ''} ;;`)}
  esac
  case $previous in ${taking}) words='' ask='' ;; esac
  case $previous in ${ASKED_PATTERN}) ask=1 ;; esac
  case $current in -*) ask='' ;; esac
  # Readline takes a colon for the start of a word; session keys have some.
  case $COMP_WORDBREAKS in *:*) colon=\${current%"\${current##*:}"} ;; esac
  COMPREPLY=()
  while IFS=$'\\t' read -r word _; do
    [ -n "$word" ] && [ "\${word#"$current"}" != "$word" -o -z "$current" ] || continue
    printf -v word %q "\${word#"$colon"}"
    COMPREPLY+=("$word")
  done < <(printf '%s\\n' $words; [ -z "$ask" ] || xopc @complete -- "$path" "$previous" 2>/dev/null)
}
complete -o default -F _xopc xopc`;
}

function zshScript(commands: readonly CommandNode[]): string {
  const taking = valueOptions(commands).join('|');
  const described = ({ word, description }: Word): string => shellQuote(description === '' ? word : `${word}:${description}`);
  return `#compdef xopc
_xopc() {
  local path_text='' word previous='' ask='' line
  local -a candidates
  for word in "\${(@)words[2,CURRENT-1]}"; do
    case $previous in (${taking}) previous=''; continue ;; esac
    previous=$word
    [[ $word == -* ]] || path_text="\${path_text:+$path_text }$word"
  done
  case $path_text in
${cases(commands, (path, words, asks) => `    '${path}') candidates=(${words.map(described).join(' ')})${asks ? ' ask=1' : ''} ;;`)}
  esac
  case $previous in (${taking}) candidates=() ask='' ;; esac
  case $previous in (${ASKED_PATTERN}) ask=1 ;; esac
  if [[ -n $ask && $PREFIX != -* ]]; then
    for line in "\${(@f)$(xopc @complete -- "$path_text" "$previous" 2>/dev/null)}"; do
      word="\${line%%$'\\t'*}"
      [[ -z $word ]] || candidates+=("\${word//:/\\\\:}\${\${line#*$'\\t'}:+:\${line#*$'\\t'}}")
    done
  fi
  if (( \${#candidates} )); then _describe xopc candidates; else _files; fi
}
if [ "$funcstack[1]" = "_xopc" ]; then _xopc "$@"; else compdef _xopc xopc; fi`;
}

function fishQuote(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
}

function fishScript(commands: readonly CommandNode[]): string {
  const pairs = (words: readonly Word[]): string =>
    words
      .flatMap(({ word, description }) => [word, description])
      .map(fishQuote)
      .join(' ');
  const rendered = cases(commands, (path, words, asks) => {
    const offer = words.length === 0 ? '' : `set offered ${pairs(words)}`;
    return `    case ${fishQuote(path)}\n      ${[offer, asks ? 'set ask 1' : ''].filter(Boolean).join('; ')}`;
  });
  return `# fish completion for xopc
function __xopc_complete
  set -l found
  set -l previous ''
  set -l ask
  set -l offered
  for word in (commandline -opc)[2..-1]
    if contains -- $previous ${valueOptions(commands).join(' ')}
      set previous ''
      continue
    end
    set previous $word
    string match -q -- '-*' $word; or set -a found $word
  end
  switch "$found"
${rendered}
  end
  if contains -- $previous ${valueOptions(commands).join(' ')}
    set offered
    set ask
    contains -- $previous ${ASKED_OPTIONS.join(' ')}; and set ask 1
  end
  test -z "$offered"; or printf '%s\\t%s\\n' $offered
  if test -n "$ask"
    xopc @complete -- "$found" "$previous" 2>/dev/null
  else if test -z "$offered"
    __fish_complete_path (commandline -ct)
  end
end
complete -c xopc -f -a '(__xopc_complete)'`;
}

function powershellQuote(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

function powershellScript(commands: readonly CommandNode[]): string {
  const list = (texts: readonly string[]): string => `@(${texts.map(powershellQuote).join(', ')})`;
  const words = [...followers(commands)].map(
    ([path, followed]) => `    ${powershellQuote(path)} = ${powershellQuote(followed.map(({ word }) => word).join(' '))}`,
  );
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
  $found | Where-Object { $_ -like "$current*" } | ForEach-Object {
    $text = if ($_ -match '^[\\w:./@-]+$') { $_ } else { "'" + $_.Replace("'", "''") + "'" }
    [System.Management.Automation.CompletionResult]::new($text, $_, 'ParameterValue', $_)
  }
}`;
}

/** The script for a shell. */
export function completionScript(shell: Shell, commands: readonly CommandNode[]): string {
  const scripts: Record<Shell, (commands: readonly CommandNode[]) => string> = {
    bash: bashScript,
    zsh: zshScript,
    fish: fishScript,
    powershell: powershellScript,
  };
  return scripts[shell](commands);
}
