import { expect, test } from 'vitest';
import { fillText } from '../../../../shared/text/fill-text.js';
import { knownSentence, SENTENCES } from '../../../../shared/text/sentences/known.js';

/** Values that tell by their texts which of them was found where. */
function valuesFor(code: string, text: string): Record<string, string | number> {
  const names = [...text.matchAll(/\{(\w+)\}/g)].map(([, name = '']) => name);
  const numbers = new Set([...text.matchAll(/\{(\w+):/g)].map(([, name = '']) => name));
  return Object.fromEntries(
    names.map((name, index) => [name, numbers.has(name) ? index + 1 : name === 'http' ? ' (HTTP 401)' : `${code}/${name}`]),
  );
}

test.each(Object.entries(SENTENCES))('%s is found by its text, with its values', (code, text) => {
  const values = valuesFor(code, text);
  expect(knownSentence(fillText(text, values))).toEqual({ code, values });
});

test('a value that is a sentence again is found too', () => {
  const text =
    'Channel telegram:family: Nothing is delivered: 12 messages waiting. The last error: Telegram cannot be reached: connection refused: connect ECONNREFUSED 127.0.0.1:1';
  expect(knownSentence(text)).toEqual({
    code: 'issue-channel',
    values: {
      name: 'telegram:family',
      reason: {
        code: 'with-last-error',
        values: {
          what: { code: 'delivery-stuck', values: { count: 12 } },
          cause: {
            code: 'telegram-unreachable',
            values: { cause: { code: 'net-refused', values: { detail: 'connect ECONNREFUSED 127.0.0.1:1' } } },
          },
        },
      },
    },
  });
});

test('the sentences of a model and of its fallbacks are told apart', () => {
  const refusal = (provider: string) =>
    `${provider} refused the API key (HTTP 401). Check the provider's apiKey in models.json. It said: no (${provider})`;
  const found = knownSentence(`${refusal('One')} The fallback failed too: two/b: ${refusal('Two')}`);
  const said = (provider: string) => ({
    code: 'with-detail',
    values: {
      what: { code: 'model-refused-key', values: { provider, http: ' (HTTP 401)', place: { code: 'key-in-file', values: {} } } },
      detail: `no (${provider})`,
    },
  });
  expect(found).toEqual({ code: 'with-fallback', values: { what: said('One'), ref: 'two/b', cause: said('Two') } });
  const three = knownSentence(
    `${refusal('One')} The fallback failed too: two/b: ${refusal('Two')} The next fallback failed too: three/c: ${refusal('Three')} The next fallback failed too: four/d: ${refusal('Four')}`,
  );
  const last = { code: 'with-next-fallback', values: { what: said('Three'), ref: 'four/d', cause: said('Four') } };
  const causes = { code: 'with-next-fallback', values: { what: said('Two'), ref: 'three/c', cause: last } };
  expect(three).toEqual({ code: 'with-fallback', values: { what: said('One'), ref: 'two/b', cause: causes } });
});

test('what others say has no code, and neither has a very long text', () => {
  expect(knownSentence('the bot was blocked by the user')).toBeUndefined();
  expect(knownSentence(`the receiver answered 500: ${'x'.repeat(5_000)}`)).toBeUndefined();
  expect(knownSentence(null)).toBeUndefined();
});
