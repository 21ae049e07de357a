/** The JSON Schema of a tool's arguments as fields of a form. Arguments without a simple field are edited as JSON. */
import { isFields } from '../../../../../shared/fields.js';

/** The parts of JSON Schema that are understood; servers may send anything. */
interface Schema {
  readonly type?: unknown;
  readonly properties?: unknown;
  readonly required?: unknown;
  readonly enum?: unknown;
  readonly const?: unknown;
  readonly anyOf?: unknown;
  readonly oneOf?: unknown;
  readonly items?: unknown;
  readonly description?: unknown;
  readonly title?: unknown;
  readonly default?: unknown;
}

type FieldKind = 'text' | 'number' | 'integer' | 'choice' | 'list' | 'json';

export interface ToolField {
  readonly name: string;
  readonly kind: FieldKind;
  /** Of a list: what its lines are. */
  readonly itemKind: 'text' | 'number' | 'integer';
  readonly isRequired: boolean;
  readonly description: string | undefined;
  /** Values to choose from, as JSON; of a list, those that its lines may be. */
  readonly choices: readonly string[];
  /** The first text of its control. */
  readonly initial: string;
}

/** Field → the text of its control; empty: not set. */
export type Drafts = ReadonlyMap<string, string>;

const SIMPLE = new Set(['string', 'number', 'integer', 'boolean', 'array', 'object']);

/** Returns the type, without the `null` of what may be missing. */
function typeOf({ type }: Schema): string | undefined {
  const types = (Array.isArray(type) ? type : [type]).filter((name) => name !== 'null');
  const [only] = types;
  return types.length === 1 && typeof only === 'string' && SIMPLE.has(only) ? only : undefined;
}

/** Returns the one schema of several that is not `null`. */
function withoutNull(schema: Schema): Schema {
  const several = schema.anyOf ?? schema.oneOf;
  if (!Array.isArray(several)) return schema;
  const [only, ...more] = several.filter((part) => !isFields(part) || part['type'] !== 'null');
  return more.length === 0 && isFields(only) ? { ...schema, ...only } : schema;
}

const isScalar = (value: unknown): boolean => ['string', 'number', 'boolean'].includes(typeof value);

/** Returns the values to choose from, as JSON; undefined where there is no such list. */
function choicesOf(schema: Schema): readonly string[] | undefined {
  if (typeOf(schema) === 'boolean') return ['true', 'false'];
  const values = Array.isArray(schema.enum) ? schema.enum : schema.const === undefined ? [] : [schema.const];
  return values.length > 0 && values.every(isScalar) ? values.map((value) => JSON.stringify(value)) : undefined;
}

function kindOf(schema: Schema): FieldKind {
  if (choicesOf(schema) !== undefined) return 'choice';
  const type = typeOf(schema);
  if (type === 'string') return 'text';
  if (type === 'number' || type === 'integer') return type;
  if (type !== 'array' || !isFields(schema.items)) return 'json';
  return ['string', 'number', 'integer'].includes(typeOf(withoutNull(schema.items)) ?? '') ? 'list' : 'json';
}

const text = (value: unknown): string | undefined => (typeof value === 'string' && value !== '' ? value : undefined);

function initialOf(kind: FieldKind, value: unknown): string {
  if (value === undefined || value === null) return '';
  if (kind === 'list' && Array.isArray(value)) return value.map(String).join('\n');
  return kind === 'text' && typeof value === 'string' ? value : JSON.stringify(value);
}

function fieldOf(name: string, given: unknown, isRequired: boolean): ToolField {
  const schema = withoutNull(isFields(given) ? given : {});
  const kind = kindOf(schema);
  const items = kind === 'list' ? withoutNull(schema.items as Schema) : {};
  const itemType = typeOf(items);
  return {
    name,
    kind,
    itemKind: itemType === 'number' || itemType === 'integer' ? itemType : 'text',
    isRequired,
    description: text(schema.description) ?? text(schema.title),
    choices: choicesOf(kind === 'list' ? items : schema) ?? [],
    initial: initialOf(kind, schema.default),
  };
}

/** Returns the fields, those that are required first; undefined for arguments that are not an object with known names. */
export function fieldsOf(schema: unknown): readonly ToolField[] | undefined {
  if (!isFields(schema) || (schema['type'] !== undefined && schema['type'] !== 'object')) return undefined;
  const { properties = {}, required } = schema as Schema;
  if (!isFields(properties)) return undefined;
  const wanted = new Set(Array.isArray(required) ? required : []);
  const fields = Object.entries(properties).map(([name, part]) => fieldOf(name, part, wanted.has(name)));
  return [...fields.filter(({ isRequired }) => isRequired), ...fields.filter(({ isRequired }) => !isRequired)];
}

export const draftsOf = (fields: readonly ToolField[]): Drafts => new Map(fields.map(({ name, initial }) => [name, initial]));

/** The error of a field. */
export type Fault = 'required' | 'notNumber' | 'notInteger' | 'notJson';

class Wrong extends Error {
  readonly fault: Fault;
  constructor(fault: Fault) {
    super(fault);
    this.fault = fault;
  }
}

function numberOf(draft: string, kind: 'number' | 'integer'): number {
  const value = Number(draft.trim());
  if (draft.trim() === '' || !Number.isFinite(value)) throw new Wrong('notNumber');
  if (kind === 'integer' && !Number.isInteger(value)) throw new Wrong('notInteger');
  return value;
}

function parseJson(draft: string): unknown {
  try {
    return JSON.parse(draft);
  } catch {
    throw new Wrong('notJson');
  }
}

function valueOf({ kind, itemKind }: ToolField, draft: string): unknown {
  switch (kind) {
    case 'text':
      return draft;
    case 'number':
    case 'integer':
      return numberOf(draft, kind);
    case 'choice':
    case 'json':
      return parseJson(draft);
    case 'list': {
      const lines = draft.split('\n').filter((line) => line.trim() !== '');
      return lines.map((line) => (itemKind === 'text' ? line : numberOf(line, itemKind)));
    }
  }
}

export interface Filled {
  readonly values: Readonly<Record<string, unknown>>;
  readonly faults: ReadonlyMap<string, Fault>;
}

/** Returns the arguments. A field without a text is omitted; a required text may be empty. */
export function fill(fields: readonly ToolField[], drafts: Drafts): Filled {
  const faults = new Map<string, Fault>();
  const entries = fields.flatMap((field): (readonly [string, unknown])[] => {
    const draft = drafts.get(field.name) ?? '';
    const { name, kind, isRequired } = field;
    try {
      if (draft === '' && !(isRequired && (kind === 'text' || kind === 'list'))) {
        if (isRequired) throw new Wrong('required');
        return [];
      }
      return [[name, valueOf(field, draft)]];
    } catch (error) {
      if (!(error instanceof Wrong)) throw error;
      faults.set(name, error.fault);
      return [];
    }
  });
  return { values: Object.fromEntries(entries), faults };
}

/** Returns the texts of controls that give these arguments; undefined if the form cannot show each of them as it is. */
export function draftsFor(fields: readonly ToolField[], values: Readonly<Record<string, unknown>>): Drafts | undefined {
  const valueOfField = ({ name }: ToolField): unknown => (Object.hasOwn(values, name) ? values[name] : undefined);
  const drafts = new Map(fields.map((field) => [field.name, initialOf(field.kind, valueOfField(field))]));
  const shown = fill(fields, drafts).values;
  const isShown = (name: string): boolean => Object.hasOwn(shown, name) && JSON.stringify(shown[name]) === JSON.stringify(values[name]);
  const isChoice = ({ name, kind, choices }: ToolField): boolean => kind !== 'choice' || ['', ...choices].includes(drafts.get(name) ?? '');
  return Object.keys(values).every(isShown) && fields.every(isChoice) ? drafts : undefined;
}

/** Returns the arguments in a JSON text; undefined if it is not an object. */
export function readArguments(json: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(json);
    return isFields(value) ? value : undefined;
  } catch {
    return undefined;
  }
}
