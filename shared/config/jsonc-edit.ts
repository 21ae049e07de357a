/**
 * Edits JSON with comments. Text outside an edit stays as written; a removed entry also removes the comments above and after it.
 * Time is linear in the text and the edits, unlike with jsonc-parser's own edits.
 */
import { type JsonNode, parseJsonc, plainValue } from './jsonc.js';
import type { KeyPath } from './key-path.js';
import { type Fields, isFields } from '../fields.js';

/** Sets the value at `path`; undefined removes the key or element. */
export interface JsoncEdit {
  readonly path: KeyPath;
  readonly value: unknown;
}

function putElement(items: unknown[], index: number, { path, value }: JsoncEdit): unknown[] {
  const isRemoved = path.length === 0 && value === undefined;
  if (index < items.length) items.splice(index, 1, ...(isRemoved ? [] : [put(items[index], { path, value })]));
  else if (value !== undefined) items.push(put(undefined, { path, value }));
  return items;
}

function putField(fields: Record<string, unknown>, key: string, { path, value }: JsoncEdit): Fields {
  if (path.length === 0 && value === undefined) delete fields[key];
  else if (value !== undefined || Object.hasOwn(fields, key)) fields[key] = put(fields[key], { path, value });
  return fields;
}

/** Changes `current` in place if it is a list or an object, and replaces it if it cannot contain the path. */
function put(current: unknown, { path, value }: JsoncEdit): unknown {
  const [segment, ...rest] = path;
  // A later edit may change it.
  if (segment === undefined) return structuredClone(value);
  const edit = { path: rest, value };
  if (Array.isArray(current) && /^\d+$/.test(String(segment))) return putElement(current, Number(segment), edit);
  if (isFields(current)) return putField(current, String(segment), edit);
  if (value === undefined) return current;
  return typeof segment === 'number' ? putElement([], segment, edit) : putField({}, segment, edit);
}

/** The edited text and its indentation. */
interface Style {
  readonly text: string;
  readonly unit: string;
  readonly eol: string;
}

/** A value to be written into the text. */
interface Place {
  readonly value: unknown;
  /** Indentation of the line in which the value begins. */
  readonly indent: string;
}

function styleOf(text: string): Style {
  return { text, unit: /\n([ \t]+)"/.exec(text)?.[1] ?? '  ', eol: text.includes('\r\n') ? '\r\n' : '\n' };
}

function render({ value, indent }: Place, { unit, eol }: Style): string {
  return JSON.stringify(value, null, unit).replaceAll('\n', eol + indent);
}

const childrenOf = (node: JsonNode): readonly JsonNode[] => node.children ?? [];
const keyOf = (property: JsonNode): string => String(property.children?.[0]?.value);

function isSame(node: JsonNode, value: unknown): boolean {
  const children = childrenOf(node);
  if (node.type === 'array')
    return Array.isArray(value) && value.length === children.length && children.every((child, index) => isSame(child, value[index]));
  if (node.type !== 'object') return node.value === value;
  if (!isFields(value) || Object.keys(value).length !== children.length) return false;
  return children.every((child) => {
    const content = child.children?.[1];
    return content !== undefined && Object.hasOwn(value, keyOf(child)) && isSame(content, value[keyOf(child)]);
  });
}

/** An element or property with the text around it that belongs to it. */
interface Entry {
  readonly node?: JsonNode;
  /** From the end of the entry before. */
  readonly lead: string;
  readonly content: string;
  /** Up to the comma. */
  readonly gap: string;
  /** After the comma, to the end of the line. */
  readonly trail: string;
}

// There is one way to match each text, so that a failure takes linear time and no comma inside a comment is found.
const COMMA = /(?:\s|\/\/[^\n\r]*[\n\r]|\/\*(?:[^*]|\*(?!\/))*\*\/)*,/y;
const LINE_REST = /[ \t]*(?:\/\*(?:[^*\n\r]|\*(?!\/))*\*\/[ \t]*)?(?:\/\/[^\n\r]*)?(?=[\n\r])/y;

function matchAt(pattern: RegExp, text: string, offset: number): string {
  pattern.lastIndex = offset;
  return pattern.exec(text)?.[0] ?? '';
}

interface Entries {
  readonly entries: readonly Entry[];
  /** After the last entry. */
  readonly rest: string;
  readonly endsWithComma: boolean;
}

function readEntries(container: JsonNode, { text }: Style): Entries {
  const entries: Entry[] = [];
  let end = container.offset + 1;
  let endsWithComma = false;
  for (const node of childrenOf(container)) {
    const after = node.offset + node.length;
    const comma = matchAt(COMMA, text, after);
    const trail = matchAt(LINE_REST, text, after + comma.length);
    entries.push({ node, lead: text.slice(end, node.offset), content: text.slice(node.offset, after), gap: comma.slice(0, -1), trail });
    end = after + comma.length + trail.length;
    endsWithComma = comma !== '';
  }
  return { entries, rest: text.slice(end, container.offset + container.length - 1), endsWithComma };
}

/** @returns where an entry of this container begins in its line */
function entryIndent({ entries }: Entries, indent: string, { unit }: Style): string {
  const lines = entries.map(({ lead }) => /[\n\r]([ \t]*)$/.exec(lead)?.[1]);
  return lines.find((line) => line !== undefined) ?? indent + unit;
}

interface Joined {
  readonly before: Entries;
  /** Entries without a node are new. */
  readonly chosen: readonly Entry[];
  readonly indent: string;
  readonly style: Style;
}

/** Returns the text of a list or an object with changed entries. */
function join(container: JsonNode, { before, chosen, indent, style }: Joined): string {
  const { text, eol } = style;
  const grows = chosen.some(({ node }) => node === undefined);
  const isOneLine = !/[\n\r]/.test(before.entries.map(({ lead }) => lead).join('') + before.rest);
  const reflows = grows && isOneLine;
  const newLine = eol + entryIndent(before, indent, style);
  const parts: string[] = [];
  let isInComment = false;
  const add = (part: string): void => void parts.push(isInComment && !/^[\n\r]/.test(part) ? eol + part : part);
  for (const [index, { node, lead, content, gap, trail }] of chosen.entries()) {
    const comma = index < chosen.length - 1 || before.endsWithComma ? ',' : '';
    const isMoved = node === undefined || (reflows && lead.trim() === '');
    add((isMoved ? newLine : lead) + content + gap + comma + trail);
    isInComment = trail.includes('//');
  }
  add((reflows ? before.rest.trimEnd() + eol + indent : before.rest) + text.charAt(container.offset + container.length - 1));
  return text.charAt(container.offset) + parts.join('');
}

function rewriteObject(node: JsonNode, { value, indent }: { value: Fields; indent: string }, style: Style): string {
  const before = readEntries(node, style);
  const inner = entryIndent(before, indent, style);
  const kept = before.entries.flatMap((entry): Entry[] => {
    const key = keyOf(entry.node as JsonNode);
    const content = entry.node?.children?.[1];
    if (content === undefined || !Object.hasOwn(value, key)) return [];
    const name = style.text.slice(entry.node?.offset, content.offset);
    return [{ ...entry, content: name + rewrite(content, { value: value[key], indent: inner }, style) }];
  });
  const known = new Set(childrenOf(node).map(keyOf));
  const added = Object.entries(value).filter(([key, item]) => !known.has(key) && item !== undefined);
  const fresh = added.map(([key, item]) => freshEntry(`${JSON.stringify(key)}: ${render({ value: item, indent: inner }, style)}`));
  return join(node, { before, chosen: [...kept, ...fresh], indent, style });
}

function freshEntry(content: string): Entry {
  return { lead: '', content, gap: '', trail: '' };
}

/** Unchanged elements are matched from both ends. */
function rewriteArray(node: JsonNode, { value, indent }: { value: readonly unknown[]; indent: string }, style: Style): string {
  const before = readEntries(node, style);
  const { entries } = before;
  const shared = Math.min(entries.length, value.length);
  const isKept = (index: number, offset: number): boolean => isSame(entries[index]?.node as JsonNode, value[index + offset]);
  let start = 0;
  while (start < shared && isKept(start, 0)) start += 1;
  const shift = value.length - entries.length;
  let end = entries.length;
  while (end > start && end + shift > start && isKept(end - 1, shift)) end -= 1;
  const inner = entryIndent(before, indent, style);
  const middle = value.slice(start, end + shift).map((item, index): Entry => {
    const entry = shift === 0 ? entries[start + index] : undefined;
    if (entry?.node === undefined) return freshEntry(render({ value: item, indent: inner }, style));
    return { ...entry, content: rewrite(entry.node, { value: item, indent: inner }, style) };
  });
  return join(node, { before, chosen: [...entries.slice(0, start), ...middle, ...entries.slice(end)], indent, style });
}

function rewrite(node: JsonNode, { value, indent }: Place, style: Style): string {
  if (node.type === 'object' && isFields(value)) return rewriteObject(node, { value, indent }, style);
  if (node.type === 'array' && Array.isArray(value)) return rewriteArray(node, { value, indent }, style);
  const { offset, length } = node;
  return isSame(node, value) ? style.text.slice(offset, offset + length) : render({ value, indent }, style);
}

/**
 * Applies edits in order, keeping comments and the text's own indentation.
 * @param parsed  the text, if it has been parsed. @returns the text unchanged when it cannot be parsed
 */
export function editJsonc(text: string, edits: readonly JsoncEdit[], { root, problems } = parseJsonc(text)): string {
  if (root === undefined && problems.length > 0) return text;
  const style = styleOf(text);
  const value = edits.reduce<unknown>((current, edit) => put(current, edit), root === undefined ? {} : plainValue(root));
  if (root === undefined) return render({ value, indent: '' }, style);
  return text.slice(0, root.offset) + rewrite(root, { value, indent: '' }, style) + text.slice(root.offset + root.length);
}
