/** Tests of providers and of single models: a few at a time, each with its own result. */
import { useState } from 'preact/hooks';
import type { ProviderTestResult } from '../../../../shared/api/models.js';
import { NotDone } from '../../api/copy-mode.js';
import { errorText } from '../../components/feedback/error-words.js';
import { attempt } from '../../components/toast/toast.js';
import { askModel, type Provider, testProvider } from './models-api.js';

const AT_ONCE = 4;

/** The state of a question to a model: running, answered in `ms`, or failed with a `problem`. */
export type Asked = 'running' | { readonly ms: number } | { readonly problem: string };

type Results<Result> = Readonly<Record<string, Result>>;

async function eachOf<Item>(items: readonly Item[], work: (item: Item) => Promise<void>): Promise<void> {
  const waiting = [...items];
  const worker = async (): Promise<void> => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) await work(next);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
}

function without<Result>(results: Results<Result>, id: string): Results<Result> {
  return Object.fromEntries(Object.entries(results).filter(([name]) => name !== id));
}

export interface Checks {
  readonly reports: Results<ProviderTestResult | 'running'>;
  readonly asked: Results<Asked>;
  testProviders(providers: readonly Provider[]): void;
  askModels(models: readonly string[]): void;
}

export function useChecks(): Checks {
  const [reports, setReports] = useState<Results<ProviderTestResult | 'running'>>({});
  const [asked, setAsked] = useState<Results<Asked>>({});
  const test = async ({ id }: Provider): Promise<void> => {
    setReports((before) => ({ ...before, [id]: 'running' }));
    const isDone = await attempt(async () => {
      const report = await testProvider({ id });
      setReports((before) => ({ ...before, [id]: report }));
    });
    if (!isDone) setReports((before) => without(before, id));
  };
  const ask = async (id: string): Promise<void> => {
    setAsked((before) => ({ ...before, [id]: 'running' }));
    try {
      const ms = await askModel(id);
      setAsked((before) => ({ ...before, [id]: { ms } }));
    } catch (error) {
      setAsked((before) => (error instanceof NotDone ? without(before, id) : { ...before, [id]: { problem: errorText(error) } }));
    }
  };
  return {
    reports,
    asked,
    testProviders: (providers) => void eachOf(providers, test),
    askModels: (models) => void eachOf(models, ask),
  };
}
