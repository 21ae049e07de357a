/** Writes ids of tool calls in a form that a model accepts: other models' ids may be refused. Part of the vendor bundle. */
import { createHash } from 'node:crypto';
import type { ApiKind } from '../../../../../shared/config/models-schema.js';
import type { CompletionMessage, CompletionRequest } from '../../completion.js';
import { differencesOf } from './differences.js';

/** Nine letters or digits, which every model accepts. */
const LENGTH = 9;

/** Returns the id if it is accepted, else another one, which is always the same for the same id. */
export function sentId(id: string, accepted: RegExp | undefined): string {
  if (accepted === undefined || accepted.test(id)) return id;
  return createHash('sha256')
    .update(id)
    .digest('base64')
    .replaceAll(/[^A-Za-z0-9]/g, '')
    .slice(0, LENGTH);
}

/**
 * Returns the request with ids that its model accepts. Those of chat completions are written later, because data is kept for a call
 * under its own id.
 */
export function withSentIds(request: CompletionRequest, api: ApiKind): CompletionRequest {
  const { callIds } = differencesOf(request.modelId);
  if (callIds === undefined || api === 'openai-completions') return request;
  const messages = request.messages.map((message): CompletionMessage => {
    if (message.role === 'tool') return { ...message, callId: sentId(message.callId, callIds) };
    if (message.role !== 'assistant') return message;
    const content = message.content.map((part) => (part.type === 'toolCall' ? { ...part, id: sentId(part.id, callIds) } : part));
    return { ...message, content };
  });
  return { ...request, messages };
}
