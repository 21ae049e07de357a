/**
 * What must happen before anything else in this process: imported first by `main.ts`, so that it runs before any other
 * module. Plain statements only: it must also parse and run on a Node that is too old for the rest.
 */

// Without a handler SIGUSR1 opens Node's debugger or kills the process. The supervisor adds its own listener later.
process.on('SIGUSR1', () => undefined);
// SIGUSR2 would kill the process; its senders expect a restart or a report, as from other programs.
process.on('SIGUSR2', () => undefined);

const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
if (major < 20 || (major === 20 && minor < 19)) {
  process.stderr.write(
    'xopc: Node.js ' + process.versions.node + ' is too old; 20.19 or newer is needed (this one is ' + process.execPath + ').\n',
  );
  process.exit(1);
}

// Files written by this process and its children are not readable by other users, whatever the shell's umask is.
process.umask(0o077);
