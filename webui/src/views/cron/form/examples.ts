/** Schedules to start from. Their texts are `example_…` of the view. */
import { t } from '../text.js';

export const EXAMPLES = ['summary', 'check'] as const;

type Example = (typeof EXAMPLES)[number];

const isExample = (id: string | undefined): id is Example => EXAMPLES.some((known) => known === id);

/** Returns what an example writes into the form. */
export function readExample(id: string | undefined): { name: string; when: string; message: string } | undefined {
  if (!isExample(id)) return undefined;
  return { name: t(`example_${id}`), when: t(`example_${id}_words`), message: t(`example_${id}_message`) };
}
