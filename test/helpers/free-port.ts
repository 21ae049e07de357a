import { once } from 'node:events';
import { createServer } from 'node:net';

/** Below those that a system gives out by itself: no `listen(0)` and no connection, of whomever, takes one before its use. */
const FIRST = 20_000;
const BLOCK = 1_500;
const BLOCKS = 8;
/** No neighbours, because programs offer the next port where one is taken. */
const STEP = 7;

/** Files of a test run that run side by side have a block each. */
const block = FIRST + BLOCK * (Number(process.env['VITEST_POOL_ID'] ?? 0) % BLOCKS);
/** Runs on one machine begin at different places. */
let place = process.pid;

/** A port that is free, and that nobody else is given soon. */
export async function freePort(): Promise<number> {
  for (;;) {
    place += STEP;
    const port = block + (place % BLOCK);
    if (await isFree(port)) return port;
  }
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer().listen(port);
  try {
    await once(server, 'listening');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EADDRINUSE') return false;
    throw error;
  }
  server.close();
  await once(server, 'close');
  return true;
}
