/** The completion service in memory: what the agent's script says, as completions. */
import type { CompletionCall, CompletionOutput } from '../../daemon/worker/models/completion-call.js';
import type { CompletionService } from '../../daemon/worker/models/completions.js';
import type { TurnEvent } from '../../daemon/worker/turns/turn-event.js';

type Script = (text: string, signal: AbortSignal) => AsyncIterable<TurnEvent>;

const lastText = ({ messages }: CompletionCall): string => {
  const content = messages.at(-1)?.content ?? '';
  return typeof content === 'string' ? content : content.map((part) => (part.type === 'text' ? part.text : '')).join('');
};

async function* outputsOf(events: AsyncIterable<TurnEvent>): AsyncGenerator<CompletionOutput> {
  for await (const event of events) {
    if (event.type === 'delta') yield { type: 'text', text: event.text };
    if (event.type === 'done') {
      const { inputTokens, outputTokens } = event.usage;
      yield {
        type: 'finish',
        reason: 'stop',
        usage: { inputTokens, outputTokens, cacheReadTokens: null, cacheWriteTokens: null, reasoningTokens: null },
      };
    }
    if (event.type === 'error') yield event;
  }
}

export function fakeCompletionService(calls: { name: string; input: unknown }[], script: Script): CompletionService {
  return {
    agentOf: (model) => (model === 'main' ? model : undefined),
    models: () =>
      Promise.resolve([
        { id: 'main', owner: 'xopc' },
        { id: 'fake/echo', owner: 'fake' },
      ]),
    check: () => undefined,
    run(call, signal) {
      calls.push({ name: 'completions.run', input: call });
      return outputsOf(script(lastText(call), signal));
    },
    count: (call) => Promise.resolve(lastText(call).length),
    async *forward(request) {
      calls.push({ name: 'completions.forward', input: request });
      yield { type: 'head', contentType: 'application/json' };
      yield { type: 'bytes', bytes: Buffer.from('{}') };
      yield { type: 'end', usage: { inputTokens: null, outputTokens: null } };
    },
  };
}
