/**
 * Finds other registrations that start a gateway, and distinguishes those of this gateway, which compete with its service, from
 * those of other gateways.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { isSameGateway, type ServedGateway } from '../plan/service-name.js';
import type { OtherService, ServiceTarget } from './service-manager.js';

export interface SearchPlace {
  readonly directory: string;
  readonly scope: OtherService['scope'];
}

type ReadVariable = (text: string, name: string) => string | undefined;

interface SearchRules {
  /** `.service`, `.plist`. */
  readonly suffix: string;
  /** Our own files, which do not count. */
  readonly own: readonly string[];
  /** Matches the content of a file that starts a gateway; one that sets XOPC_SERVICE_MARKER does so, too. */
  readonly command: RegExp;
  /** Reads a variable that a file's text sets for its program. */
  readonly variable: ReadVariable;
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

/** A line of a unit that ends with a backslash is continued after any comments (systemd.syntax(7)). */
const CONTINUATION = /\\\r?\n(?:[ \t]*[#;].*\n)*/g;

/** Returns the text of a file with continued lines as one line. */
function readText(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8').slice(0, MAX_UNIT_BYTES).replaceAll(CONTINUATION, ' ');
  } catch {
    return undefined;
  }
}

function inspect(path: string, name: string, { place, rules }: { place: SearchPlace; rules: SearchRules }): OtherService[] {
  if (!name.endsWith(rules.suffix) || rules.own.includes(path)) return [];
  const text = readText(path);
  if (text === undefined || !(rules.command.test(text) || rules.variable(text, 'XOPC_SERVICE_MARKER') !== undefined)) return [];
  return [{ path, scope: place.scope, gateway: servedBy(text, rules.variable), removeWith: rules.removeWith(name, place.scope, path) }];
}

/** @returns null when the file names no home */
function servedBy(text: string, variable: ReadVariable): ServedGateway | null {
  const home = variable(text, 'XOPC_HOME');
  return home === undefined ? null : { home, configPath: variable(text, 'XOPC_CONFIG') ?? null };
}

/** Chooses the name of the service. @param pathOf  the manager's file for a name */
export function chooseName({ names, gateway }: ServiceTarget, pathOf: (name: string) => string, variable: ReadVariable): string {
  const served = servedBy(readText(pathOf(names.name)) ?? '', variable);
  return served === null || isSameGateway(served, gateway) ? names.name : names.otherwise;
}

/** Returns those that start this gateway, or may start it. */
export function rivalsAmong(others: readonly OtherService[], gateway: ServedGateway): OtherService[] {
  return others.filter((other) => other.gateway === null || isSameGateway(other.gateway, gateway));
}

export function findOthers(places: readonly SearchPlace[], rules: SearchRules): OtherService[] {
  return places.flatMap((place) =>
    readNames(place.directory).flatMap((name) => inspect(join(place.directory, name), name, { place, rules })),
  );
}
