import { resolve } from 'node:path';
import { Command, Option } from 'clipanion';
import { formatKey, valueAt } from '../../../shared/config/key-path.js';
import { GatewayError } from '../../../shared/errors.js';
import { writeConfig } from '../../../shared/node/config/config-write.js';
import { definedFields } from '../../../shared/fields.js';
import { shellCommand } from '../../../shared/text/shell-word.js';
import { readSecret } from '../../cli/read-secret.js';
import { usage } from '../../cli/usage.js';
import { writeOptions } from '../config/config-values.js';
import { ConfigChangeCommand } from '../config/set.js';

/** Splits `NAME=VALUE` or `Name: value`. @throws USAGE */
function pairs(flag: string, texts: readonly string[], separator: RegExp): Record<string, string> {
  const split = texts.map((text): [string, string] => {
    const at = separator.exec(text);
    if (at === null)
      throw usage(`${flag} is '${text}'`, `Give it as ${flag === '--env' ? "--env 'NAME=VALUE'" : "--header 'Name: value'"}.`);
    return [text.slice(0, at.index), text.slice(at.index + at[0].length)];
  });
  return Object.fromEntries(split);
}

export class McpAddCommand extends ConfigChangeCommand {
  static override readonly usage = Command.Usage({
    category: 'MCP servers',
    description: 'Add an MCP server, whose tools agents can then call.',
    details: `
      Everything after \`--\` is the program with its arguments. Other users see a command line, and the shell keeps it: name a variable of the gateway's environment in place of a
      secret, as in the first example. The running gateway applies the change; nothing is started before the server is needed.
    `,
    examples: [
      ['A program', "xopc mcp add weather --env 'API_KEY=${WEATHER_KEY}' -- npx -y weather-mcp --metric"],
      ['A server over HTTP', 'xopc mcp add tickets --url https://tickets.example/mcp --token-env TICKETS_TOKEN'],
    ],
  });

  readonly name = Option.String({ name: 'name' });
  readonly url = Option.String('--url', { description: 'Address of a server that speaks MCP over HTTP.' });
  readonly env = Option.Array('--env', [], { description: 'Environment variable of the program, `NAME=VALUE`; may be repeated.' });
  readonly header = Option.Array('--header', [], { description: "Header of each request, such as 'X-Team: ops'; may be repeated." });
  readonly cwd = Option.String('--cwd', { description: 'Directory that the program starts in.' });
  readonly tokenEnv = Option.String('--token-env', { description: "Environment variable with the server's token; its value is stored." });
  readonly tokenStdin = Option.Boolean('--token-stdin', false, { description: "Read the server's token from standard input." });
  readonly program = Option.Rest({ name: 'program' });

  protected async run(): Promise<number> {
    const [command, ...args] = this.program;
    if ((command === undefined) === (this.url === undefined))
      throw usage(
        'a program or a URL is required',
        `Give either: ${shellCommand`xopc mcp add ${this.name} --`} PROGRAM …   or: ${shellCommand`xopc mcp add ${this.name} --url URL`}`,
      );
    this.#refuseFlagsOfTheOtherKind();
    const path = ['mcp', 'servers', this.name];
    if (valueAt(this.loadReadable().raw, path) !== undefined)
      throw new GatewayError('CONFLICT', {
        message: `there is an MCP server '${this.name}' already`,
        hint: `Remove it with: ${shellCommand`xopc mcp remove ${this.name}`}   or change it with: ${shellCommand`xopc config set ${`${formatKey(path)}.KEY`} VALUE`}`,
      });
    const token = await readSecret(this.context, { flag: '--token', variable: this.tokenEnv, isFromStdin: this.tokenStdin });
    const [env, headers] = [pairs('--env', this.env, /=/), pairs('--header', this.header, /:\s*/)];
    // The gateway runs in another directory. A `${VAR}` at the beginning is an absolute path there.
    const cwd = this.cwd?.startsWith('${') === false ? resolve(this.cwd) : this.cwd;
    const value = {
      ...definedFields({ command, args: args.length === 0 ? undefined : args, url: this.url, cwd, token }),
      ...(this.env.length === 0 ? {} : { env }),
      ...(this.header.length === 0 ? {} : { headers }),
    };
    this.prepareDirectories();
    await writeConfig(writeOptions(this.io.gatewayPaths), [{ path, value }]);
    const exitCode = await this.reportChange({ key: formatKey(path), action: 'set' });
    if (!this.json && exitCode === 0) await this.io.note(`Try it with: ${shellCommand`xopc mcp test ${this.name}`}`);
    return exitCode;
  }

  /** @throws USAGE for a flag that would have no effect on the server */
  #refuseFlagsOfTheOtherKind(): void {
    const isProgram = this.url === undefined;
    const given = isProgram
      ? { '--header': this.header.length > 0, '--token-env': this.tokenEnv !== undefined, '--token-stdin': this.tokenStdin }
      : { '--env': this.env.length > 0, '--cwd': this.cwd !== undefined };
    const flag = Object.entries(given).find(([, isGiven]) => isGiven)?.[0];
    if (flag === undefined) return;
    throw isProgram
      ? usage(`${flag} is for a server with a URL, and ${this.name} is a program`, "A program takes: --env 'NAME=VALUE', --cwd DIRECTORY")
      : usage(
          `${flag} is for a program, and ${this.name} has a URL`,
          "A server with a URL takes: --header 'Name: value', --token-env VARIABLE, --token-stdin",
        );
  }
}

export class McpRemoveCommand extends ConfigChangeCommand {
  static override readonly usage = Command.Usage({
    category: 'MCP servers',
    description: 'Remove an MCP server from the configuration.',
    details: 'The running gateway stops it once its calls have ended.',
    examples: [['One of them', 'xopc mcp remove weather']],
  });

  readonly name = Option.String({ name: 'name' });

  protected async run(): Promise<number> {
    const path = ['mcp', 'servers', this.name];
    if (valueAt(this.loadReadable().raw, path) === undefined)
      throw new GatewayError('NOT_FOUND', { message: `there is no MCP server '${this.name}'`, hint: 'See them with: xopc mcp list' });
    this.prepareDirectories();
    await writeConfig(writeOptions(this.io.gatewayPaths), [{ path, value: undefined }]);
    return this.reportChange({ key: formatKey(path), action: 'removed' });
  }
}
