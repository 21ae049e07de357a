import { expect, test } from 'vitest';
import { readPictures, withNewestPictures } from '../../../../daemon/worker/files/pictures.js';
import type { ModelMessage } from '../../../../daemon/worker/providers/provider.js';
import { FILE_LIMITS } from '../../../../shared/file-limits.js';

const png = (size = 8): Buffer => Buffer.concat([Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'), Buffer.alloc(size - 8)]);
const base64 = (bytes: Buffer | string): string => Buffer.from(bytes).toString('base64');

test('what a tool shows counts as a picture by its bytes, within the limits of files that people attach', () => {
  const shown = [
    base64('<svg/>'),
    '',
    '!!!',
    'https://example.com/dot.png',
    base64(png()),
    base64(png(FILE_LIMITS.maxMediaBytes + 1)),
    ...Array.from({ length: 20 }, () => base64('GIF89a')),
  ];
  expect(readPictures(shown).map(({ mediaType }) => mediaType)).toEqual(['image/png', ...Array.from({ length: 7 }, () => 'image/gif')]);
});

test('a model gets the newest pictures alone, of each result all or none', () => {
  const step = (id: string, ...sizes: number[]): ModelMessage => ({
    role: 'toolResults',
    results: [
      { callId: id, name: 'look', output: id, isError: false, images: sizes.map((size) => ({ mediaType: 'image/png', bytes: png(size) })) },
      { callId: `${id}2`, name: 'time', output: 'noon', isError: false },
    ],
  });
  const left = (messages: readonly ModelMessage[], most?: number): number[] =>
    withNewestPictures(messages, most).flatMap((message) =>
      message.role === 'toolResults' ? message.results.map(({ images = [] }) => images.length) : [],
    );
  const question: ModelMessage = { role: 'user', content: 'look', images: [{ mediaType: 'image/png', bytes: png() }] };
  const steps = [question, step('a', 9), step('b', 9, 9, 9), step('c', 9, 9, 9, 9)];
  expect(left(steps)).toEqual([1, 0, 3, 0, 4, 0]);
  expect(left([...steps, step('d', 9)])).toEqual([0, 0, 3, 0, 4, 0, 1, 0]);
  expect(left(steps, 0)).toEqual([0, 0, 0, 0, 0, 0]);
  expect(withNewestPictures(steps, 0)[0]).toEqual(question);
  const large = (id: string): ModelMessage => step(id, ...Array.from({ length: 3 }, () => FILE_LIMITS.maxMediaBytes));
  expect(left([step('a', 9), large('b'), large('c')])).toEqual([0, 0, 0, 0, 3, 0]);
});

test('pictures of people count too: those of the question first, then the newest; of each left out the model is told', () => {
  const large = { mediaType: 'image/png', bytes: png(FILE_LIMITS.maxMediaBytes) };
  const says = (content: string, count: number): ModelMessage => ({
    role: 'user',
    content,
    images: Array.from({ length: count }, () => large),
  });
  const shown = { callId: 'a', name: 'look', output: 'seen', isError: false, images: [large, large] };
  const left = (messages: readonly ModelMessage[]) =>
    withNewestPictures(messages).map((message) =>
      message.role === 'toolResults'
        ? message.results.map(({ images }) => images?.length)
        : [message.content, message.role === 'user' && message.images?.length],
    );
  const leftOut = (what: string): string => `\n\n[${what} attached here, but left out: the request would be too large.]`;
  expect(left([says('old', 1), says('newer', 2), says('question', 1), { role: 'toolResults', results: [shown] }])).toEqual([
    [`old${leftOut('An image was')}`, undefined],
    [`newer${leftOut('An image was')}`, 1],
    ['question', 1],
    [2],
  ]);
  expect(left([says('question', 6)])).toEqual([[`question${leftOut('2 images were')}`, 4]]);
});
