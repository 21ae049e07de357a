import { anthropic } from '../../../fakes/vendors/anthropic.js';
import { google } from '../../../fakes/vendors/google.js';
import { openAiCompletions } from '../../../fakes/vendors/openai-completions.js';
import { openAiResponses } from '../../../fakes/vendors/openai-responses.js';
import { type Body, listOf } from '../../../fakes/vendors/vendor-protocol.js';
import { describeProvider } from './provider-contract.js';

const contentOf = (value: unknown): unknown => (Array.isArray(value) ? (value as Body[])[0]?.['text'] : value);
const firstOf = (body: Body, key: string): Body | undefined => listOf(body[key])[0];
const lastOf = (body: Body, key: string): Body | undefined => listOf(body[key]).at(-1);

describeProvider({
  api: 'openai-completions',
  protocol: openAiCompletions,
  lastText: (body) => contentOf(lastOf(body, 'messages')?.['content']),
  systemText: (body) => contentOf(firstOf(body, 'messages')?.['content']),
});

describeProvider({
  api: 'openai-responses',
  protocol: openAiResponses,
  lastText: (body) => contentOf(lastOf(body, 'input')?.['content']),
  systemText: (body) => contentOf(firstOf(body, 'input')?.['content']),
});

describeProvider({
  api: 'anthropic-messages',
  protocol: anthropic,
  lastText: (body) => contentOf(lastOf(body, 'messages')?.['content']),
  systemText: (body) => contentOf(body['system']),
});

describeProvider({
  api: 'google-generative-ai',
  protocol: google,
  lastText: (body) => contentOf(lastOf(body, 'contents')?.['parts']),
  systemText: (body) => contentOf((body['systemInstruction'] as Body | undefined)?.['parts']),
});
