/** Completions that nobody waits for; each has its own trace. */
import type { TraceStarter } from '../tracing/span.js';
import type { CompletionCall, CompletionOutput } from './completion-call.js';
import type { Completions } from './completions.js';

export function tracedCompletions(completions: Pick<Completions, 'run'>, tracing: TraceStarter | undefined): Pick<Completions, 'run'> {
  async function* run(call: CompletionCall, signal: AbortSignal): AsyncGenerator<CompletionOutput, void, undefined> {
    const span = tracing?.begin(() => ({ name: 'run response' }));
    let error: string | undefined = 'failed';
    try {
      for await (const output of completions.run({ ...call, span }, signal)) {
        if (output.type === 'finish') error = undefined;
        yield output;
      }
    } finally {
      span?.end({ error });
    }
  }
  return { run };
}
