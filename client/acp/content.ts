/** Converts between the protocol's content blocks and the text of the gateway's messages. */
import type { ContentBlock, SessionUpdate } from '@agentclientprotocol/sdk';
import type { MessageDocument } from '../../shared/api/sessions.js';
import { fenced } from '../../shared/channels/markdown.js';

function textOf(block: ContentBlock): string {
  switch (block.type) {
    case 'text':
      return block.text;
    case 'resource_link':
      return `[${block.name}](${block.uri})`;
    case 'resource': {
      const { resource } = block;
      return 'text' in resource ? `\n\n${resource.uri}\n${fenced(resource.text)}\n\n` : `[${resource.uri}]`;
    }
    case 'image':
    case 'audio':
      return `(${block.mimeType})`;
  }
}

/** Returns a prompt as a message; empty if the prompt has no content. */
export const messageOf = (prompt: readonly ContentBlock[]): string => prompt.map(textOf).join('').trim();

/** Returns the parts of a stored message that an editor shows. */
export function updatesOf({ role, content }: Pick<MessageDocument, 'role' | 'content'>): SessionUpdate[] {
  if ((role !== 'user' && role !== 'assistant') || content === '') return [];
  return [{ sessionUpdate: role === 'user' ? 'user_message_chunk' : 'agent_message_chunk', content: { type: 'text', text: content } }];
}
