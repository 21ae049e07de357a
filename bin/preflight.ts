/**
 * What must happen before anything else in this process: imported first by `main.ts`, so that it runs before any other
 * module. Plain statements only: it must also parse and run on a Node that is too old for the rest.
 */

// Without a handler SIGUSR1 opens Node's debugger, or kills. The supervisor adds its own listener later.
process.on('SIGUSR1', () => undefined);
// SIGUSR2 would kill; who sends it expects a restart or a report, as of other programs.
process.on('SIGUSR2', () => undefined);

const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
if (major < 20 || (major === 20 && minor < 19)) {
  process.stderr.write(
    'xopc: Node.js ' + process.versions.node + ' is too old; 20.19 or newer is needed (this one is ' + process.execPath + ').\n',
  );
  process.exit(1);
}

// Nothing that this process or its children write is readable for other users, whatever the shell's mask is.
process.umask(0o077);
