/** Reads JSON with comments, keeping positions. The only user of jsonc-parser. */
import { createScanner, findNodeAtLocation, parseTree, printParseErrorCode, type Node, type ParseError } from 'jsonc-parser';
import { MAX_LISTED, type TextPosition } from './document.js';
import { explainFile, type FileReason, isFileReason } from '../text/file-reasons.js';
import type { Said } from '../text/fill-text.js';
import { isStorable } from '../text/storable.js';
import { FORBIDDEN_KEYS, showKey, type KeyPath } from './key-path.js';
import { isSecretMapName } from './secrets.js';

/** Deeper than any schema. A few thousand levels would overflow the stack of a recursive parser. */
const MAX_DEPTH = 64;

/** jsonc-parser's token kinds that matter here (its enum exists at compile time only). */
const OPEN_BRACE = 1;
const OPEN_BRACKET = 3;
const CLOSE_BRACE = 2;
const CLOSE_BRACKET = 4;
const COLON = 6;
const STRING = 10;
const NUMBER = 11;
const LINE_COMMENT = 12;
const BLOCK_COMMENT = 13;
const END = 17;

export interface JsoncProblem extends Said {
  readonly position: TextPosition;
  readonly key: string;
}

export interface JsoncDocument {
  /** undefined when there are problems. */
  readonly value: unknown;
  readonly problems: readonly JsoncProblem[];
  /** undefined for a text that cannot be read. */
  readonly root?: JsonNode;
  locate(path: KeyPath, part?: 'key' | 'value'): TextPosition;
}

/** Finds line starts once, and positions by bisection. */
export function positionFinder(text: string): (offset: number) => TextPosition {
  const lineStarts = [0];
  for (let at = text.indexOf('\n'); at !== -1; at = text.indexOf('\n', at + 1)) lineStarts.push(at + 1);
  return (offset) => {
    let low = 0;
    let high = lineStarts.length - 1;
    while (low < high) {
      const middle = Math.ceil((low + high) / 2);
      if ((lineStarts[middle] ?? 0) <= offset) low = middle;
      else high = middle - 1;
    }
    return { line: low + 1, column: offset - (lineStarts[low] ?? 0) + 1 };
  };
}

/** @returns the offset of the first bracket that is nested too deep */
function findTooDeep(text: string): number | undefined {
  const scanner = createScanner(text, true);
  let depth = 0;
  for (;;) {
    const kind: number = scanner.scan();
    if (kind === END) return undefined;
    if (kind === OPEN_BRACE || kind === OPEN_BRACKET) depth += 1;
    else if (kind === CLOSE_BRACE || kind === CLOSE_BRACKET) depth -= 1;
    if (depth > MAX_DEPTH) return scanner.getTokenOffset();
  }
}

const NOT_STORABLE = 'not-storable';

type Report = (offset: number, path: KeyPath, code: FileReason) => void;

function keyProblem(key: string, value: object): FileReason | undefined {
  if (FORBIDDEN_KEYS.includes(key)) return 'json-key-not-allowed';
  if (!isStorable(key)) return NOT_STORABLE;
  return Object.hasOwn(value, key) ? 'json-key-twice' : undefined;
}

function buildObject(node: Node, path: (string | number)[], report: Report): Record<string, unknown> {
  const value: Record<string, unknown> = {};
  for (const property of node.children ?? []) {
    const [keyNode, valueNode] = property.children ?? [];
    if (keyNode === undefined || valueNode === undefined) continue;
    const key = String(keyNode.value);
    const problem = keyProblem(key, value);
    path.push(key);
    if (problem === undefined) value[key] = buildValue(valueNode, path, report);
    else report(keyNode.offset, path, problem);
    path.pop();
  }
  return value;
}

function buildArray(node: Node, path: (string | number)[], report: Report): unknown[] {
  return (node.children ?? []).map((child, index) => {
    path.push(index);
    const value = buildValue(child, path, report);
    path.pop();
    return value;
  });
}

/** @param path  of the node; the same list is used for everything inside it */
function buildValue(node: Node, path: (string | number)[], report: Report): unknown {
  if (node.type === 'object') return buildObject(node, path, report);
  if (node.type === 'array') return buildArray(node, path, report);
  if (typeof node.value === 'string' && !isStorable(node.value)) report(node.offset, path, NOT_STORABLE);
  return node.value;
}

/** Returns the node at a path, or its nearest existing ancestor. `key`: the node of the property's name. */
function findNode(root: Node, path: KeyPath, part: 'key' | 'value'): Node {
  for (let length = path.length; length > 0; length -= 1) {
    const node = findNodeAtLocation(root, path.slice(0, length));
    if (node !== undefined) return part === 'key' && node.parent?.type === 'property' ? (node.parent.children?.[0] ?? node) : node;
  }
  return root;
}

/** Returns the code of an error, which is named after jsonc-parser's own: `json-colon-expected`. */
function syntaxReason({ error }: ParseError): FileReason {
  const code = `json-${printParseErrorCode(error)
    .replace(/\B[A-Z]/g, '-$&')
    .toLowerCase()}`;
  return isFileReason(code) ? code : 'json-invalid';
}

/** Parses a text. Comments and trailing commas are allowed; duplicate keys and keys that reach a prototype are problems. */
export function parseJsonc(text: string): JsoncDocument {
  const position = positionFinder(text);
  const problems: JsoncProblem[] = [];
  const report: Report = (offset, path, code) => {
    if (problems.length < MAX_LISTED)
      problems.push({
        position: position(offset),
        key: showKey(path),
        ...explainFile(code, code === 'json-too-deep' ? { max: MAX_DEPTH } : {}),
      });
  };
  const start = (): TextPosition => ({ line: 1, column: 1 });

  const tooDeep = findTooDeep(text);
  if (tooDeep !== undefined) {
    report(tooDeep, [], 'json-too-deep');
    return { value: undefined, problems, locate: start };
  }
  const errors: ParseError[] = [];
  const root = parseTree(text, errors, { allowTrailingComma: true, allowEmptyContent: true });
  // One mistake makes the parser report several errors; only the first is useful.
  const first = errors[0];
  if (first !== undefined) report(first.offset, [], syntaxReason(first));
  if (root === undefined || first !== undefined) return { value: undefined, problems, locate: start };
  const value = buildValue(root, [], report);
  return {
    value: problems.length === 0 ? value : undefined,
    problems,
    root,
    locate: (path, part = 'value') => position(findNode(root, path, part).offset),
  };
}

export type JsonNode = Node;

/**
 * Returns the values of a text with their positions; of an invalid text, as far as it can be parsed. undefined when the text is
 * empty or nested too deep.
 */
export function readTree(text: string): JsonNode | undefined {
  return findTooDeep(text) === undefined ? parseTree(text, [], { allowTrailingComma: true, allowEmptyContent: true }) : undefined;
}

/** Returns the value of a tree, without duplicate or forbidden keys. */
export function plainValue(node: JsonNode): unknown {
  return buildValue(node, [], () => undefined);
}

/**
 * Replaces values in the text and keeps everything else.
 * @param choose  called for each value from the root down. What it returns replaces the value and everything in it.
 */
export function replaceValues(text: string, choose: (value: unknown, path: KeyPath) => string | undefined): string {
  const parts: string[] = [];
  let end = 0;
  const visit = (node: Node, path: KeyPath): void => {
    const literal = choose(plainValue(node), path);
    if (literal !== undefined) {
      parts.push(text.slice(end, node.offset), literal);
      end = node.offset + node.length;
      return;
    }
    (node.children ?? []).forEach((child, index) => {
      const [name, content] = child.type === 'property' ? (child.children ?? []) : [undefined, child];
      if (content !== undefined) visit(content, [...path, name === undefined ? index : String(name.value)]);
    });
  };
  const root = readTree(text);
  if (root !== undefined) visit(root, []);
  return [...parts, text.slice(end)].join('');
}

export interface TextRange {
  readonly offset: number;
  readonly length: number;
}

/** Returns the position of each comment's text, without its delimiters; works on an invalid text too. */
export function commentRanges(text: string): TextRange[] {
  const scanner = createScanner(text);
  const found: TextRange[] = [];
  for (let kind: number = scanner.scan(); kind !== END; kind = scanner.scan()) {
    if (kind !== LINE_COMMENT && kind !== BLOCK_COMMENT) continue;
    const isClosed = kind === BLOCK_COMMENT && scanner.getTokenValue().endsWith('*/');
    found.push({ offset: scanner.getTokenOffset() + 2, length: scanner.getTokenLength() - (isClosed ? 4 : 2) });
  }
  return found;
}

export interface KeyedLiteral extends TextRange {
  /** The key, preceded by `headers` or `env` if it is in an object of that name. */
  readonly path: KeyPath;
  readonly value: string;
}

/** Returns strings and numbers that follow a key, token by token; works on an invalid text too. */
export function keyedLiterals(text: string): KeyedLiteral[] {
  const scanner = createScanner(text, true);
  const found: KeyedLiteral[] = [];
  let name = '';
  let key: string | undefined;
  /** The currently open map of secrets, and the number of open objects from there. */
  let map = '';
  let depth = 0;
  for (;;) {
    const kind: number = scanner.scan();
    if (kind === END) return found;
    if (kind === OPEN_BRACE && depth === 0 && isSecretMapName(key ?? '')) [map, depth] = [key ?? '', 1];
    else if (kind === OPEN_BRACE && depth > 0) depth += 1;
    else if (kind === CLOSE_BRACE && depth > 0) depth -= 1;
    if (key !== undefined && (kind === STRING || kind === NUMBER)) {
      const path = depth > 0 ? [map, key] : [key];
      found.push({ path, value: scanner.getTokenValue(), offset: scanner.getTokenOffset(), length: scanner.getTokenLength() });
    }
    key = kind === COLON && name !== '' ? name : undefined;
    name = kind === STRING ? scanner.getTokenValue() : '';
  }
}

/** Returns the value of a text as far as it can be parsed; undefined when nothing can. */
export function readAsFarAsPossible(text: string): unknown {
  const root = readTree(text);
  return root === undefined ? undefined : plainValue(root);
}
