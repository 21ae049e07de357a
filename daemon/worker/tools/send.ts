/** The tool `send`: sends a message to a chat through the outbox. */
import { GatewayError } from '../../../shared/errors.js';
import { readInput, readOptionalText, readText, type Tool, ToolError } from './tool.js';

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

const KEYS = ['channel', 'chat_id', 'content', 'accountId'];

/** Makes exposed errors readable for the model. */
function toToolError(error: unknown): unknown {
  return error instanceof GatewayError && error.spec.expose ? new ToolError([error.message, error.hint].filter(Boolean).join('. ')) : error;
}

export function createSendTool(port: SendPort): Tool {
  return {
    definition: {
      name: 'send',
      description: `Sends a message to a chat on one of the channels: ${port.channels().join(', ')}. Do not use it to answer: your answer is sent automatically.`,
      inputSchema: {
        type: 'object',
        properties: {
          channel: { type: 'string', enum: port.channels() },
          chat_id: { type: 'string', description: 'The id of the chat on that channel.' },
          content: { type: 'string', description: 'The message, Markdown.' },
          accountId: { type: 'string', description: "Which account sends it. Default: the channel's only one." },
        },
        required: ['channel', 'chat_id', 'content'],
        additionalProperties: false,
      },
    },
    hasEffects: true,
    isRepeatable: true,
    isBuiltIn: true,
    async run(input, { callKey }) {
      const fields = readInput(input, KEYS);
      const accountId = readOptionalText(fields, 'accountId', 64);
      const message = {
        channel: readText(fields, 'channel', 64),
        chatId: readText(fields, 'chat_id', 512),
        content: readText(fields, 'content'),
      };
      try {
        const id = await port.send({ ...message, ...(accountId === undefined ? {} : { accountId }) }, callKey);
        return `The message was accepted as ${id} and will be sent.`;
      } catch (error) {
        throw toToolError(error);
      }
    },
  };
}
