/** The client of `xopc/client`: a method for each operation of the generated table. Uses nothing but `fetch`. */
import type { ClientOptions } from './client-options.js';
import { type CallInput, createSend, type Operation, type Send, unreachable } from './request.js';
import { readEvents, type StreamedEvent } from './stream.js';

/** Operations by name: `POST /api/agent`, followed by `body` or `query` if a stream is requested there, or by `bytes` for a file. */
export type OperationTable = Readonly<Record<string, string>>;

type Call = (input?: CallInput) => Promise<unknown>;
type Follow = (input?: CallInput) => AsyncGenerator<StreamedEvent>;

/** The types of its methods are generated as well. */
export type Client = Readonly<Record<string, Call>> & { readonly stream: Readonly<Record<string, Follow>> };

async function readAnswer(response: Response, { note }: Operation, { signal }: CallInput): Promise<unknown> {
  const isJson = (response.headers.get('Content-Type') ?? '').startsWith('application/json');
  try {
    if (note === 'bytes') return await response.blob();
    return await (isJson ? response.json() : response.text());
  } catch (error) {
    if (signal?.aborted === true) throw error;
    throw unreachable('the answer has broken off', error);
  }
}

/** A caller requests a stream by calling the corresponding method. */
function streamed(input: CallInput, note: string | undefined): CallInput {
  if (note === 'body') return { ...input, body: { ...(input.body as object), stream: true } };
  return note === 'query' ? { ...input, query: { ...input.query, stream: true } } : input;
}

function methodsOf(operation: Operation, send: Send): { call: Call; follow: Follow } {
  return {
    call: async (input = {}) => await readAnswer(await send(operation, input, '*/*'), operation, input),
    async *follow(input = {}) {
      yield* readEvents(await send(operation, streamed(input, operation.note), 'text/event-stream'), input.signal);
    },
  };
}

/** @param table  the operations of the gateway */
export function createClientFor(table: OperationTable, options: ClientOptions = {}): Client {
  const send = createSend(options);
  const methods = Object.entries(table).map(([name, text]) => {
    const [method = '', template = '', note] = text.split(' ');
    return [name, methodsOf({ method, template, note }, send)] as const;
  });
  return Object.assign(Object.fromEntries(methods.map(([name, { call }]) => [name, call])), {
    stream: Object.fromEntries(methods.map(([name, { follow }]) => [name, follow])),
  }) as Client;
}
