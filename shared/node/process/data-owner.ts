/**
 * Which directory holds a configuration's data: the home itself for one configuration, `{home}/gateways/{hash}` for every other.
 * `{home}/state/owner.json` names the one that owns the home's data; see docs/adr/0001-lock.md, "Data".
 */
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { GatewayError } from '../../errors.js';
import { type ConfigIdentity, ownerName } from './config-identity.js';
import { isEarlierOwner } from './earlier-owner.js';
import { type DamagedOwner, inspectOwner, isDenied, type OwnerRecord, unusableOwner } from './owner-record.js';
import { describeUse, judgeTraces } from './owner-traces.js';

/** Returns the directories of a home that may hold a configuration's data: the home itself, then those in `gateways`. */
export function dataDirsOf(home: string): string[] {
  const gateways = join(home, 'gateways');
  try {
    return [home, ...readdirSync(gateways).map((name) => join(gateways, name))];
  } catch {
    // There is only one configuration in the home.
    return [home];
  }
}

/**
 * Returns the data directory of a configuration that does not own the home's data: `{home}/gateways/{hash}`, with the digits of
 * its lock. In a home that was moved the digits differ; there the record in the directory decides.
 * @throws CONFIG_INVALID when a directory may belong to the configuration, but nothing in it shows whether it does
 */
export function ownDataDir(config: ConfigIdentity): string {
  return findOwnDataDir(config) ?? expectedDataDir(config);
}

const expectedDataDir = ({ home, hash }: ConfigIdentity): string => join(home, 'gateways', hash);

function findOwnDataDir(config: ConfigIdentity): string | undefined {
  const expected = expectedDataDir(config);
  if (existsSync(expected)) return expected;
  const [, ...others] = dataDirsOf(config.home);
  const unclear: GatewayError[] = [];
  for (const dataDir of others) {
    const owner = ownerOf(config, dataDir);
    if (owner === 'own') return dataDir;
    if (typeof owner === 'object') unclear.push(owner);
  }
  // Starting with an empty directory would look like the loss of all data.
  if (unclear[0] !== undefined) throw unclear[0];
  return undefined;
}

/** @returns an error when the record cannot be used, and the files beside it do not show whose data it is */
function ownerOf(config: ConfigIdentity, dataDir: string): 'own' | 'other' | GatewayError {
  let problem: GatewayError;
  try {
    const record = inspectOwner(dataDir);
    if (record.kind === 'owned') return record.name === ownerName(config) ? 'own' : 'other';
    if (record.kind === 'none') return 'other';
    problem = unclearOwner(config, dataDir, record);
  } catch (error) {
    problem = error as GatewayError;
  }
  const verdict = judgeTraces(config, dataDir);
  return verdict === 'unclear' ? problem : verdict;
}

function unclearOwner(config: ConfigIdentity, dataDir: string, { reason }: DamagedOwner): GatewayError {
  const { text, hint } = describeUse(config, dataDir);
  return unusableOwner(dataDir, { reason: `${reason}, and ${text}`, hint });
}

/** Returns why a configuration may not replace a damaged record; undefined if the files beside the record show that it owns the data. */
export function problemOfOwner(config: ConfigIdentity, dataDir: string, record: DamagedOwner): GatewayError | undefined {
  return judgeTraces(config, dataDir) === 'own' ? undefined : unclearOwner(config, dataDir, record);
}

/** Returns the name of the configuration that owns the data; undefined without a record. @throws CONFIG_INVALID for one that cannot be used */
export function readOwner(dataDir: string): string | undefined {
  const record = inspectOwner(dataDir);
  if (record.kind === 'damaged')
    throw unusableOwner(dataDir, { reason: record.reason, hint: 'The next start of its configuration repairs it, or says what to do.' });
  return record.kind === 'owned' ? record.name : undefined;
}

/** Returns the directory of a configuration's data; until it is claimed, another configuration may claim it. @throws CONFIG_INVALID */
export function findDataDir(config: ConfigIdentity): string {
  let record: OwnerRecord;
  try {
    record = inspectOwner(config.home);
  } catch (error) {
    // In another user's home nothing can be claimed, and commands report whose gateway it is.
    if (isDenied((error as Error).cause)) return config.home;
    throw error;
  }
  if (record.kind === 'owned') return record.name === ownerName(config) ? config.home : ownDataDir(config);
  if (record.kind === 'none') return isEarlierOwner(config) ? config.home : ownDataDir(config);
  const verdict = judgeTraces(config, config.home);
  if (verdict === 'own') return config.home;
  const own = findOwnDataDir(config);
  if (own !== undefined) return own;
  if (verdict === 'unclear') throw unclearOwner(config, config.home, record);
  return expectedDataDir(config);
}
