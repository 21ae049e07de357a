import { Readable, Writable } from 'node:stream';
import { Command, Option } from 'clipanion';
import { BaseCommand } from '../cli/base-command.js';

export class AcpCommand extends BaseCommand {
  static override readonly usage = Command.Usage({
    category: 'Agent',
    description: 'Serve an editor that speaks the Agent Client Protocol, over standard input and output.',
    details: `
      Editors start it themselves, such as Zed: see docs/acp.md. It ends with its standard input. Sessions are those of the page; an answer that is being given when the editor closes is kept in its session.
    `,
    examples: [
      ['For the settings of an editor', 'xopc acp'],
      ['With another agent', 'xopc acp --agent work'],
    ],
  });

  readonly agent = Option.String('--agent', { description: 'Agent id of new sessions, instead of `agents.default`.' });
  readonly session = Option.String('--session', { description: 'Continue this session of the page, by its key, in place of new ones.' });

  protected async run(): Promise<number> {
    const { runtime, stdin, stdout } = this.context;
    const [{ serveAcp }, sdk] = await Promise.all([import('../acp/acp-agent.js'), runtime.loadAcp()]);
    await serveAcp({
      sdk,
      version: runtime.version(),
      sockets: runtime.loadSockets(),
      connect: () => this.connect(),
      locate: () => this.locate(),
      // Editors show stderr in their log.
      onError: (error) => void this.io.note(error instanceof Error ? error.message : String(error)),
      agentId: this.agent,
      session: this.session,
      stream: sdk.ndJsonStream(Writable.toWeb(stdout as Writable), Readable.toWeb(stdin as Readable) as ReadableStream<Uint8Array>),
    });
    return 0;
  }
}
