/** The keys of a JSON Schema, as a manual lists them: `a.b`, `a.list[].b` for what is in a list, `a.*.b` for what is under any name. */

interface Node {
  readonly type?: string;
  readonly properties?: Readonly<Record<string, Node>>;
  readonly required?: readonly string[];
  readonly items?: Node;
  readonly additionalProperties?: Node | boolean;
  readonly anyOf?: readonly Node[];
  readonly enum?: readonly string[];
  readonly default?: unknown;
  readonly minimum?: number;
  readonly maximum?: number;
}

export interface SchemaKey {
  readonly key: string;
  readonly isRequired: boolean;
  readonly default: unknown;
  readonly isNullDefault: boolean;
  readonly minimum: number | undefined;
  /** undefined: unbounded. */
  readonly maximum: number | undefined;
  /** Of the value, or of the items of a list. */
  readonly choices: readonly string[];
}

function describeKey(key: string, node: Node, isRequired: boolean): SchemaKey {
  const isBounded = node.maximum !== undefined && node.maximum < Number.MAX_SAFE_INTEGER;
  return {
    key,
    isRequired,
    default: node.default,
    isNullDefault: node.default === null,
    minimum: node.minimum,
    maximum: isBounded ? node.maximum : undefined,
    choices: [...(node.enum ?? []), ...(node.items?.enum ?? [])],
  };
}

function keysBelow(key: string, node: Node): SchemaKey[] {
  const named = typeof node.additionalProperties === 'object' ? keysBelow(`${key}.*`, node.additionalProperties) : [];
  return [
    ...keysOf(key === '' ? '' : `${key}.`, node),
    ...(node.items === undefined ? [] : keysBelow(`${key}[]`, node.items)),
    ...(node.anyOf ?? []).flatMap((choice) => keysBelow(key, choice)),
    ...named,
  ];
}

/** An object is its keys; a list and a choice are keys themselves, and so is a plain map of texts. */
function keysOf(prefix: string, node: Node): SchemaKey[] {
  return Object.entries(node.properties ?? {}).flatMap(([name, child]) => {
    const key = `${prefix}${name}`;
    const below = keysBelow(key, child);
    const isGroup = child.type === 'object' && below.length > 0;
    return isGroup ? below : [describeKey(key, child, node.required?.includes(name) ?? false), ...below];
  });
}

export function listSchemaKeys(schema: unknown): SchemaKey[] {
  return keysOf('', schema as Node);
}
