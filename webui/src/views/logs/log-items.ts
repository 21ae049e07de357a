/** The items of the list: repeated lines are folded, and a stack trace is one item. */
import { escapeControls } from '../../../../shared/log/escape.js';
import { indexFrom, type LogRow } from './log-row.js';

export interface LogItem {
  /** The first line; its id is that of the item. */
  readonly row: LogRow;
  /** Repetitions of the line, oldest first. */
  readonly repeats: readonly LogRow[];
  /** Further lines of a stack trace. */
  readonly rest: readonly LogRow[];
}

interface Folding {
  readonly shown: readonly LogRow[];
  readonly isFolded: boolean;
  readonly items: readonly LogItem[];
}

/** Fields that may differ between repetitions. */
const OWN_FIELDS: ReadonlySet<string> = new Set(['time', 'requestId', 'durationMs', 'repeated']);
/** The longest stack trace shown as one item. */
const MAX_REST = 200;
const TRACE_MS = 1_000;
/** `    at f (file:1:2)`, `  [cause]: …`, `}`, `Node.js v20`, `^^^`. */
const TRACE_LINE = /^(?:\s|\\t|at |\}|\^+$|Caused by|Node\.js v\d)/;

const single = (row: LogRow): LogItem => ({ row, repeats: [], rest: [] });

function isSame(a: LogRow, b: LogRow): boolean {
  if (a.message !== b.message || a.level !== b.level || a.isGap === true || b.isGap === true) return false;
  const names = Object.keys(a.entry);
  if (names.length !== Object.keys(b.entry).length) return false;
  return names.every((name) => {
    if (OWN_FIELDS.has(name)) return true;
    const [one, other] = [a.entry[name], b.entry[name]];
    return one === other || (typeof one === 'object' && JSON.stringify(one) === JSON.stringify(other));
  });
}

/** Returns whether a line is raw output, of a library or a crashing process. */
function isOutput({ entry }: LogRow): boolean {
  return entry['raw'] === true || typeof entry['source'] === 'string';
}

function goesOn({ row: head, rest }: LogItem, row: LogRow): boolean {
  if (!isOutput(row) || !isOutput(head) || row.isGap === true || rest.length >= MAX_REST) return false;
  const last = rest.at(-1) ?? head;
  if (head.entry['source'] !== row.entry['source'] || (row.timeMs ?? 0) - (last.timeMs ?? 0) > TRACE_MS) return false;
  return TRACE_LINE.test(row.message);
}

function add(items: LogItem[], row: LogRow): void {
  const last = items.at(-1);
  if (last !== undefined && goesOn(last, row)) items[items.length - 1] = { ...last, rest: [...last.rest, row] };
  else if (last !== undefined && last.rest.length === 0 && isSame(last.row, row)) {
    items[items.length - 1] = { ...last, repeats: [...last.repeats, row] };
  } else items.push(single(row));
}

/** Folds lines; only those added since the last call, where nothing else has changed. */
export function fold(before: Folding | undefined, shown: readonly LogRow[], isFolded: boolean): Folding {
  if (before?.shown === shown && before.isFolded === isFolded) return before;
  const known = before?.shown ?? [];
  const isLonger =
    before?.isFolded === isFolded && known.length > 0 && shown[0] === known[0] && shown[known.length - 1] === known[known.length - 1];
  const items: LogItem[] = isLonger && before !== undefined ? [...before.items] : [];
  for (let index = isLonger ? known.length : 0; index < shown.length; index += 1) {
    const row = shown[index];
    if (row === undefined) continue;
    if (isFolded) add(items, row);
    else items.push(single(row));
  }
  return { shown, isFolded, items };
}

/** Returns the index of the item that contains the line: the last one that does not begin after it. -1: there is none. */
export function indexOfLine(items: readonly LogItem[], id: number): number {
  return indexFrom(items, id + 1, ({ row }) => row.id) - 1;
}

/** Returns the index of the line at an index. At a gap, that of the next line in a direction, or else in the other. */
export function lineNear(items: readonly LogItem[], from: number, step: 1 | -1): number {
  const seek = (by: number): number => {
    let at = from;
    while (items[at]?.row.isGap === true) at += by;
    return at;
  };
  const found = seek(step);
  return found in items ? found : seek(-step);
}

const PAGE_LINES = 20;

/** Returns the index of the line that a key leads to; undefined for other keys. */
export function targetOf(key: string, at: number, items: readonly LogItem[]): number | undefined {
  const last = items.length - 1;
  const to: Record<string, readonly [index: number, step: 1 | -1]> = {
    ArrowDown: [at + 1, 1],
    ArrowUp: [at - 1, -1],
    PageDown: [at + PAGE_LINES, 1],
    PageUp: [at - PAGE_LINES, -1],
    Home: [0, 1],
    End: [last, -1],
  };
  const [next, step] = to[key] ?? [];
  return next === undefined || step === undefined ? undefined : lineNear(items, Math.max(0, Math.min(last, next)), step);
}

/** Returns the lines of a trace as one text. */
export function traceText({ row, rest }: LogItem): string {
  return [row, ...rest].map(({ entry, message }) => (typeof entry['msg'] === 'string' ? escapeControls(entry['msg']) : message)).join('\n');
}
