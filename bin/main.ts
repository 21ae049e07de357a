/**
 * The only Node entry, `dist/main.cjs`: picks the role from the first argument, loads that role's bundle and uses the return value
 * of its `main` as the exit code. It stays tiny because it is loaded without cached data.
 */
import './preflight.js';
import { bundleDirectory, type BundleName, loadBundle } from '../shared/node/build/bundle.js';
import { supplyCachedData, writeCachedData } from './cached-data.js';

/** What each role's `main.ts` exports. A number is the exit code; undefined: the process ends by itself. */
interface RoleEntry {
  main(args: string[]): Promise<number | undefined>;
}

const ROLES: Record<string, BundleName> = {
  '@supervisor': 'supervisor',
  '@worker': 'worker',
  '@fallback': 'fallback',
  '@database': 'database',
};

/** How long a client runs before it creates missing cached data; shorter commands do so at their end. */
const CACHED_DATA_DELAY_MS = 3_000;

function flushed(stream: NodeJS.WriteStream): Promise<void> {
  return new Promise((resolve) => {
    stream.once('error', () => resolve());
    stream.write('', () => resolve());
  });
}

async function exit(code: number): Promise<void> {
  process.exitCode = code;
  await Promise.all([flushed(process.stdout), flushed(process.stderr)]);
  process.exit(code);
}

/** Reports a bundle that cannot be loaded: the worker to its supervisor, a successor to its predecessor, every other role to the user. */
async function reportBrokenBuild(name: BundleName, cause: unknown): Promise<void> {
  const message = `the ${name} program cannot be loaded from ${bundleDirectory}: ${cause instanceof Error ? cause.message : String(cause)}`;
  const hint = 'Build it again: npm run build';
  process.stderr.write(`xopc: ${message}. ${hint}\n`);
  const error = { code: 'BUILD_BROKEN', message, hint };
  const reports: Partial<Record<BundleName, object>> = {
    worker: { type: 'bootFailed', error, problems: [] },
    supervisor: { type: 'failed', error },
  };
  const report = reports[name];
  if (report !== undefined && process.send !== undefined && process.connected) {
    await new Promise<void>((resolve) => process.send?.(report, undefined, undefined, () => resolve()));
  }
  await exit(1);
}

function loadRole(name: BundleName): RoleEntry {
  const entry = loadBundle<Partial<RoleEntry>>(name);
  if (typeof entry.main !== 'function') throw new Error(`${name}.cjs exports no main function`);
  return entry as RoleEntry;
}

async function run(): Promise<void> {
  const [first = '', ...rest] = process.argv.slice(2);
  if (first === '@cached-data') {
    await writeCachedData(rest[0]);
    // Handles that a warm-up leaves open must not keep the build waiting.
    return exit(0);
  }
  const role = Object.hasOwn(ROLES, first) ? ROLES[first] : undefined;
  const name = role ?? 'client';
  let entry: RoleEntry;
  try {
    entry = loadRole(name);
  } catch (error) {
    return reportBrokenBuild(name, error);
  }
  if (role === undefined) setTimeout(() => void supplyCachedData(), CACHED_DATA_DELAY_MS).unref();
  const code = await entry.main(role === undefined ? process.argv.slice(2) : rest);
  if (code === undefined) return;
  if (role === undefined) await supplyCachedData();
  await exit(code);
}

run().catch((error: unknown) => {
  process.stderr.write(`xopc: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
  return exit(1);
});
