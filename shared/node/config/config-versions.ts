/**
 * Earlier versions of `config.json`: those that the gateway ran with, and those that xopc replaced. A bounded number of texts, each in a
 * file named after its time and a hash of its content.
 */
import { readdirSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { ensurePrivateDirectory, writeFileAtomic } from '../files/atomic-file.js';
import { ifPresent } from '../files/if-present.js';
import { readConfigText } from './config-file.js';
import { hashText } from './config-text.js';

export const MAX_CONFIG_VERSIONS = 20;

export interface ConfigVersion {
  readonly id: string;
  readonly atMs: number;
  /** The first characters of the text's revision. */
  readonly hashStart: string;
}

const HASH_LENGTH = 16;
const NAME = /^((\d{13,15})-([0-9a-f]{16}))\.json$/;

/** Newest first. */
export function listVersions(directory: string): ConfigVersion[] {
  const names = ifPresent(() => readdirSync(directory)) ?? [];
  const versions = names.flatMap((name) => {
    const [, id, time, hashStart] = NAME.exec(name) ?? [];
    return id === undefined || hashStart === undefined ? [] : [{ id, atMs: Number(time), hashStart }];
  });
  return versions.toSorted((left, right) => right.atMs - left.atMs || (left.id < right.id ? 1 : -1));
}

/** @returns undefined when the version does not exist or is no longer kept */
export function readVersion(directory: string, id: string): string | undefined {
  return NAME.test(`${id}.json`) ? readConfigText(join(directory, `${id}.json`)) : undefined;
}

export const isVersionOf = ({ hashStart }: ConfigVersion, revision: string): boolean => revision.startsWith(hashStart);

/** Stores a text unless the newest version is the same; removes the oldest versions beyond the limit. */
export async function keepVersion(directory: string, text: string, nowMs = Date.now()): Promise<void> {
  const before = listVersions(directory);
  const [newest] = before;
  const hash = hashText(text);
  if (newest !== undefined && isVersionOf(newest, hash)) return;
  // A clock that was set back must not make the newest version look old.
  const atMs = Math.max(nowMs, (newest?.atMs ?? 0) + 1);
  ensurePrivateDirectory(directory);
  await writeFileAtomic(join(directory, `${String(atMs).padStart(13, '0')}-${hash.slice(0, HASH_LENGTH)}.json`), text);
  for (const { id } of before.slice(MAX_CONFIG_VERSIONS - 1)) await rm(join(directory, `${id}.json`), { force: true });
}
