import { renderLogLine } from '../../shared/log/render.js';
import { followFile } from '../../shared/node/log/follow-file.js';
import { readLog } from '../../shared/node/log/read-log.js';
import { BaseCommand } from '../cli/base-command.js';

/**
 * The process behind client/output/log-view.ts, not called by users. It ends when its standard input, held by the gateway, closes; it
 * ignores Ctrl-C, which the gateway handles.
 */
export class LogViewCommand extends BaseCommand {
  protected async run(): Promise<number> {
    const release = this.context.runtime.onInterrupt(() => undefined);
    const gone = new AbortController();
    this.context.stdin.on('end', () => gone.abort());
    this.context.stdin.on('error', () => gone.abort());
    this.context.stdin.resume();
    const { logPath } = this.io.gatewayPaths;
    const { end } = await readLog(logPath, { limit: 0, completeOnly: true });
    const options = { colour: this.io.out.paint.isColorSupported };
    for await (const event of followFile(logPath, { from: end ?? 'start', signal: gone.signal })) {
      if (event.type === 'lines') await this.io.printLine(event.lines.map((line) => renderLogLine(line, options)).join('\n'));
      if (this.io.out.isClosed) break;
    }
    release();
    return 0;
  }
}
