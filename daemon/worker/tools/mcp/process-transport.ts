/** The SDK's transport to a server that is a process. An invalid answer fails only the call that it belongs to. */
import { type JSONRPCMessage, parseJSONRPCMessage, type Transport } from '@modelcontextprotocol/client';
import { oneLine } from '../../../../shared/text/one-line.js';
import type { LogPort } from '../../../../shared/log/log-port.js';
import { MAX_MESSAGE_BYTES, type ServerProcess, type StopTimes } from './server-process.js';

/** The id of an answer at the beginning or the end of its text. */
const ID_AT_HEAD = /^\{"jsonrpc":"2\.0","id":(\d{1,15}),/;
const ID_AT_TAIL = /"jsonrpc":"2\.0","id":(\d{1,15})\}\s*$/;
const INTERNAL_ERROR = -32_603;

const asNumber = (id: string | undefined): number | undefined => (id === undefined ? undefined : Number(id));

/** Returns the id of an attempted answer. */
function answeredId(value: unknown): number | undefined {
  if (typeof value !== 'object' || value === null || 'method' in value) return undefined;
  return 'id' in value && typeof value.id === 'number' ? value.id : undefined;
}

export class ProcessTransport implements Transport {
  onmessage?: (message: JSONRPCMessage) => void;
  onclose?: () => void;
  onerror?: (error: Error) => void;
  /** Why it has ended; empty until then. */
  reason = '';
  readonly #process: ServerProcess;
  readonly #logger: LogPort;

  /** @param process  runs already: it takes longer to start than the SDK to be loaded */
  constructor(process: ServerProcess, logger: LogPort) {
    this.#process = process;
    this.#logger = logger;
  }

  get pid(): number {
    return this.#process.pid;
  }

  async start(): Promise<void> {
    this.#process.read({
      onLine: (line) => this.#receive(line),
      onLongLine: (head, tail, bytes) => {
        const id = asNumber(ID_AT_HEAD.exec(head)?.[1] ?? ID_AT_TAIL.exec(tail)?.[1]);
        this.#refuse(id, `its answer has ${bytes} bytes; at most ${MAX_MESSAGE_BYTES} are read`);
      },
      onExit: (reason) => {
        this.reason = reason;
        this.onclose?.();
      },
    });
  }

  async send(message: JSONRPCMessage): Promise<void> {
    if (this.reason !== '') throw new Error(this.reason);
    this.#process.write(`${JSON.stringify(message)}\n`);
  }

  /** Called by the SDK when the handshake has failed. */
  async close(): Promise<void> {
    await this.stop({ termAfterMs: 200, killAfterMs: 1_000 });
  }

  async stop(times: StopTimes): Promise<void> {
    await this.#process.stop(times);
  }

  #receive(line: string): void {
    let value: unknown;
    try {
      value = JSON.parse(line);
      this.onmessage?.(parseJSONRPCMessage(value));
    } catch {
      this.#refuse(answeredId(value), 'its answer is not a message of the protocol', line);
    }
  }

  /** Fails a call on behalf of the server; without an id there is no call to fail. */
  #refuse(id: number | undefined, message: string, line = ''): void {
    this.#logger.debug({ id, line: oneLine(line, 200) }, `what the server sent is ignored: ${message}`);
    if (id !== undefined) this.onmessage?.({ jsonrpc: '2.0', id, error: { code: INTERNAL_ERROR, message } });
  }
}
