/** A command that prints a table. */
import { renderTable } from '../output/table.js';
import { BaseCommand } from './base-command.js';

/** A list for people. */
export interface Table {
  /** Each heading and the maximum width of its column. */
  readonly columns: Readonly<Record<string, number>>;
  readonly rows: readonly (readonly string[])[];
  /** Printed instead of an empty table. */
  readonly none?: string;
  /** Printed below the table. */
  readonly notes?: readonly string[];
}

export abstract class ListCommand extends BaseCommand {
  /** Prints `document` with `--json`, else the table, or `none` where it has no rows. @returns exit code 0 */
  protected async printTable(document: unknown, { columns, rows, none, notes = [] }: Table): Promise<number> {
    if (this.json) await this.io.printJson(document);
    else if (rows.length === 0 && none !== undefined) await this.io.note(none);
    else {
      await this.io.printLine(renderTable([Object.keys(columns), ...rows], Object.values(columns)));
      for (const note of notes) await this.io.note(note);
    }
    return 0;
  }
}
