/** Writes chat completions the way OpenAI's API does: as one document, or as a stream of chunks. */
import type { ServerResponse } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { cutOff } from '../cut-off.js';
import { type BrokenReply, type TextReply, type ToolCall, toolCallsOf } from './reply.js';

export interface CompletionRequest {
  readonly id: string;
  readonly model: string;
  readonly stream: boolean;
  readonly includeUsage: boolean;
  readonly inputTokens: number;
}

const countTokens = (text: string): number => Math.ceil(text.length / 4);

function usageOf(request: CompletionRequest, text: string): Record<string, number> {
  const completion = countTokens(text);
  return { prompt_tokens: request.inputTokens, completion_tokens: completion, total_tokens: request.inputTokens + completion };
}

function base(request: CompletionRequest, object: string): Record<string, unknown> {
  return { id: request.id, object, created: 1_700_000_000, model: request.model };
}

class ChunkWriter {
  readonly #response: ServerResponse;
  readonly #request: CompletionRequest;

  constructor(response: ServerResponse, request: CompletionRequest) {
    this.#response = response;
    this.#request = request;
  }

  open(): void {
    this.#response.writeHead(200, { 'content-type': 'text/event-stream; charset=utf-8', 'cache-control': 'no-cache' });
    this.#choice({ role: 'assistant', content: '' }, null);
  }

  part(content: string): void {
    this.#choice({ content }, null);
  }

  finish(reason: string): void {
    this.#choice({}, reason);
  }

  usage(text: string): void {
    this.data(JSON.stringify({ ...base(this.#request, 'chat.completion.chunk'), choices: [], usage: usageOf(this.#request, text) }));
  }

  calls(calls: readonly ToolCall[]): void {
    this.#choice({ tool_calls: toolCallsOf(calls) }, null);
  }

  data(text: string): void {
    this.#response.write(`data: ${text}\n\n`);
  }

  #choice(delta: Record<string, unknown>, finishReason: string | null): void {
    const usage = this.#request.includeUsage ? { usage: null } : {};
    const choices = [{ index: 0, delta, logprobs: null, finish_reason: finishReason }];
    this.data(JSON.stringify({ ...base(this.#request, 'chat.completion.chunk'), choices, ...usage }));
  }
}

async function waitForPart(reply: TextReply, index: number): Promise<void> {
  if (reply.gate?.before === index) await reply.gate.until;
  if (reply.delayMs !== undefined && index > 0) await delay(reply.delayMs);
}

async function streamText(response: ServerResponse, request: CompletionRequest, reply: TextReply): Promise<void> {
  const writer = new ChunkWriter(response, request);
  writer.open();
  for (const [index, part] of reply.parts.entries()) {
    await waitForPart(reply, index);
    if (response.destroyed) return;
    writer.part(part);
  }
  await waitForPart(reply, reply.parts.length);
  if (reply.calls !== undefined) writer.calls(reply.calls);
  const { finishReason = reply.calls === undefined ? 'stop' : 'tool_calls' } = reply;
  if (finishReason !== null) {
    writer.finish(finishReason);
    if (request.includeUsage) writer.usage(reply.parts.join(''));
    writer.data('[DONE]');
  }
  response.end();
}

export async function writeText(response: ServerResponse, request: CompletionRequest, reply: TextReply): Promise<void> {
  if (request.stream) return streamText(response, request, reply);
  for (const index of [...reply.parts.keys(), reply.parts.length]) await waitForPart(reply, index);
  const content = reply.parts.join('');
  const choices = [
    { index: 0, message: { role: 'assistant', content, refusal: null }, logprobs: null, finish_reason: reply.finishReason ?? 'stop' },
  ];
  response.writeHead(200, { 'content-type': 'application/json' });
  response.end(JSON.stringify({ ...base(request, 'chat.completion'), choices, usage: usageOf(request, content) }));
}

/** A stream that goes wrong; a document is cut in the middle whatever is asked. */
export function writeBroken(response: ServerResponse, request: CompletionRequest, reply: BrokenReply): void {
  if (!request.stream) {
    response.writeHead(200, { 'content-type': 'application/json', 'content-length': '1000' });
    response.write('{"id":"');
    response.socket?.destroySoon();
    return;
  }
  const writer = new ChunkWriter(response, request);
  writer.open();
  for (const part of reply.parts) writer.part(part);
  switch (reply.how) {
    case 'cut':
      cutOff(response);
      return;
    case 'error':
      writer.data(JSON.stringify({ error: reply.error ?? { message: 'The server had an error', type: 'server_error', code: null } }));
      break;
    case 'garbage':
      writer.data('{"id": not JSON');
      writer.finish('stop');
      writer.data('[DONE]');
      break;
  }
  response.end();
}
