/**
 * Entry of the writer thread's bundle: a connection of its own that runs plain writes, a batch in a transaction, which is
 * on disk when it is answered. It decides nothing, and loads nothing but the driver.
 */
import { type MessagePort, parentPort, receiveMessageOnPort, workerData } from 'node:worker_threads';
import { LibsqlConnection } from './store/libsql-connection.js';
import type { PlainStatement } from './store/plain-write.js';
import { CLOSE, type WriterAnswer, type WriterBatch, type WriterData } from './store/writer-messages.js';

function open({ path, busyTimeoutMs, checkpointPages }: WriterData): LibsqlConnection {
  const connection = new LibsqlConnection(path);
  connection.run(`pragma busy_timeout = ${busyTimeoutMs}`);
  connection.run(`pragma wal_autocheckpoint = ${checkpointPages}`);
  connection.exec('pragma foreign_keys = on');
  // A commit here is on disk: nobody's event loop waits for it.
  connection.exec('pragma synchronous = full');
  return connection;
}

function valuesFor({ parameters }: PlainStatement, write: readonly unknown[]): unknown[] {
  return parameters.map((parameter) => (typeof parameter === 'number' ? write[parameter + 1] : parameter.constant));
}

function failure(error: unknown, batches: number): WriterAnswer {
  const { rawCode } = error as { rawCode?: unknown };
  const message = error instanceof Error ? error.message : String(error);
  return { type: 'failed', batches, message, ...(typeof rawCode === 'number' ? { rawCode } : {}) };
}

class Writer {
  readonly #connection: LibsqlConnection;
  readonly #kinds: (readonly PlainStatement[])[] = [];

  constructor(data: WriterData) {
    this.#connection = open(data);
  }

  /** All of them in one transaction. */
  commit(batches: readonly WriterBatch[]): WriterAnswer {
    for (const { kinds } of batches) this.#kinds.push(...kinds);
    const connection = this.#connection;
    try {
      connection.exec('begin immediate');
      for (const { writes } of batches) for (const write of writes) this.#run(write);
      connection.exec('commit');
      return { type: 'committed', batches: batches.length };
    } catch (error) {
      // After a full disk or an I/O error SQLite has rolled back by itself.
      if (connection.isInTransaction) connection.exec('rollback');
      return failure(error, batches.length);
    }
  }

  close(): void {
    this.#connection.close();
  }

  #run(write: WriterBatch['writes'][number]): void {
    let changed: bigint | undefined;
    for (const statement of this.#kinds[write[0]] ?? []) {
      if (statement.isOtherwise && changed !== 0n) continue;
      changed = this.#connection.run(statement.sql, valuesFor(statement, write)).numAffectedRows;
    }
  }
}

/** What has come since the first message, too: how much that is, the other side bounds. */
function allThatWaits(port: MessagePort, first: string): string[] {
  const messages = [first];
  for (let next = receiveMessageOnPort(port); next !== undefined; next = receiveMessageOnPort(port)) messages.push(next.message as string);
  return messages;
}

function serve(port: MessagePort, writer: Writer): void {
  port.on('message', (first: string) => {
    const messages = allThatWaits(port, first);
    const batches = messages.filter((message) => message !== CLOSE).map((message) => JSON.parse(message) as WriterBatch);
    if (batches.length > 0) port.postMessage(writer.commit(batches));
    if (batches.length === messages.length) return;
    writer.close();
    port.close();
  });
  port.postMessage({ type: 'ready' } satisfies WriterAnswer);
}

// The build loads this without a thread.
if (parentPort !== null) serve(parentPort, new Writer(workerData as WriterData));
