/** Rows as aligned columns. */
import { escapeControls } from '../../shared/log/escape.js';

const GAP = '  ';

function charactersOf(text: string): string[] {
  return Array.from(text);
}

/** Cut to `width` characters, with a sign that it was. */
export function clip(text: string, width: number): string {
  const characters = charactersOf(text);
  return characters.length <= width ? text : `${characters.slice(0, width - 1).join('')}…`;
}

/**
 * @param rows  of texts; the first is the heading
 * @param maxWidths  of each column, in characters; Infinity for none
 * @returns one line a row, without control characters
 */
export function renderTable(rows: readonly (readonly string[])[], maxWidths: readonly number[]): string {
  const cells = rows.map((row) => row.map((text, column) => clip(escapeControls(text), maxWidths[column] ?? Infinity)));
  const widths = maxWidths.map((_max, column) => Math.max(...cells.map((row) => charactersOf(row[column] ?? '').length)));
  const pad = (text: string, column: number): string => text + ' '.repeat((widths[column] ?? 0) - charactersOf(text).length);
  return cells.map((row) => row.map(pad).join(GAP).trimEnd()).join('\n');
}
