/**
 * The address: `#/{view}/{part}/{part}?{query}`. It contains the state of the view, so that it can be shared. It contains no
 * secrets.
 */
import { batch, computed, signal } from '@preact/signals';
import { decodeComponent } from '../../../shared/text/decode-component.js';

export interface Address {
  readonly view: string;
  /** Decoded. */
  readonly parts: readonly string[];
  readonly query: Readonly<Record<string, string>>;
}

const DEFAULT_VIEW = 'chat';

function parseHash(hash: string): Address {
  const [path = '', query = ''] = hash.replace(/^#\/?/, '').split('?', 2);
  const [view = '', ...parts] = path.split('/').map(decodeComponent);
  return {
    view: view === '' ? DEFAULT_VIEW : view,
    parts: parts.filter((part) => part !== ''),
    query: Object.fromEntries(new URLSearchParams(query)),
  };
}

/** Builds an address; empty and undefined values are left out. */
export function hashOf(view: string, parts: readonly string[] = [], query: Readonly<Record<string, string | undefined>> = {}): string {
  const given = Object.entries(query).filter((entry): entry is [string, string] => entry[1] !== undefined && entry[1] !== '');
  const search = new URLSearchParams(given).toString();
  return `#/${[view, ...parts].map(encodeURIComponent).join('/')}${search === '' ? '' : `?${search}`}`;
}

const hash = signal(location.hash);

/** The number of steps that the user has made: with a link, a command or the browser's buttons. Replaced addresses do not count. */
export const steps = signal(0);

function goTo(to: string): void {
  batch(() => {
    hash.value = to;
    steps.value += 1;
  });
}

window.addEventListener('hashchange', () => goTo(location.hash));

export const address = computed(() => parseHash(hash.value));

/** Goes to an address that {@link hashOf} made. */
export function navigate(to: string, options: { replace?: boolean } = {}): void {
  if (options.replace === true) {
    history.replaceState(null, '', to);
    hash.value = to;
  } else {
    history.pushState(null, '', to);
    goTo(to);
  }
}

/**
 * Called before a slow operation. @returns a function that then goes to an address, unless the user has gone elsewhere, and returns
 * whether it went
 */
export function navigateLater(): (to: string) => boolean {
  const placeOf = ({ view, parts }: Address): string => hashOf(view, parts);
  const place = placeOf(address.peek());
  return (to) => {
    if (placeOf(address.peek()) !== place) return false;
    navigate(to);
    return true;
  };
}

/** Changes the query of the current address without a step in the history. */
export function changeQuery(change: Readonly<Record<string, string | undefined>>): void {
  const { view, parts, query } = address.peek();
  navigate(hashOf(view, parts, { ...query, ...change }), { replace: true });
}
