import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { loadWorkerConfig } from '../../../../daemon/worker/config/worker-config.js';
import { tempDir } from '../../../helpers/temp-dir.js';

test('a token that took the place of an empty file is a warning, a first one is not', () => {
  const directory = tempDir();
  const [config, models, token] = ['config.json', 'models.json', 'token'].map((name) => join(directory, name)) as [string, string, string];
  const load = () => loadWorkerConfig({ config, models, token, tokenOverride: undefined });
  expect(load().warnings).toEqual([]);
  writeFileSync(token, '');
  expect(load().warnings).toEqual([
    {
      code: 'TOKEN_REPLACED',
      message: `${token} was empty: a new token was generated, and clients with the old one are refused`,
      hint: 'Show the new one with: xopc gateway token --show',
    },
  ]);
  expect(load().warnings).toEqual([]);
});
