import { expect, test } from 'vitest';
import { renderTemplate } from '../../../../../../daemon/worker/channels/webhook/inbound/render-template.js';

const BODY = {
  name: 'Ann',
  empty: '',
  none: null,
  zero: 0,
  no: false,
  count: 1.5,
  deep: { list: [{ id: 'a', tags: ['x', 'y'] }, { id: 'b' }], 'odd key': 'odd' },
  text: 'first line\r\nsecond line',
  emoji: 'ab\u{1F600}cd',
};
const headers = { 'x-event': 'push', authorization: 'Bearer secret', cookie: 'c', 'x-hub-signature-256': 's', 'x-api-key': 'k' };
const LIMITS = { length: 10_000, items: 20 };
const render = (template: string, limits = LIMITS): string => renderTemplate(template, { body: BODY, headers }, limits);

test.each([
  ['Hi {{ $.name }}!', 'Hi Ann!'],
  ['{{ $.count }} {{ $.zero }} {{ $.no }}', '1.5 0 false'],
  ['[{{ $.missing }}{{ $.none }}{{ $.name.first }}{{ $.deep.list.id }}{{ $.deep.list[7] }}]', '[]'],
  ["{{ $.missing ?? $.none ?? $.empty ?? 'nobody' }}", 'nobody'],
  ["{{ $.zero ?? 'x' }}", '0'],
  ['{{ $.deep.list[1].id }} {{ $.deep["odd key"] }}', 'b odd'],
  ['{{ $.deep.list[0] }}', '{"id":"a","tags":["x","y"]}'],
  ['{{ $ }}', JSON.stringify(BODY)],
  ['{{ header.X-Event }}', 'push'],
  ['{{each $.deep.list}}{{ .id }}={{ .tags[0] ?? "-" }};{{/each}}', 'a=x;b=-;'],
  ['a\n{{each $.deep.list}}\n- {{ .id }} of {{ $.name }}\n{{/each}}\nz', 'a\n- a of Ann\n- b of Ann\nz'],
  [
    '{{each $.name}}for {{ . }}{{/each}}{{each $.none}}no{{/each}}{{each $.zero}}no{{/each}}{{each $.no}}no{{/each}}{{each $.empty}}no{{/each}}',
    'for Ann',
  ],
  ['{{ $.text | line }}, {{ $.text | 5 }}, {{ $.emoji | 3 }}, {{ $.text | line | 3 }}', 'first line, first, ab, fir'],
])('%j makes %j', (template, expected) => expect(render(template)).toBe(expected));

test('only what the document itself has is reached', () => {
  const paths = [
    '$.constructor',
    '$.__proto__',
    '$.toString',
    '$.name.length',
    '$.deep.list.length',
    '$["constructor"]["prototype"]',
    '$.deep.list[0].hasOwnProperty',
  ];
  expect(paths.map((path) => render(`{{ ${path} }}`)).join('')).toBe('');
  expect(renderTemplate('{{ $.length }}{{ $.at }}', { body: ['a'], headers }, LIMITS)).toBe('');
  expect(renderTemplate('{{ $.a }}', { body: 'text', headers }, LIMITS)).toBe('');
});

test('headers that prove who calls stay out of the text', () => {
  const names = ['authorization', 'Cookie', 'x-hub-signature-256', 'x-api-key', '__proto__', 'constructor'];
  expect(names.map((name) => render(`{{ header.${name} }}`)).join('')).toBe('');
});

test('a text is bounded, whatever the document', () => {
  const long = { list: Array.from({ length: 50_000 }, (_, id) => ({ id })), text: '\u{1F600}'.repeat(100_000) };
  const of = (template: string, limits = LIMITS): string => renderTemplate(template, { body: long, headers }, limits);
  expect(of('{{ $.list }}')).toHaveLength(1_000);
  const deep: unknown = JSON.parse('[{"a":'.repeat(20_000) + '1' + '}]'.repeat(20_000));
  expect(renderTemplate('{{ $ }}', { body: deep, headers }, LIMITS)).toBe(`${'[{"a":'.repeat(167).slice(0, 999)}\u2026`);
  expect(of('{{ $.text }}'.repeat(100))).toHaveLength(9_999);
  expect(of('{{each $.list}}{{ $ }}{{/each}}')).toHaveLength(10_000);
  expect(of('{{each $.list}}{{ .id }} {{/each}}', { length: 100, items: 3 })).toBe('0 1 2 \u2026 and 49997 more\n');
  expect(of('a{{ $.text }}', { length: 11, items: 1 })).toBe(`a${'\u{1F600}'.repeat(4)}\u2026`);
});

test('the keys of an object are listed once, however often a template shows it', () => {
  let lists = 0;
  const wide = new Proxy({ a: 1 }, { ownKeys: (target) => ((lists += 1), Reflect.ownKeys(target)) });
  const body = { wide, list: [1, 2, 3] };
  const template = '{{ $.wide }}{{each $.list}}{{ $.wide | 1 }}{{ $.wide }}{{/each}}';
  expect(renderTemplate(template, { body, headers }, LIMITS)).toBe(`{"a":1}${'{{"a":1}'.repeat(3)}`);
  expect(lists).toBe(1);
});
