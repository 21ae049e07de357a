/** The built-in model `xopc/guide`: if no language model is configured, it explains how to configure one. */
import { GUIDE_PROVIDER, GUIDE_REF } from '../../../../shared/config/defaults.js';
import { KNOWN_PROVIDERS } from '../../../../shared/config/known-providers.js';
import type { Provider } from '../../providers/provider.js';
import type { BuiltInProvider } from '../../providers/registry.js';

/** One variable for each vendor. */
const KEYS = KNOWN_PROVIDERS.map(({ keyVariables: [variable] }) => variable).join(', ');

export interface GuideOptions {
  readonly modelsPath: string;
  readonly configPath: string;
}

const EXAMPLE = `\`\`\`json
{
  "providers": {
    "local": {
      "baseUrl": "http://192.168.1.20:8000/v1",
      "models": [{ "id": "qwen3" }]
    }
  }
}
\`\`\``;

/** For people in chats, who cannot change the configuration and need not know the owner's paths. */
export const GUIDE_IN_CHATS = `Your message arrived and is stored, but no language model is configured yet. The owner of this gateway can set one up with \`xopc setup\`.

/help lists the commands.`;

/** Returns the answer, the same for every question. */
export function guideText({ modelsPath, configPath }: GuideOptions): string {
  return `Your message arrived and is stored, but no language model is configured yet. This is the built-in guide, which understands commands but cannot answer questions.

To get real answers, run \`xopc setup\` in a terminal on this machine, which asks for what is needed, or do one of these:

1. Set the API key of a vendor in the environment and start the gateway again: ${KEYS}.

2. Start Ollama, LM Studio, llama.cpp or vLLM on this machine, at its usual port; it is found within a minute.

3. Describe a provider in ${modelsPath}; it takes effect at once. For a server of your own, for example:

${EXAMPLE}

A hosted provider also needs "apiKey", e.g. "apiKey": "\${MY_KEY}" to take it from the environment.

With more than one model, choose in ${configPath}: "agents": { "defaults": { "model": "provider/model" } }

/help lists the commands.`;
}

/** Splits a text into words, each with the white space after it. */
function words(text: string): string[] {
  return text.match(/\S+\s*|^\s+/g) ?? [];
}

/** Yields the answer, as events of the given type, and its end. */
async function* say<Type extends 'delta' | 'text'>(answer: string, type: Type, signal: AbortSignal) {
  for (const text of words(answer)) {
    if (signal.aborted) {
      yield { type: 'aborted' } as const;
      return;
    }
    yield { type, text };
  }
  yield { type: 'finish', reason: 'stop', usage: { inputTokens: null, outputTokens: null } } as const;
}

/** Creates the provider `xopc` with its only model. */
export function createGuide(options: GuideOptions): BuiltInProvider {
  const provider: Provider = {
    id: GUIDE_PROVIDER,
    name: 'Built-in guide',
    // The answer of a job may go to a chat too.
    stream: ({ asker = 'program' }, signal) =>
      say(asker === 'chat' || asker === 'job' ? GUIDE_IN_CHATS : guideText(options), 'delta', signal),
    complete: (_request, signal) => say(guideText(options), 'text', signal),
  };
  const model = {
    id: GUIDE_REF,
    name: 'Built-in guide (no language model)',
    provider: GUIDE_PROVIDER,
    contextWindow: null,
    maxTokens: null,
    cost: null,
    reasoning: false,
    input: ['text'],
  };
  return { provider, model };
}
