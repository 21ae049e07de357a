import fc from 'fast-check';
import { expect, test } from 'vitest';
import { checkCredentials } from '../../daemon/worker/channels/webhook/inbound/credentials.js';
import { readCall } from '../../daemon/worker/channels/webhook/inbound/read-call.js';
import { renderTemplate } from '../../daemon/worker/channels/webhook/inbound/render-template.js';
import { verifierOf } from '../../daemon/worker/channels/webhook/signature.js';
import { parseTemplate, TemplateError } from '../../shared/config/webhook/template.js';
import { say } from '../../shared/text/reasons.js';
import { isStorable } from '../../shared/text/storable.js';
import { ALERTMANAGER, GITHUB, SLACK } from '../fixtures/webhook-calls.js';
import { webhookConfig } from '../helpers/test-config.js';
import { fuzz } from './fuzz.js';
import { oddDocument } from './odd-answers.js';
import { oddText } from './values.js';

const PIECES = [
  '{{', '}}', '{{ ', ' }}', '{', '}', '{{each $.list}}', '{{/each}}', '{{each ', '{{ . }}', '{{ .name }}', '{{ $ }}', '{{ $.a.b[0] }}', '$', '.', '..', '[', ']', '[0]', "['a']",
  '["b"]', '??', ' ?? ', '|', ' | line', ' | 7', "'text'", '"', "'", 'header.x-event', 'header', '__proto__', '.constructor', '.length', '\n', '\u0000', '\uD800', '{{ $.list }}',
]; // prettier-ignore
const template = fc.oneof(
  fc.array(fc.oneof(fc.constantFrom(...PIECES), oddText()), { maxLength: 30 }).map((pieces) => pieces.join('')),
  fc.constantFrom(
    '{{'.repeat(5_000),
    "{{ '".repeat(2_000),
    '[0]'.repeat(3_000),
    `{{ $${'[0]'.repeat(3_000)} }}`,
    `{{ ${'?? '.repeat(3_000)} }}`,
    `{{ ${'| '.repeat(3_000)} }}`,
  ),
);
const value = fc.oneof(oddText(), fc.constantFrom<unknown>(null, true, 0, 1.5, [], {}), fc.jsonValue({ maxDepth: 3 }));
const body = fc.record({ a: value, list: fc.oneof(fc.array(value, { maxLength: 60 }), value), name: oddText() }, { requiredKeys: [] });

test('any text is a template or is refused with the place of its mistake, and what a template makes is bounded text of the document', () =>
  fuzz(200, () =>
    fc.property(template, body, fc.integer({ min: 2, max: 2_000 }), (text, document, length) => {
      try {
        parseTemplate(text);
      } catch (error) {
        if (!(error instanceof TemplateError)) throw error;
        expect(say(error.reason)).toMatch(/character \d+|more than 100 holes/);
        expect(say(error.reason).length).toBeLessThan(400);
        return;
      }
      const made = renderTemplate(
        text,
        { body: document, headers: { 'x-event': 'push', authorization: 'Bearer SECRET-TOKEN' } },
        { length, items: 5 },
      );
      expect(made.length).toBeLessThanOrEqual(length);
      expect(made).not.toMatch(/SECRET-TOKEN|native code|function Object/);
    }),
  ));

test('a template that is written shows each value once, in its place', () =>
  fuzz(100, () => {
    const word = fc.stringMatching(/^[a-z]{1,8}$/);
    return fc.property(
      fc.array(fc.tuple(word, fc.string({ maxLength: 12 }), fc.string({ maxLength: 12 })), { maxLength: 12 }),
      (fields) => {
        const data = Object.fromEntries(fields.map(([, , shown], index) => [`k${index}`, shown]));
        const plain = (text: string): string => text.replaceAll('{{', '');
        const source = fields.map(([, before], index) => `${plain(before)} {{ $.k${index} }}`).join(' ');
        const expected = fields.map(([, before], index) => `${plain(before)} ${data[`k${index}`]}`).join(' ');
        expect(renderTemplate(source, { body: data, headers: {} }, { length: 10_000, items: 1 })).toBe(expected);
      },
    );
  }));

const CALLS = [
  ...Object.entries(GITHUB).map(([event, example]) => ({ preset: 'github' as const, event, example: example as unknown })),
  { preset: 'alertmanager' as const, event: '', example: ALERTMANAGER },
  ...Object.values(SLACK).map((example) => ({ preset: 'slack' as const, event: '', example })),
];
const call = fc.constantFrom(...CALLS).chain(({ preset, event, example }) =>
  fc.record({
    preset: fc.constant(preset),
    event: fc.oneof({ weight: 9, arbitrary: fc.constant(event) }, oddText()),
    text: oddDocument(example),
  }),
);

test('whatever a service sends, it becomes a message that can be stored, or none', () =>
  fuzz(150, () =>
    fc.property(call, fc.option(template, { nil: undefined }), ({ preset, event, text }, own) => {
      const parsed = parse(text);
      if (parsed === undefined) return;
      const headers = { 'x-github-event': event, 'x-github-delivery': event, authorization: 'Bearer SECRET-TOKEN' };
      const settings = { preset, ...(isTemplate(own) ? { template: own } : {}) };
      const read = readCall(settings, { body: parsed, headers });
      expect(readCall(settings, { body: parsed, headers })).toEqual(read);
      if (read.type !== 'message') return;
      expect(read.content.length).toBeLessThanOrEqual(20_300);
      expect(read.content).not.toMatch(/SECRET-TOKEN|^\//);
      expect(read.content.trim()).not.toBe('');
      expect(read.chatId).toMatch(/^\P{Cc}{1,256}$/u);
      expect(read.id ?? 'x').toMatch(/^\P{Cc}{1,200}$/u);
      for (const stored of [read.content, read.chatId, read.id ?? '']) expect(isStorable(stored)).toBe(true);
    }),
  ));

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function isTemplate(text: string | undefined): boolean {
  try {
    parseTemplate(text ?? '{{');
    return true;
  } catch {
    return false;
  }
}

const secret = `whsec_${Buffer.from('a secret of twenty-four by').toString('base64')}`;
const settings = webhookConfig({
  preset: 'slack', secret, previousSecret: secret, inboundToken: 'the-token-of-the-account', inboundSecret: 'the secret', previousInboundSecret: 'the old one',
}).channels.webhook?.accounts['default']; // prettier-ignore
const NAMES = [
  'authorization',
  'x-webhook-token',
  'x-slack-signature',
  'x-slack-request-timestamp',
  'webhook-id',
  'webhook-timestamp',
  'webhook-signature',
  'svix-id',
  'svix-timestamp',
  'svix-signature',
];
const NOW = 1_772_000_000_000;
const headerText = fc.oneof(
  oddText(),
  fc.constantFrom(
    'Bearer',
    'Bearer x',
    'Basic',
    'Basic Og==',
    'Basic ====',
    'v0=',
    'v0=00',
    'v1,',
    'v1,AAAA',
    `v0=${'0'.repeat(64)}`,
    String(NOW / 1_000),
    ', , ,',
  ),
);

test('nobody without a secret gets in, whatever the headers and the bytes', () =>
  fuzz(300, () =>
    fc.property(
      fc.dictionary(fc.constantFrom(...NAMES), headerText, { noNullPrototype: true }),
      fc.uint8Array({ maxLength: 40 }),
      (headers, bytes) => {
        const tools = { nowMs: NOW, verifier: verifierOf(settings) };
        const { type } = checkCredentials(settings, { headers, rawBody: Buffer.from(bytes) }, tools);
        expect(['none', 'wrong']).toContain(type);
      },
    ),
  ));
