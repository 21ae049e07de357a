/** `${VAR}` in configuration texts. `$${` stands for a literal `${`. */
import type { UnresolvedReference } from './document.js';
import type { KeyPath } from './key-path.js';

const REFERENCE = /\$\$\{|\$\{([A-Za-z_][A-Za-z0-9_]*)\}/g;

/** A copy of a plain JSON value, possibly without some of its parts. */
export interface Rebuilt {
  readonly value: unknown;
  /** A path in `value` as a path in the original: indices differ behind an array element that was left out. */
  sourcePath(path: KeyPath): KeyPath;
}

/** Returned by a visitor to omit a value together with its key or array element. */
export const OMIT = Symbol('omit');

/**
 * Returns a plain JSON value with some of its parts replaced or omitted; parts without changes are shared with the original.
 * @param visit  called for each value, parents first. The replacement that it returns is not visited. It must copy a path that it
 * keeps.
 * @param start  path of the root
 */
export function rebuild(root: unknown, visit: (value: unknown, path: KeyPath) => unknown, start: KeyPath = []): Rebuilt {
  const keptIndices = new Map<unknown, readonly number[]>();
  // One list is reused for all paths, because a large document has a hundred thousand.
  const path = [...start];

  function copyAt(segment: string | number, item: unknown): unknown {
    path.push(segment);
    const copied = copy(item);
    path.pop();
    return copied;
  }

  function copyArray(items: readonly unknown[]): readonly unknown[] {
    const copies = items.map((item, index) => copyAt(index, item));
    if (copies.every((item, index) => item === items[index])) return items;
    const kept = copies.flatMap((item, index) => (item === OMIT ? [] : [index]));
    const result = copies.filter((item) => item !== OMIT);
    keptIndices.set(result, kept);
    return result;
  }

  function copyObject(fields: Readonly<Record<string, unknown>>): unknown {
    const keys = Object.keys(fields);
    const copies = keys.map((key) => copyAt(key, fields[key]));
    if (copies.every((item, index) => item === fields[keys[index] ?? ''])) return fields;
    return Object.fromEntries(keys.flatMap((key, index) => (copies[index] === OMIT ? [] : [[key, copies[index]]])));
  }

  function copy(original: unknown): unknown {
    const value = visit(original, path);
    if (value !== original || typeof value !== 'object' || value === null) return value;
    return Array.isArray(value) ? copyArray(value) : copyObject(value as Record<string, unknown>);
  }

  const value = copy(root);
  return {
    value: value === OMIT ? undefined : value,
    sourcePath(rebuiltPath) {
      let at: unknown = value;
      return rebuiltPath.map((segment) => {
        const kept = keptIndices.get(at);
        at = typeof at === 'object' && at !== null ? (at as Record<string | number, unknown>)[segment] : undefined;
        return kept === undefined ? segment : (kept[Number(segment)] ?? segment);
      });
    },
  };
}

export interface Interpolation extends Rebuilt {
  readonly unresolved: readonly UnresolvedReference[];
}

/** Replaces references in every text of a plain JSON value, and omits texts that refer to an unset variable. Keys are unchanged. */
export function interpolate(root: unknown, lookup: (name: string) => string | undefined): Interpolation {
  const unresolved: UnresolvedReference[] = [];

  function fillText(text: string, path: KeyPath): string | typeof OMIT {
    let isComplete = true;
    const filled = text.replace(REFERENCE, (_match, variable: string | undefined) => {
      if (variable === undefined) return '${';
      const value = lookup(variable);
      if (value !== undefined) return value;
      isComplete = false;
      unresolved.push({ path: [...path], variable });
      return '';
    });
    return isComplete ? filled : OMIT;
  }

  return { ...rebuild(root, (value, path) => (typeof value === 'string' ? fillText(value, path) : value)), unresolved };
}
