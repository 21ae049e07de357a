import { expect, test } from 'vitest';
import { validateModels } from '../../../shared/config/validate.js';
import { formatProblem } from '../../../shared/errors.js';
import { parseConfigText } from '../../../shared/node/config/config-text.js';

const check = (providers: object) => validateModels(parseConfigText(JSON.stringify({ providers }), 'models.json', () => undefined));

test('an invalid header name is a warning with its place', () => {
  const { value, warnings } = check({ mine: { baseUrl: 'http://x.example', headers: { 'X Y': '1', 'X-Y': '2' } } });
  expect(value).toBeDefined();
  expect(warnings.map(formatProblem)).toEqual([
    'models.json:1:63 providers.mine.headers["X Y"] must be the name of a header, such as X-Signature',
  ]);
});

test("a provider with the built-in guide's name is a warning", () => {
  const { value, warnings } = check({ xopc: { baseUrl: 'http://x.example' } });
  expect(value).toBeDefined();
  expect(warnings).toMatchObject([{ key: 'providers.xopc', message: "must not be 'xopc', the name of the built-in guide" }]);
});
