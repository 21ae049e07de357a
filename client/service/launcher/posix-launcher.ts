/**
 * The launcher for systemd and launchd: a POSIX shell script that finds Node and the package at each start, so that the
 * unit never names a path that an upgrade or a version manager removes. It replaces itself with the gateway (`exec`): the manager sees the
 * supervisor's pid, and a passed socket stays valid.
 */
import { shellCommand, shellQuote } from '../../../shared/text/shell-word.js';
import { addChecksum, CHECKSUM_COMMENT } from '../files/checksum.js';
import { installAgainCommand } from '../plan/reinstall-command.js';
import type { ServicePlan } from '../plan/service-plan.js';

/**
 * After 10 starts, each within 10 s of the previous one, the delay grows up to 30 s: a gateway that cannot start
 * is retried without limit at little cost.
 */
const THROTTLE = `
now=$(date +%s)
last=0 quick=0
[ -r "$dir/starts" ] && read -r last quick <"$dir/starts"
case $last$quick in '' | *[!0-9]*) last=0 quick=0 ;; esac
if [ $((now - last)) -lt 10 ]; then quick=$((quick + 1)); else quick=0; fi
if [ "$quick" -gt 10 ]; then
  pause=$((quick - 10))
  [ "$pause" -gt 30 ] && pause=30
  sleep "$pause"
  now=$((now + pause))
fi
{ echo "$now $quick" >"$dir/starts"; } 2>/dev/null
`;

/** Reads lines NAME=value literally, without running anything in them. */
const READ_ENVIRONMENT = `
if [ -r "\${dir%/*}/service.env" ]; then
  while IFS= read -r line || [ -n "$line" ]; do
    name=\${line%%=*}
    case $line in *=*) ;; *) continue ;; esac
    case $name in '' | [0-9]* | *[!A-Za-z0-9_]*) ;; *) export "$line" ;; esac
  done <"\${dir%/*}/service.env"
fi
`;

/** Node's versions from 20.19 on. `newest` keeps the highest version that it is passed. */
const FIND_NODE = `
version_of() {
  [ -x "$1" ] || return 1
  version=$("$1" --version 2>/dev/null) || return 1
  version=\${version#v}
  major=\${version%%.*} rest=\${version#*.}
  minor=\${rest%%.*} patch=\${rest#*.}
  case $major$minor$patch in '' | *[!0-9]*) return 1 ;; esac
  [ "$major" -gt 20 ] || { [ "$major" -eq 20 ] && [ "$minor" -ge 19 ]; }
}
newest() {
  best='' rank=0
  for candidate; do
    version_of "$candidate" || continue
    this=$((major * 1000000 + minor * 1000 + patch))
    [ "$this" -gt "$rank" ] && best=$candidate rank=$this
  done
  [ -n "$best" ]
}
find_node() {
  for candidate in "$node" /usr/bin/node /usr/local/bin/node /opt/homebrew/bin/node "$(command -v node)"; do
    version_of "$candidate" && best=$candidate && return
  done
  newest "$HOME"/.nvm/versions/node/v*/bin/node "$HOME"/.local/share/fnm/node-versions/v*/installation/bin/node \\
    "$HOME"/.fnm/node-versions/v*/installation/bin/node "$HOME"/.local/share/mise/installs/node/*/bin/node \\
    "$HOME"/.asdf/installs/nodejs/*/bin/node "$HOME"/.nodenv/versions/*/bin/node "$HOME"/.volta/tools/image/node/*/bin/node \\
    "$HOME"/.n/bin/node "$HOME"/n/bin/node "$HOME"/.local/bin/node /snap/bin/node
}
`;

/** Finds the package where it was installed; otherwise beside the Node found above or the command in PATH. */
const FIND_PACKAGE = `
find_package() {
  command=$(command -v xopc)
  while [ -L "$command" ]; do
    link=$(readlink "$command") || break
    case $link in /*) command=$link ;; *) command=\${command%/*}/$link ;; esac
  done
  for package in "$package" "\${node%/bin/node}/lib/node_modules/xopc" "\${command%/bin/*}" "$HOME/.npm-global/lib/node_modules/xopc" \\
    "$HOME/.local/share/pnpm/global/5/node_modules/xopc" "$HOME/.config/yarn/global/node_modules/xopc" \\
    /usr/local/lib/node_modules/xopc /usr/lib/node_modules/xopc /opt/homebrew/lib/node_modules/xopc; do
    [ -f "$package/dist/main.cjs" ] && return
  done
  return 1
}
`;

const START_NODE = `
find_node || give_up "Node.js 20.19 or later was not found; it was $node at installation"
node=$best
find_package || give_up "the package was not found at $installed, nor where npm, pnpm or yarn install packages"
# Tool servers are started with the npx beside it.
case :$PATH: in *":\${node%/*}:"*) ;; *) export PATH="\${node%/*}:$PATH" ;; esac
exec "$node" --inspect-port=192.0.2.1:9229 "$package/dist/main.cjs" gateway "$@"
`;

const START_BINARY = `
for binary in "$binary" "$(command -v xopc)" "$HOME/.local/bin/xopc" /usr/local/bin/xopc /usr/bin/xopc; do
  # A script of that name would start a different installation.
  [ -x "$binary" ] && [ "$(head -c 2 "$binary" | tr -d '\\0')" != '#!' ] && break
  binary=
done
[ -n "$binary" ] || give_up "the executable was not found at $installed, nor in PATH"
exec "$binary" gateway "$@"
`;

/** launchd restarts after every exit code but 0; systemd treats 78 as final. */
const giveUpCode = (plan: ServicePlan): number => (plan.marker === 'launchd' ? 0 : 78);

function variables(plan: ServicePlan): string {
  const { program } = plan;
  const found =
    program.runtime === 'node'
      ? [`node=${shellQuote(program.nodePath ?? '')}`, `package=${shellQuote(program.path)}`]
      : [`binary=${shellQuote(program.path)}`];
  return [
    `dir=${shellQuote(plan.launcherPath.replace(/\/[^/]*$/, ''))}`,
    ...found,
    `installed=${shellQuote(program.path)}`,
    `again=${shellQuote(`${shellCommand`XOPC_HOME=${plan.home}`} ${installAgainCommand(plan)}`)}`,
  ].join('\n');
}

/** Returns the script, to be written to `plan.launcherPath` with mode 0700. */
export function posixLauncher(plan: ServicePlan): string {
  const { runtime } = plan.program;
  const giveUp = `give_up() {
  printf 'xopc: the gateway cannot be started: %s. Install the service again: %s\\n' "$1" "$again" >&2
  exit ${giveUpCode(plan)}
}`;
  const parts = [
    `#!/bin/sh
# Starts the gateway for the service manager. Written by \`xopc gateway install\`.
# ${CHECKSUM_COMMENT}
# Put your own environment variables in ../service.env: lines NAME=value, mode 0600.

# Until Node installs a handler, SIGUSR1 would open its debugger or kill it.
trap '' USR1
umask 077
cd /
: "\${HOME:=/}"`,
    variables(plan),
    giveUp,
    THROTTLE.trim(),
    READ_ENVIRONMENT.trim(),
    ...(runtime === 'node' ? [FIND_NODE.trim(), FIND_PACKAGE.trim(), START_NODE.trim()] : [START_BINARY.trim()]),
  ];
  return addChecksum(`${parts.join('\n\n')}\n`);
}
