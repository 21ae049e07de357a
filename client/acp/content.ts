/** Between the content blocks of the protocol and the text of the gateway's messages. */
import type { ContentBlock, SessionUpdate } from '@agentclientprotocol/sdk';
import type { MessageDocument } from '../../shared/api/sessions.js';

function textOf(block: ContentBlock): string {
  switch (block.type) {
    case 'text':
      return block.text;
    case 'resource_link':
      return `[${block.name}](${block.uri})`;
    case 'resource': {
      const { resource } = block;
      // A fence that is longer than those inside.
      if ('text' in resource) {
        const fence = '`'.repeat(Math.max(3, ...[...resource.text.matchAll(/`+/g)].map(([ticks]) => ticks.length + 1)));
        return `\n\n${resource.uri}\n${fence}\n${resource.text}\n${fence}\n\n`;
      }
      return `[${resource.uri}]`;
    }
    case 'image':
    case 'audio':
      return `(${block.mimeType})`;
  }
}

/** Returns the message that a prompt is; empty if it says nothing. */
export const messageOf = (prompt: readonly ContentBlock[]): string => prompt.map(textOf).join('').trim();

/** Returns what an editor shows of a stored message. */
export function updatesOf({ role, content }: Pick<MessageDocument, 'role' | 'content'>): SessionUpdate[] {
  if ((role !== 'user' && role !== 'assistant') || content === '') return [];
  return [{ sessionUpdate: role === 'user' ? 'user_message_chunk' : 'agent_message_chunk', content: { type: 'text', text: content } }];
}
