/** One server for all tests of the project `postgres`. Where there is none, they are skipped with the reason. */
import type { TestProject } from 'vitest/node';
import { postgresAt } from './store-engine.js';
import { startPostgres, whyNoPostgres } from './postgres.js';

declare module 'vitest' {
  interface ProvidedContext {
    /** A database without content, to create others from, or why there is no server. */
    readonly postgres: { readonly url: string } | { readonly reason: string };
  }
}

export default async function setUp({ provide }: TestProject): Promise<(() => Promise<void>) | undefined> {
  const reason = whyNoPostgres();
  if (reason !== undefined) {
    provide('postgres', { reason });
    return undefined;
  }
  const postgres = await startPostgres();
  const url = await postgres.createDatabase();
  await postgres.sql('alter role xopc createdb');
  // The others are copies of it.
  const first = await postgresAt(url).open({ isAlone: true });
  await first.close();
  provide('postgres', { url });
  return () => postgres.close();
}
