/** The document of a response before anything has been answered. */
import type { ResponseDocument } from '../../../shared/api/responses/document.js';
import type { ResponseRequest } from '../../../shared/api/responses/request.js';
import { conversationOf } from './context.js';

/** @param head.createdAt  epoch seconds */
export function newResponse(request: ResponseRequest, head: Pick<ResponseDocument, 'id' | 'created_at' | 'status'>): ResponseDocument {
  const { text, reasoning } = request;
  const conversation = conversationOf(request);
  return {
    id: head.id,
    object: 'response',
    created_at: head.created_at,
    completed_at: null,
    status: head.status,
    error: null,
    incomplete_details: null,
    model: request.model,
    output: [],
    usage: null,
    background: request.background ?? false,
    store: request.store ?? true,
    instructions: request.instructions ?? null,
    max_output_tokens: request.max_output_tokens ?? null,
    metadata: request.metadata ?? {},
    parallel_tool_calls: request.parallel_tool_calls ?? true,
    previous_response_id: request.previous_response_id ?? null,
    conversation: conversation === null ? null : { id: conversation },
    reasoning: { effort: reasoning?.effort ?? null, summary: reasoning?.summary ?? null },
    temperature: request.temperature ?? null,
    text: { ...text, format: text?.format ?? { type: 'text' } },
    tool_choice: request.tool_choice ?? 'auto',
    tools: request.tools ?? [],
    top_p: request.top_p ?? null,
    truncation: 'disabled',
    user: request.user ?? null,
  };
}
