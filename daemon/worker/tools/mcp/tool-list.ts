/** Reads a server's tool list for models: whatever the server sends, the list is bounded and records what was omitted. */
import type { McpToolDocument } from '../../../../shared/api/tools/mcp.js';
import { sha256Hex } from '../../../../shared/sha256.js';
import { type Fields, isFields } from '../../../../shared/fields.js';
import { isTooDeep, TOO_DEEP } from '../../../../shared/node/json-guard.js';
import { cutText } from '../../../../shared/text/one-line.js';

/** Asks a server for its tools. */
interface Lister {
  listTools(limitMs?: number): Promise<unknown[]>;
}

const MAX_TOOLS = 128;
const MAX_SCHEMA_LENGTH = 32_768;
const MAX_DESCRIPTION_LENGTH = 4_000;
const MAX_NAME_LENGTH = 128;
/** The longest name that all vendors accept. */
const MAX_FULL_NAME_LENGTH = 64;
const HASH_LENGTH = 6;

const cut = (value: unknown, maxLength: number): string =>
  typeof value === 'string' ? cutText(value, maxLength, '').toWellFormed().replaceAll('\0', '') : '';

/** Returns `server__tool` with only letters, digits, `_` and `-`; a long name is cut and ends with a part of its hash. */
export function fullNameOf(server: string, tool: string): string {
  const name = `${server}__${tool.replace(/[^a-zA-Z0-9_-]/g, '_')}`;
  if (name.length <= MAX_FULL_NAME_LENGTH) return name;
  return `${name.slice(0, MAX_FULL_NAME_LENGTH - HASH_LENGTH - 1)}_${sha256Hex(tool).slice(0, HASH_LENGTH)}`;
}

function schemaProblem(schema: unknown): string | null {
  if (!isFields(schema) || schema['type'] !== 'object') return 'its schema is not that of an object';
  const { properties } = schema;
  if (properties !== undefined && !isFields(properties)) return 'its schema is not valid';
  if (isTooDeep(schema)) return `its schema ${TOO_DEEP}`;
  const { length } = JSON.stringify(schema);
  return length > MAX_SCHEMA_LENGTH ? `its schema has ${length} characters; at most ${MAX_SCHEMA_LENGTH} are allowed` : null;
}

function readTool(server: string, raw: Fields): McpToolDocument {
  const { name, title, description, inputSchema } = raw;
  const hints = isFields(raw['annotations']) ? raw['annotations'] : {};
  const isReadOnly = hints['readOnlyHint'] === true;
  const ownName = cut(name, MAX_NAME_LENGTH);
  const shownTitle = cut(title ?? hints['title'], 200);
  const problem =
    typeof name !== 'string' || name === '' || name.length > MAX_NAME_LENGTH
      ? `its name must have 1 to ${MAX_NAME_LENGTH} characters`
      : schemaProblem(inputSchema);
  return {
    name: ownName,
    fullName: fullNameOf(server, ownName),
    title: shownTitle === '' ? null : shownTitle,
    description: cut(description, MAX_DESCRIPTION_LENGTH),
    inputSchema: problem === null ? (inputSchema as Fields) : { type: 'object' },
    isReadOnly,
    isRepeatable: isReadOnly || hints['idempotentHint'] === true,
    problem,
  };
}

/** @param tools  as the server sent them */
export function readTools(server: string, tools: readonly unknown[]): McpToolDocument[] {
  const names = new Set<string>();
  return tools.filter(isFields).map((raw, index) => {
    const tool = readTool(server, raw);
    if (tool.problem !== null) return tool;
    if (index >= MAX_TOOLS) return { ...tool, problem: `the server has more than ${MAX_TOOLS} tools` };
    if (names.has(tool.fullName)) return { ...tool, problem: `another tool is called ${tool.fullName}` };
    names.add(tool.fullName);
    return tool;
  });
}

/** The tools that a server listed last. */
export class KnownTools {
  readonly #server: string;
  #list: readonly McpToolDocument[] | undefined;
  #isStale = false;

  constructor(server: string) {
    this.#server = server;
  }

  /** Undefined until the server has listed them. */
  get list(): readonly McpToolDocument[] | undefined {
    return this.#list;
  }

  /** Undefined also if the tools may have changed. */
  get current(): readonly McpToolDocument[] | undefined {
    return this.#isStale ? undefined : this.#list;
  }

  mayHaveChanged(): void {
    this.#isStale = true;
  }

  async ask(connection: Lister, limitMs?: number): Promise<readonly McpToolDocument[]> {
    // A change while the list is read makes it stale again.
    this.#isStale = false;
    try {
      return (this.#list = readTools(this.#server, await connection.listTools(limitMs)));
    } catch (error) {
      this.#isStale = true;
      throw error;
    }
  }
}
