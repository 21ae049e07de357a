/** Finds other registrations that start a gateway, because two gateways would compete for one port. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { OtherService } from './service-manager.js';

export interface SearchPlace {
  readonly directory: string;
  readonly scope: OtherService['scope'];
}

interface SearchRules {
  /** `.service`, `.plist`. */
  readonly suffix: string;
  /** Our own files, which do not count. */
  readonly own: readonly string[];
  /** Matches the content of a file that starts a gateway. */
  readonly command: RegExp;
  /** Group 1 captures the home that it sets. */
  readonly home: RegExp;
  removeWith(name: string, scope: OtherService['scope'], path: string): string;
}

const MAX_UNIT_BYTES = 65_536;

function readNames(directory: string): string[] {
  try {
    return readdirSync(directory).toSorted();
  } catch {
    // Missing or unreadable: it cannot contain our registrations.
    return [];
  }
}

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8').slice(0, MAX_UNIT_BYTES);
  } catch {
    return undefined;
  }
}

function inspect(path: string, name: string, { place, rules }: { place: SearchPlace; rules: SearchRules }): OtherService[] {
  if (!name.endsWith(rules.suffix) || rules.own.includes(path)) return [];
  const text = readText(path);
  if (text === undefined || !(rules.command.test(text) || /xopc/i.test(name))) return [];
  const home = rules.home.exec(text)?.[1] ?? null;
  return [{ path, scope: place.scope, home, removeWith: rules.removeWith(name, place.scope, path) }];
}

export function findOthers(places: readonly SearchPlace[], rules: SearchRules): OtherService[] {
  return places.flatMap((place) =>
    readNames(place.directory).flatMap((name) => inspect(join(place.directory, name), name, { place, rules })),
  );
}
