/** The tool `send`: sends a message to a chat through the outbox. */
import { builtIn, type Tool } from './tool.js';

export interface OutgoingText {
  readonly channel: string;
  readonly chatId: string;
  readonly content: string;
  readonly accountId?: string;
}

/** Accepts messages. */
export interface SendPort {
  /** Returns the configured channels. */
  channels(): readonly string[];
  /** A repeated key sends only once. @returns the message's id, once it is on disk */
  send(message: OutgoingText, key: string): Promise<string>;
}

export function createSendTool(port: SendPort): Tool {
  return builtIn({
    name: 'send',
    description: `Sends a message to a chat on one of the channels: ${port.channels().join(', ')}. Do not use it to answer: your answer is sent automatically.`,
    fields: {
      channel: { enum: port.channels(), maxLength: 64 },
      chat_id: { description: 'The id of the chat on that channel.', maxLength: 512 },
      content: { description: 'The message, Markdown.' },
      accountId: { description: "Which account sends it. Default: the channel's only one.", maxLength: 64, isOptional: true },
    },
    hasEffects: true,
    async run({ chat_id: chatId, ...message }, { callKey }) {
      const id = await port.send({ ...message, chatId }, callKey);
      return `The message was accepted as ${id} and will be sent.`;
    },
  });
}
