import { followFile } from '../../shared/node/log/follow-file.js';
import { readLog } from '../../shared/node/log/read-log.js';
import { BaseCommand } from '../cli/base-command.js';
import { renderLogLine } from '../output/log-line.js';

/** A start that takes longer has printed no headline yet, and its log shows why. */
const HOLD_MS = 5_000;

/**
 * The process behind client/gateway/log-view.ts, not called by users. It shows the log once a line arrives on its standard input,
 * and exits when the gateway closes that input. It ignores Ctrl-C, which the gateway handles.
 */
export class LogViewCommand extends BaseCommand {
  protected async run(): Promise<number> {
    const release = this.context.runtime.onInterrupt(() => undefined);
    const gone = new AbortController();
    const shown = new Promise<void>((resolve) => {
      gone.signal.addEventListener('abort', () => resolve());
      this.context.stdin.on('data', () => resolve());
      setTimeout(resolve, HOLD_MS).unref();
    });
    this.context.stdin.on('end', () => gone.abort());
    this.context.stdin.on('error', () => gone.abort());
    const { logPath } = this.io.gatewayPaths;
    const { end } = await readLog(logPath, { limit: 0, completeOnly: true });
    await shown;
    const { paint } = this.io.out;
    for await (const event of followFile(logPath, { from: end ?? 'start', signal: gone.signal })) {
      if (event.type === 'lines') await this.io.printRendered(event.lines.map((line) => renderLogLine(line, paint)).join('\n'));
      if (this.io.out.isClosed) break;
    }
    release();
    return 0;
  }
}
