/**
 * A server that answers each call of chat completions with the chunks that it is given, as OpenAI's API streams them,
 * and keeps what it was sent. The openai SDK reads it directly in the tests, so that what it writes is known to be right.
 */
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { json } from 'node:stream/consumers';
import { once } from 'node:events';
import { onTestFinished } from 'vitest';
import { cutOff } from '../cut-off.js';

export type ReplayStep =
  | {
      readonly chunks: readonly object[];
      /** The connection breaks after them. */ readonly isCut?: boolean;
      /** Left open after them. */ readonly isHeld?: boolean;
    }
  | { readonly status: number; readonly headers?: Readonly<Record<string, string>>; readonly body: object };

export interface ReplayServer {
  readonly baseUrl: string;
  readonly bodies: Record<string, unknown>[];
  /** How many exchanges the other side broke off. */
  readonly aborted: () => number;
  play(...steps: ReplayStep[]): void;
}

/** One chunk with a delta; of the last one, why it ended. */
export function chunk(delta: object, finishReason: string | null = null): object {
  return {
    id: 'chatcmpl-1',
    object: 'chat.completion.chunk',
    created: 1_700_000_000,
    model: 'm',
    choices: [{ index: 0, delta, finish_reason: finishReason }],
  };
}

export function usageChunk(prompt: number, completion: number, details: object = {}): object {
  const usage = { prompt_tokens: prompt, completion_tokens: completion, total_tokens: prompt + completion, ...details };
  return { ...chunk({}), choices: [], usage };
}

/** The chunks of a text. */
export function saying(...parts: string[]): ReplayStep {
  return {
    chunks: [chunk({ role: 'assistant', content: '' }), ...parts.map((content) => chunk({ content })), chunk({}, 'stop'), usageChunk(7, 3)],
  };
}

/** The chunks of calls of tools, their arguments in two halves each. */
export function calling(...calls: readonly { id: string; name: string; arguments: string }[]): ReplayStep {
  const deltas = calls.flatMap(({ id, name, arguments: text }, index) => {
    const half = Math.ceil(text.length / 2);
    return [
      { tool_calls: [{ index, id, type: 'function', function: { name, arguments: '' } }] },
      { tool_calls: [{ index, function: { arguments: text.slice(0, half) } }] },
      { tool_calls: [{ index, function: { arguments: text.slice(half) } }] },
    ];
  });
  return {
    chunks: [
      chunk({ role: 'assistant', content: null }),
      ...deltas.map((delta) => chunk(delta)),
      chunk({}, 'tool_calls'),
      usageChunk(20, 9),
    ],
  };
}

/** Closed when the test ends. */
export async function startReplay(): Promise<ReplayServer> {
  const steps: ReplayStep[] = [];
  const bodies: Record<string, unknown>[] = [];
  let aborted = 0;
  const server = createServer((request: IncomingMessage, response) => {
    response.on('close', () => void (aborted += response.writableFinished ? 0 : 1));
    void json(request).then((body) => {
      bodies.push(body as Record<string, unknown>);
      const step = steps.shift() ?? saying('nothing was scripted');
      if ('status' in step) {
        response.writeHead(step.status, { 'content-type': 'application/json', ...step.headers }).end(JSON.stringify(step.body));
        return;
      }
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      for (const one of step.chunks) response.write(`data: ${JSON.stringify(one)}\n\n`);
      if (step.isCut === true) cutOff(response);
      else if (step.isHeld !== true) response.end('data: [DONE]\n\n');
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
  });
  const { port } = server.address() as AddressInfo;
  return { baseUrl: `http://127.0.0.1:${port}/v1`, bodies, aborted: () => aborted, play: (...more) => void steps.push(...more) };
}
