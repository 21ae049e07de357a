import { expect, test } from 'vitest';
import { databaseUrlOf, placeOfDatabase } from '../../../../shared/node/config/database-url.js';

test.each([
  ['postgres://xopc:secret@db.example:5432/xopc?sslmode=require&password=other', 'postgres://db.example:5432/xopc'],
  ['postgresql://%2Fvar%2Frun%2Fpostgresql/xopc', 'postgresql:///var/run/postgresql/xopc'],
  ['postgres://xopc:secret@100%/xopc', 'postgres://100%/xopc'],
  ['nonsense with a secret', 'the database of store.url'],
])('%s is called %s', (url, place) => {
  expect(placeOfDatabase(url)).toBe(place);
});

test('the URL is read from a document that may be invalid', () => {
  const documents = [{ store: { url: 'postgres://a/b' } }, { store: { url: 5 } }, { store: 'x' }, { store: null }, {}, null];
  expect(documents.map(databaseUrlOf)).toEqual(['postgres://a/b', undefined, undefined, undefined, undefined, undefined]);
});
