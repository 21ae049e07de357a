/** `xopc gateway logs`: reads the log files themselves, so that it works when the gateway does not. */
import { lstatSync } from 'node:fs';
import { Command, Option } from 'clipanion';
import { GatewayError } from '../../../shared/errors.js';
import { parseLogLine } from '../../../shared/log/entry.js';
import { escapeJsonControls } from '../../../shared/log/escape.js';
import { createLogFilter, type LogFilter } from '../../../shared/log/filter.js';
import { LOG_LEVELS } from '../../../shared/log/level.js';
import { parseSince } from '../../../shared/log/since.js';
import { followFile, type FollowEvent } from '../../../shared/node/log/follow-file.js';
import type { LogPosition } from '../../../shared/node/log/log-cursor.js';
import type { LineMatcher } from '../../../shared/node/log/line-matcher.js';
import { readLog } from '../../../shared/node/log/read-log.js';
import { definedFields } from '../../../shared/fields.js';
import { shellCommand } from '../../../shared/text/shell-word.js';
import { BaseCommand } from '../../cli/base-command.js';
import { renderLogLine } from '../../output/log-line.js';
import { printLink } from '../../gateway/page-link.js';
import { oneOf, usage } from '../../cli/usage.js';

const DEFAULT_LINES = 50;
/** With only `--since`, all entries since then are shown, up to this limit. */
const MAX_SINCE_LINES = 100_000;

const NOTICES: Readonly<Record<Exclude<FollowEvent['type'], 'lines'>, string>> = {
  truncated: 'The log file was truncated; new lines follow.',
  gap: 'Some lines are missing here: their file was removed by rotation before it could be read.',
};

function parseLines(text: string): number {
  if (/^\d{1,9}$/.test(text)) return Number(text);
  throw usage(`--lines is '${text}'; it must be a whole number from 0 to 999999999`, 'e.g. --lines 200');
}

/** Anything but a regular file counts as no log: its lines were not stored. */
function noLog(path: string): GatewayError {
  const isObstructed = lstatSync(path, { throwIfNoEntry: false })?.isFile() === false;
  return isObstructed
    ? new GatewayError('NOT_FOUND', {
        message: `${path} is not a regular file, so nothing is logged`,
        hint: `Move it away: ${shellCommand`mv ${path} ${`${path}.away`}`}`,
      })
    : new GatewayError('NOT_FOUND', { message: `there is no log yet at ${path}`, hint: 'Start the gateway with: xopc gateway' });
}

/** @throws USAGE */
function readTime(flag: string, text: string | undefined): number | undefined {
  const timeMs = text === undefined ? undefined : parseSince(text, Date.now());
  if (text === undefined || timeMs !== undefined) return timeMs;
  throw usage(`${flag} is '${text}'; it must be a time such as 10m, 2h, 1d or 2026-03-01T14:00`, `e.g. ${flag} 10m`);
}

export class LogsCommand extends BaseCommand {
  static override readonly usage = Command.Usage({
    category: 'Gateway',
    description: 'Show the log, even while the gateway is down.',
    details: 'Reads the log files directly. One entry is one line; `--json` prints each entry as one line of JSON.',
    examples: [
      ['The last 50 lines', 'xopc gateway logs'],
      ['And new lines as they are written', 'xopc gateway logs --follow'],
      ['Warnings and errors of the last ten minutes', 'xopc gateway logs --level warn --since 10m'],
      ['In the browser', 'xopc gateway logs --web'],
      ['Lines of one run of a job', 'xopc gateway logs --grep runId:run_0192f3c2a1b47c3e9d5f6a7b8c9d0e1f'],
    ],
  });

  readonly lines = Option.String('-n,--lines', {
    description: `Number of last lines; default ${DEFAULT_LINES}, with --since all entries of that period.`,
  });
  readonly follow = Option.Boolean('-f,--follow', false, { description: 'Continue with new lines until Ctrl-C.' });
  readonly level = Option.String('--level', { description: `This level and above: ${LOG_LEVELS.join(', ')}.` });
  readonly since = Option.String('--since', { description: 'Only entries since then: 10m, 2h, 1d, or a date such as 2026-03-01T14:00.' });
  readonly until = Option.String('--until', { description: 'Only entries until then; same format as --since.' });
  readonly grep = Option.String('--grep', { description: 'Lines with these words; -word: without it; field:value: with that field.' });
  readonly regex = Option.String('--regex', { description: 'Lines that match this regular expression (RE2), case-insensitive.' });
  readonly web = Option.Boolean('--web', false, { description: 'Serve the log view of the page on this machine, until Ctrl-C.' });
  #matcher: LineMatcher | undefined;

  protected async run(): Promise<number> {
    const problem = this.io.findPaths();
    if (this.web) return this.#showPage();
    const filter = this.#filter();
    this.#matcher = this.regex === undefined ? undefined : this.context.runtime.loadPatterns().createLineMatcher(this.regex);
    if (this.follow && this.until !== undefined) throw usage('--until cannot be combined with --follow, which ends with Ctrl-C');
    if (!this.follow) {
      if ((await this.#showLast(filter)) === null) throw problem ?? noLog(this.io.gatewayPaths.logPath);
      return 0;
    }
    // From here on Ctrl-C is the ordinary end, as is a reader that closes.
    const end = new AbortController();
    const { runtime } = this.context;
    const releases = [runtime.onInterrupt(() => end.abort()), runtime.onReaderGone(() => end.abort())];
    try {
      await this.#follow((await this.#showLast(filter)) ?? 'start', filter, end.signal);
      return 0;
    } finally {
      for (const release of releases) release();
    }
  }

  async #showPage(): Promise<number> {
    const others = [this.lines, this.level, this.since, this.until, this.grep, this.regex];
    if (this.follow || others.some((value) => value !== undefined))
      throw usage('--web cannot be combined with other options', 'The page follows and filters the log itself.');
    const { runtime } = this.context;
    let release = (): void => undefined;
    const interrupted = new Promise<void>((resolve) => {
      release = runtime.onInterrupt(() => resolve(), ['SIGINT', 'SIGTERM']);
    });
    try {
      const { logPath } = this.io.gatewayPaths;
      const web = await runtime.loadTools().startLogWeb({ logPath, loadPatterns: () => runtime.loadPatterns() });
      await printLink(this.io, web);
      if (!this.json) await this.io.note('The log is shown until Ctrl-C.');
      await interrupted;
      await web.close();
      return 0;
    } finally {
      release();
    }
  }

  /** @returns the position after the shown lines; null when there is no log */
  async #showLast(filter: LogFilter): Promise<LogPosition | null> {
    const isAllSince = this.lines === undefined && this.since !== undefined;
    const limit = isAllSince ? MAX_SINCE_LINES : parseLines(this.lines ?? String(DEFAULT_LINES));
    const { logPath } = this.io.gatewayPaths;
    const matcher = this.#matcher;
    const refine = matcher === undefined ? {} : { refine: (lines: readonly string[]) => matcher.match(lines) };
    const page = await readLog(logPath, { ...filter, ...refine, limit, completeOnly: this.follow });
    if (isAllSince && page.nextCursor !== null)
      await this.io.note(`Only the newest ${MAX_SINCE_LINES} lines are shown; use --lines for more.`);
    if (page.end === null && this.follow)
      await this.io.note(`There is no log yet at ${logPath}; waiting for it. Start the gateway with: xopc gateway`);
    await this.#print(page.lines);
    return page.end;
  }

  #filter(): LogFilter {
    const level = this.level === undefined ? undefined : oneOf('--level', this.level, { choices: LOG_LEVELS, hint: 'e.g. --level warn' });
    return definedFields({
      level,
      sinceMs: readTime('--since', this.since),
      untilMs: readTime('--until', this.until),
      search: this.grep,
    });
  }

  async #follow(from: LogPosition | 'start', { level, search }: LogFilter, signal: AbortSignal): Promise<void> {
    const wanted = createLogFilter(definedFields({ level, search }));
    for await (const event of followFile(this.io.gatewayPaths.logPath, { from, signal })) {
      if (signal.aborted) return;
      if (event.type === 'lines') await this.#print(await this.#matching(event.lines.filter((line) => wanted(line) === 'take')));
      else await this.io.note(NOTICES[event.type]);
      if (this.io.out.isClosed) return;
    }
  }

  async #matching(lines: readonly string[]): Promise<readonly string[]> {
    const found = await this.#matcher?.match(lines);
    return found === undefined ? lines : lines.filter((_, index) => found[index] !== null);
  }

  async #print(lines: readonly string[]): Promise<void> {
    if (lines.length > 0) await this.io.printRendered(lines.map((line) => this.#render(line)).join('\n'));
  }

  #render(line: string): string {
    if (!this.json) return renderLogLine(line, this.io.out.paint);
    const entry = parseLogLine(line);
    return escapeJsonControls(entry['raw'] === true ? JSON.stringify(entry) : line);
  }
}
