import fc from 'fast-check';
import { expect, test } from 'vitest';
import { fuzz } from './fuzz.js';
import { requestFor } from './http-requests.js';
import { checkRequest, makeHttpWorld } from './http-world.js';

test('every operation of the API takes or refuses any request as documented', () =>
  fuzz(80, async () => {
    const world = await makeHttpWorld();
    const operations = world.operations.filter(({ template }) => !template.startsWith('/v1') && template !== '/mcp');
    expect(operations.length).toBeGreaterThan(50);
    return fc.asyncProperty(requestFor(operations), async (asked) => {
      await checkRequest(world, asked);
    });
  }));

test('the API of OpenAI takes or refuses any request as documented', () =>
  fuzz(100, async () => {
    const world = await makeHttpWorld();
    const operations = world.operations.filter(({ template }) => template.startsWith('/v1'));
    expect(operations.length).toBeGreaterThanOrEqual(5);
    return fc.asyncProperty(requestFor(operations), async (asked) => {
      await checkRequest(world, asked);
    });
  }));
