import { expect, test } from 'vitest';
import { sayOfAnswer } from '../../../../../shared/text/sentences/answer.js';
import { whyOf } from '../../../../../shared/text/sentences/known.js';
import { triesOf } from '../../../../../webui/src/views/chat/transcript/tries.js';

const said = (content: string) => ({ content, ...whyOf(content) });
const refused = (provider: string): string => sayOfAnswer('model-refused-key', { provider, http: ' (HTTP 401)', place: 'the key' });

test('each model that was tried has its own cause, in the order of the tries', () => {
  const last = sayOfAnswer('with-detail', { what: refused('three'), detail: 'The key: sk-1' });
  const cause = sayOfAnswer('with-next-fallback', { what: refused('two'), ref: 'three/c', cause: last });
  const failure = said(sayOfAnswer('with-fallback', { what: refused('one'), ref: 'two/b', cause }));
  expect(triesOf(failure)).toEqual([
    { model: undefined, ...said(refused('one')) },
    { model: 'two/b', ...said(refused('two')) },
    { model: 'three/c', ...said(last) },
  ]);
  expect(triesOf(said(refused('one')))).toEqual([said(refused('one'))]);
  expect(triesOf(said('Other words'))).toEqual([said('Other words')]);
});
