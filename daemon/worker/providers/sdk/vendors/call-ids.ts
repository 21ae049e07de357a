/** Writes ids of tool calls as a model takes them: other models' ids may be refused. Part of the vendor bundle. */
import { createHash } from 'node:crypto';
import type { CompletionMessage, CompletionRequest } from '../../completion.js';
import { differencesOf } from './differences.js';

/** Nine letters or digits, which every model takes. */
const LENGTH = 9;

/** Returns the id if it is taken, else another one, which is always the same for the same id. */
export function sentId(id: string, taken: RegExp): string {
  if (taken.test(id)) return id;
  return createHash('sha256')
    .update(id)
    .digest('base64')
    .replaceAll(/[^A-Za-z0-9]/g, '')
    .slice(0, LENGTH);
}

/** Returns the request with ids that its model takes. */
export function withSentIds(request: CompletionRequest): CompletionRequest {
  const { callIds } = differencesOf(request.modelId);
  if (callIds === undefined) return request;
  const messages = request.messages.map((message): CompletionMessage => {
    if (message.role === 'tool') return { ...message, callId: sentId(message.callId, callIds) };
    if (message.role !== 'assistant') return message;
    const content = message.content.map((part) => (part.type === 'toolCall' ? { ...part, id: sentId(part.id, callIds) } : part));
    return { ...message, content };
  });
  return { ...request, messages };
}
