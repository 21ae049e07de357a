/** Maps the fields of a domain object to the columns of a table, both ways. */

/** How a column stores a value that has another form in the domain. */
export interface Codec<Stored, Value> {
  read(stored: Stored): Value;
  write(value: Value): Stored;
}

type Same<A, B> = [A] extends [B] ? ([B] extends [A] ? true : false) : false;
type ColumnsHolding<Row, Value> = { [Column in keyof Row]: Same<Row[Column], Value> extends true ? Column : never }[keyof Row];

type CodedColumns<Row, Value> = { [Column in keyof Row]: readonly [Column, Codec<Row[Column], Value>] }[keyof Row];

/** For each field, the column of the same type, or a column and its codec. A field without a column is a type error. */
export type ColumnMap<Row, Domain> = {
  readonly [Field in keyof Domain]-?: ColumnsHolding<Row, Domain[Field]> | CodedColumns<Row, Domain[Field]>;
};

/** True or false as 1 or 0. */
export const FLAG: Codec<number, boolean> = { read: (stored) => stored === 1, write: Number };

/** Null, or a value as JSON. */
export const jsonOrNull = <Value>(): Codec<string | null, Value | null> => ({
  read: (stored) => (stored === null ? null : (JSON.parse(stored) as Value)),
  write: (value) => (value === null ? null : JSON.stringify(value)),
});

export interface Columns<Row, Domain> {
  readonly read: (row: Row) => Domain;
  /** Returns the name of a field's column. */
  readonly nameOf: (field: keyof Domain) => keyof Row & string;
  /** Returns the columns of the given fields. Undefined fields are omitted. */
  readonly write: (fields: Partial<Domain>) => Partial<Row>;
}

export function mapColumns<Row, Domain>(map: ColumnMap<Row, Domain>): Columns<Row, Domain> {
  const same: Codec<unknown, unknown> = { read: (stored) => stored, write: (value) => value };
  const entries = Object.entries<unknown>(map).map(([field, target]) => {
    const [column, codec] = (Array.isArray(target) ? target : [target, same]) as [string, Codec<unknown, unknown>];
    return { field, column, codec };
  });
  return {
    nameOf: (field) => entries.find((entry) => entry.field === field)?.column as keyof Row & string,
    read(row) {
      const stored = row as Record<string, unknown>;
      return Object.fromEntries(entries.map(({ field, column, codec }) => [field, codec.read(stored[column])])) as Domain;
    },
    write(fields) {
      const values = fields as Record<string, unknown>;
      const given = entries.filter(({ field }) => values[field] !== undefined);
      return Object.fromEntries(given.map(({ field, column, codec }) => [column, codec.write(values[field])])) as Partial<Row>;
    },
  };
}
