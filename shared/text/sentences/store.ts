/** Texts about a database that cannot be used, or only with limitations. Whole sentences: see known.ts. */
import { sayFrom } from '../fill-text.js';

export const STORE_REASONS = {
  'store-unusable': '{place} cannot be used: {cause}',
  'store-read-slow': '{place} took too long to answer: a read ends after 10 s, or 3 s without a connection',
  'store-search-slow': '{place} has no search index: a search reads every message',
  'store-locale': 'the locale of {place} is {locale}: a search tells upper from lower case in all letters but a to z',
  'store-restored':
    '{place} was restored from a dump; what had not been finished in it is not sent or run again, because that may have happened since the dump',
  'store-damaged': 'the database was damaged; it was kept as {path} and a new, empty one is in use',
  'store-replaced':
    'another file was put in the place of the open database; it was kept as {path}, and the gateway continues with its own content',
  'fault-migration': 'the migration to schema {version} failed ({detail})',
  'fault-permission': 'access to the file is not permitted ({detail})',
  'fault-locked-long': 'another process has kept it locked for more than two seconds ({detail})',
  'fault-locked': 'it is locked ({detail})',
  'fault-memory': 'there is not enough memory ({detail})',
  'fault-read-only': 'it can only be read, not written ({detail})',
  'fault-io': 'the disk reports an input/output error ({detail})',
  'fault-full': 'the disk is full ({detail})',
  'fault-not-opened': 'the file cannot be opened ({detail})',
  'fault-lock-protocol': 'its lock cannot be taken; is it on a network file system? ({detail})',
  'fault-credentials': 'it refuses the user or the password ({detail})',
  'fault-no-database': 'there is no such database ({detail})',
  'fault-right': 'the user lacks a permission ({detail})',
  'fault-its-disk-full': 'its disk is full ({detail})',
  'fault-its-memory': 'it has not enough memory ({detail})',
  'fault-connections': 'it has too many connections ({detail})',
  'fault-resource': 'it lacks a resource ({detail})',
  'fault-slow': 'a statement took too long ({detail})',
  'fault-starting': 'it is starting or stopping ({detail})',
  'fault-stopping': 'it is shutting down ({detail})',
  'fault-system': 'its server reports a system error ({detail})',
  'fault-damage': 'its server reports damage ({detail})',
  'fault-its-lock': 'another process has kept it locked for some seconds ({detail})',
  'fault-conflict': 'other writes kept getting in the way ({detail})',
  'fault-no-server': 'no server listens there ({detail})',
  'fault-host-name': 'its host name is not known ({detail})',
  'fault-host-lookup': 'its host name cannot be looked up at the moment ({detail})',
  'fault-host-unreachable': 'its host cannot be reached ({detail})',
  'fault-silent': 'it does not answer ({detail})',
  'fault-connection': 'the connection failed ({detail})',
} as const satisfies Readonly<Record<string, string>>;

export type StoreReason = keyof typeof STORE_REASONS;

/** Returns the English text. */
export const sayOfStore = sayFrom(STORE_REASONS);
