/** Topics shared by all commands, for `xopc help <topic>`. docs/gateway.md has more detail; a test keeps both in step. */

interface HelpTopic {
  readonly title: string;
  readonly text: readonly string[];
}

function table(rows: Readonly<Record<string, string>>): string[] {
  const width = Math.max(...Object.keys(rows).map((name) => name.length)) + 2;
  return Object.entries(rows).map(([name, text]) => `  ${name.padEnd(width)}${text}`);
}

export const HELP_EXIT_CODES: Readonly<Record<string, string>> = {
  0: 'done, running, or nothing to stop',
  1: 'failed; for `status`: the gateway is down and retries',
  2: 'wrong usage of an option, an argument or a variable',
  3: 'not running',
  4: 'running, but not answering, or owned by another user',
  5: 'another gateway runs or has just started',
  6: 'still starting',
  75: 'only as a service: the service manager starts it again',
  78: 'the configuration is invalid, or the port is taken',
  130: 'you stopped waiting with Ctrl-C',
};

export const HELP_ENVIRONMENT: Readonly<Record<string, string>> = {
  XOPC_HOME: 'directory of all files; default ~/.xopc',
  XOPC_CONFIG: 'configuration file; --config wins',
  XOPC_PORT: 'port; --port wins',
  XOPC_HOST: 'address; --host wins',
  XOPC_GATEWAY_TOKEN: 'the token; --token wins',
  XOPC_LOG_LEVEL: 'log level; default logs.level',
  XOPC_NO_RESPAWN: '1: the supervisor is never replaced, a restart happens in place',
  XOPC_ALLOW_SIGUSR1_RESTART: '1: SIGUSR1 restarts',
  NO_COLOR: 'set: no colours',
  FORCE_COLOR: 'set: colours always; 0: never',
  EDITOR: 'editor of `xopc config edit`; VISUAL wins; default vi',
};

/** In front of {@link HELP_ENVIRONMENT}, which has not all of them. */
export const ENVIRONMENT_NOTE = [
  'The most important environment variables; an empty one counts as unset.',
  'docs/gateway.md has all of them, docs/configuration.md those of model providers',
  '(such as OPENAI_API_KEY), proxies and certificates.',
] as const;

export const HELP_FILES: Readonly<Record<string, string>> = {
  'config.json': 'configuration; yours (JSON with comments)',
  'models.json': 'providers and models; yours',
  'credentials/token': 'the generated token',
  'logs/gateway.log': 'the log; .1 and on are older',
  'state/gateway.db': 'sessions, messages, jobs: SQLite',
  'locks/gateway.HASH.lock': 'the lock, while a gateway runs; never delete it by hand',
  'run/gateway.HASH.sock': 'control socket, while a gateway runs',
};

/** Topics by the word after `xopc help`. */
export const HELP_TOPICS: Readonly<Record<string, HelpTopic>> = {
  'exit-codes': { title: 'The exit codes and their meanings.', text: ['Exit codes', '', ...table(HELP_EXIT_CODES)] },
  environment: {
    title: 'Environment variables.',
    text: [...ENVIRONMENT_NOTE, '', ...table(HELP_ENVIRONMENT)],
  },
  files: {
    title: 'Where files are stored.',
    text: ['Files under ~/.xopc, or under XOPC_HOME. `xopc paths` prints them for this user.', '', ...table(HELP_FILES)],
  },
};
