/** Formats rows as aligned columns. */
import stringWidth from 'string-width';
import { escapeControls } from '../../shared/log/escape.js';

const GAP = '  ';
const graphemes = new Intl.Segmenter();

/** Truncates text to at most `width` columns of a terminal, ending with an ellipsis. */
export function clip(text: string, width: number): string {
  if (stringWidth(text) <= width) return text;
  let clipped = '';
  let used = 0;
  for (const { segment } of graphemes.segment(text)) {
    used += stringWidth(segment);
    if (used > width - 1) break;
    clipped += segment;
  }
  return `${clipped}…`;
}

/** Splits a line into parts that fit into `width` columns of any terminal; some terminals show the parts of an emoji side by side. */
export function fold(line: string, width: number): string[] {
  const parts = [''];
  let used = 0;
  for (const character of line) {
    const columns = Math.max(1, stringWidth(character));
    if (used + columns > width) {
      parts.push('');
      used = 0;
    }
    parts.push((parts.pop() ?? '') + character);
    used += columns;
  }
  return parts;
}

/**
 * @param rows  of texts; the first is the heading
 * @param maxWidths  of each column, in columns of a terminal; Infinity for none
 * @returns one line per row, without control characters
 */
export function renderTable(rows: readonly (readonly string[])[], maxWidths: readonly number[]): string {
  const cells = rows.map((row) => row.map((text, column) => clip(escapeControls(text), maxWidths[column] ?? Infinity)));
  const widths = maxWidths.map((_max, column) => Math.max(...cells.map((row) => stringWidth(row[column] ?? ''))));
  const pad = (text: string, column: number): string => text + ' '.repeat((widths[column] ?? 0) - stringWidth(text));
  return cells.map((row) => row.map(pad).join(GAP).trimEnd()).join('\n');
}
