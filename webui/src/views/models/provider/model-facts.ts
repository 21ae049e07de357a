/** The texts of a model's form as fields of `models.json`. */
import { numberOf } from '../../../components/field/number-of.js';
import type { ModelFacts } from '../models-api.js';

export interface ModelTexts {
  readonly contextWindow: string;
  readonly input: string;
  readonly output: string;
}

/**
 * @param changed  the texts that differ from those the form started with
 * @param known    the model's prices as they are now; those that are not changed are kept
 */
export function factsOf({ contextWindow, input, output }: Partial<ModelTexts>, known: ModelFacts['cost'] | null): ModelFacts {
  const tokens = contextWindow === undefined ? undefined : numberOf(contextWindow);
  const priceOf = (text: string | undefined, before: number | undefined): number | undefined =>
    text === undefined ? before : numberOf(text);
  const prices = { input: priceOf(input, known?.input), output: priceOf(output, known?.output) };
  const isPriced = prices.input !== undefined || prices.output !== undefined;
  const cost = isPriced ? { ...known, input: prices.input ?? 0, output: prices.output ?? 0 } : undefined;
  return {
    ...(contextWindow === undefined ? {} : { contextWindow: tokens === undefined ? undefined : Math.round(tokens) }),
    ...(input === undefined && output === undefined ? {} : { cost }),
  };
}
