/** The models that a failed answer names, and why each of them failed. */
import { isCoded } from '../../../../../shared/text/fill-text.js';
import type { MessageDocument } from '../../../../../shared/api/sessions.js';

type Failure = Pick<MessageDocument, 'content' | 'why'>;

interface Try extends Failure {
  /** Undefined: the first model, which the failure does not name. */
  readonly model?: string | undefined;
}

/** The text between two tries in the English text: `with-fallback` and `with-next-fallback` of the gateway's sentences. */
const FALLBACK = / The (?:next )?fallback failed too: (\S+): ([^]*)/;

const whyIn = (value: unknown): Failure['why'] => (isCoded(value) ? value : undefined);

/** Returns the tries in the order in which the models were asked. */
export function triesOf({ content, why, model }: Try): readonly Try[] {
  const isJoined = why?.code === 'with-fallback' || why?.code === 'with-next-fallback';
  const [what = '', ref, cause] = isJoined ? content.split(FALLBACK) : [content];
  if (cause === undefined) return [{ model, content, why }];
  const first = { model, content: what, why: whyIn(why?.values['what']) };
  return [first, ...triesOf({ model: ref, content: cause, why: whyIn(why?.values['cause']) })];
}
