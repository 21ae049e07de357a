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

/** Copies a plain JSON value. `visit` gets every value with its path, parents first, and may replace or omit it. */
export function rebuild(root: unknown, visit: (value: unknown, path: KeyPath) => unknown): Rebuilt {
  const keptIndices = new Map<unknown, readonly number[]>();

  function copyArray(items: readonly unknown[], path: KeyPath): unknown[] {
    const copies = items.map((item, index) => copy(item, [...path, index]));
    const kept = copies.flatMap((item, index) => (item === OMIT ? [] : [index]));
    const result = copies.filter((item) => item !== OMIT);
    keptIndices.set(result, kept);
    return result;
  }

  function copy(original: unknown, path: KeyPath): unknown {
    const value = visit(original, path);
    if (Array.isArray(value)) return copyArray(value, path);
    if (typeof value !== 'object' || value === null) return value;
    const entries = Object.entries(value).map(([key, item]) => [key, copy(item, [...path, key])] as const);
    return Object.fromEntries(entries.filter(([, item]) => item !== OMIT));
  }

  const value = copy(root, []);
  return {
    value: value === OMIT ? undefined : value,
    sourcePath(path) {
      let at: unknown = value;
      return path.map((segment) => {
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

/** Replaces references in every text of a plain JSON value, and omits texts that refer to an unset variable. Keys stay. */
export function interpolate(root: unknown, lookup: (name: string) => string | undefined): Interpolation {
  const unresolved: UnresolvedReference[] = [];

  function fillText(text: string, path: KeyPath): string | typeof OMIT {
    let isComplete = true;
    const filled = text.replace(REFERENCE, (_match, variable: string | undefined) => {
      if (variable === undefined) return '${';
      const value = lookup(variable);
      if (value !== undefined) return value;
      isComplete = false;
      unresolved.push({ path, variable });
      return '';
    });
    return isComplete ? filled : OMIT;
  }

  return { ...rebuild(root, (value, path) => (typeof value === 'string' ? fillText(value, path) : value)), unresolved };
}
