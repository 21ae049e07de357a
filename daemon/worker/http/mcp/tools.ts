/** The tools of `/mcp`. Each performs an API operation, with the same validation and scope. */
import {
  createJobInput,
  listSessionsInput,
  noInput,
  readSessionInput,
  searchMessagesInput,
  sendMessageInput,
} from '../../../../shared/api/tools/mcp-server.js';
import { messageResponse } from '../../../../shared/api/messages.js';
import { mayUseSession, ownAccount } from '../../access/allowed.js';
import { explainStatus } from '../../observe/explain.js';
import { definedFields } from '../../../../shared/fields.js';
import { askAgent } from './ask-agent.js';
import type { McpServerDeps, McpServices } from './mcp-routes.js';
import { type Tool, tool } from './tool.js';

function sendMessage({ messages }: McpServices): Tool {
  return tool({
    name: 'send_message',
    title: 'Send a message',
    description:
      'Sends a message to a chat of a channel. It returns once the message is stored; the gateway delivers it and retries failures.',
    hints: { isReadOnly: false, isOpenWorld: true },
    method: 'POST',
    scope: 'send',
    input: sendMessageInput,
    answer: messageResponse,
    async run(message) {
      const { messageId } = await messages.accept(message);
      return { status: 'ok', message_id: messageId };
    },
  });
}

function sessionTools({ sessions, archive }: McpServices): Tool[] {
  const reading = { hints: { isReadOnly: true }, method: 'GET', scope: 'chat' } as const;
  return [
    tool({
      ...reading,
      name: 'list_sessions',
      title: 'List sessions',
      description: 'Lists the conversations of all channels, pinned ones first, then newest first.',
      input: listSessionsInput,
      run: async (input) => ({ status: 'ok', ...(await sessions.list(definedFields(input))) }),
    }),
    tool({
      ...reading,
      name: 'read_session',
      title: 'Read a session',
      description: 'Reads the newest messages of a conversation, oldest first.',
      isPerAgent: true,
      input: readSessionInput,
      async run({ session, ...page }, { access }) {
        const key = sessions.keyOf(session, ownAccount(access));
        mayUseSession(access, key, 'Use the `sessionKey` of an answer.');
        return { status: 'ok', ...(await archive.messages(key, definedFields(page))) };
      },
    }),
    tool({
      ...reading,
      name: 'search_messages',
      title: 'Search messages',
      description: 'Finds conversations by words of their messages, each with the place of its newest match.',
      input: searchMessagesInput,
      run: async ({ query, ...page }) => ({ status: 'ok', ...(await sessions.list(definedFields({ ...page, search: query }))) }),
    }),
  ];
}

function jobTools({ cron }: McpServices): Tool[] {
  return [
    tool({
      name: 'list_jobs',
      title: 'List scheduled jobs',
      description: 'Lists the scheduled jobs with their next and last runs.',
      hints: { isReadOnly: true },
      method: 'GET',
      scope: 'cron',
      input: noInput,
      run: async () => ({ status: 'ok', jobs: await cron.list({}), ...definedFields({ warning: cron.warning() }) }),
    }),
    tool({
      name: 'create_job',
      title: 'Schedule a job',
      description: 'Schedules a message to a chat, or a question to an agent whose reply is sent to a chat.',
      hints: { isReadOnly: false, isOpenWorld: true },
      method: 'POST',
      scope: 'cron',
      input: createJobInput,
      run: async (job, { access }) => ({
        status: 'ok',
        job: await cron.create(job, undefined, access),
        ...definedFields({ warning: cron.warning() }),
      }),
    }),
  ];
}

function readStatus({ status }: McpServices): Tool {
  return tool({
    name: 'read_status',
    title: 'Read the status',
    description: 'Reads the state of the gateway and its channels.',
    hints: { isReadOnly: true },
    method: 'GET',
    scope: 'read',
    input: noInput,
    run: async () => ({ ...explainStatus(await status.read()), status: 'ok' }),
  });
}

/** At most eight, because each uses context of a client's model. */
export function mcpTools({ services, clock }: Pick<McpServerDeps, 'services' | 'clock'>): Tool[] {
  return [askAgent(services.agent, clock), sendMessage(services), ...sessionTools(services), ...jobTools(services), readStatus(services)];
}
