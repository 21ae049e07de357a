/** Runs a hook of the page in a component without elements. */
import { onTestFinished } from 'vitest';

interface Preact {
  readonly h: (component: () => null, props: null) => unknown;
  readonly options: { requestAnimationFrame?: (run: () => void) => void };
  readonly render: (node: unknown, parent: object) => void;
}

/** Resolves when everything that a hook does at once is done. */
export const settle = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));

export interface RunHook<Result> {
  /** What it returned last. */
  readonly now: Result;
  /** Renders again. */
  again(): Promise<void>;
}

export async function runHook<Result>(use: () => Result): Promise<RunHook<Result>> {
  // By a name that the compiler does not follow: its types are those of a browser.
  const name = 'preact';
  const { h, options, render } = (await import(name)) as Preact;
  options.requestAnimationFrame = queueMicrotask;
  const parent = { nodeType: 1, childNodes: [], firstChild: null };
  const results: Result[] = [];
  const Component = (): null => {
    results.push(use());
    return null;
  };
  const again = (): Promise<void> => {
    render(h(Component, null), parent);
    return settle();
  };
  onTestFinished(() => render(null, parent));
  await again();
  return {
    get now() {
      return results.at(-1) as Result;
    },
    again,
  };
}
