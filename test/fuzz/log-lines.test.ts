import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { createColors } from 'picocolors';
import { expect, onTestFinished, test } from 'vitest';
import { renderLogLine } from '../../client/output/log-line.js';
import { GatewayError } from '../../shared/errors.js';
import { entryTimeMs, parseLogLine } from '../../shared/log/entry.js';
import { createLineMatcher } from '../../shared/node/log/line-matcher.js';
import { LineSplitter } from '../../shared/node/log/line-splitter.js';
import { createLogger } from '../../shared/node/log/logger.js';
import { readLog } from '../../shared/node/log/read-log.js';
import { createRedactor } from '../../shared/node/secrets/redact.js';
import { fuzz } from './fuzz.js';
import { oddText, oddValue } from './values.js';

/** As people and vendors write them: any characters, but no text that is also in the frame of a line. */
const secret = fc
  .oneof(
    fc.string({ unit: 'grapheme', minLength: 8, maxLength: 40 }),
    fc.string({ minLength: 8, maxLength: 60 }),
    fc.stringMatching(/^[A-Za-z0-9+/_=-]{8,60}$/),
    fc.stringMatching(/^\d{8,20}$/),
    fc.stringMatching(/^[a-z0-9]{6,20}\n[a-z0-9]{16,30}$/),
  )
  .map((text) => text.trim())
  .filter((text) => text.length >= 8 && !/redacted|message|password|level|info/i.test(text) && new Set(text).size > 3);

/** The ways in which a secret comes into a line. */
const FORMS: readonly ((secret: string) => unknown)[] = [
  (text) => text,
  (text) => `before ${text} after`,
  (text) => ({ apiKey: text }),
  (text) => JSON.stringify({ nested: text }),
  (text) => JSON.stringify({ nested: JSON.stringify({ deep: [text] }) }),
  (text) => `https://host/path?key=${encodeURIComponent(text.toWellFormed())}&x=1`,
  (text) => new Error(`failed with ${text}`, { cause: new Error(text) }),
  (text) => [[text], { [text]: 1 }],
  (text) => Buffer.from(`user:${text}`).toString('base64'),
];

test('no known secret comes into the log, in whatever it stands', () =>
  fuzz(200, () =>
    fc.property(
      fc.array(secret, { minLength: 1, maxLength: 3 }),
      fc.constantFrom(...FORMS),
      oddText(),
      oddValue(),
      (...[secrets, form, key, other]) => {
        const lines: string[] = [];
        const redactor = createRedactor(secrets);
        const logger = createLogger({
          file: { write: (line) => void lines.push(line), maxLineBytes: 65_536 },
          level: () => 'info',
          bindings: { role: 'worker' },
          redactor,
        });
        for (const one of secrets) {
          logger.info({ err: form(one), [`f-${key}`]: form(one), other }, `message ${one}`);
          const line = lines.pop() ?? '';
          expect(() => JSON.parse(line) as unknown, line).not.toThrow();
          const fields = JSON.stringify(Object.values(JSON.parse(line) as object));
          for (const form2 of [one, JSON.stringify(one).slice(1, -1)]) expect(fields).not.toContain(form2);
          expect(decodeURIComponent(fields.replaceAll(/%(?![0-9a-f]{2})/gi, '%25').replaceAll(/%[89a-f][0-9a-f]/gi, ''))).not.toContain(
            `key=${one}&`,
          );
        }
      },
    ),
  ));

const anyLine = fc.oneof(
  oddText(),
  fc.string({ unit: 'binary', maxLength: 80 }),
  fc
    .record({ level: oddValue(), time: oddValue(), msg: oddValue(), err: oddValue(), [`x`]: oddValue() }, { requiredKeys: [] })
    .map((entry) => JSON.stringify(entry)),
  oddValue().map((value) => JSON.stringify(value)),
);

test('any line of a log is read and shown as one line', () =>
  fuzz(500, () =>
    fc.property(anyLine, fc.boolean(), (line, colour) => {
      const entry = parseLogLine(line);
      expect(typeof entry).toBe('object');
      const timeMs = entryTimeMs(entry);
      if (timeMs !== undefined) expect(Number.isNaN(new Date(timeMs).getTime())).toBe(false);
      // eslint-disable-next-line no-control-regex -- what must not reach a terminal
      expect(renderLogLine(line, createColors(colour)).replaceAll(/\u001b\[\d+m/g, '')).not.toMatch(/[\u0000-\u001f\u007f-\u009f]/);
    }),
  ));

test('lines come out of a stream as they went in, however it is cut', () =>
  fuzz(200, () =>
    fc.property(
      fc.uint8Array({ maxLength: 400 }),
      fc.array(fc.nat(400), { maxLength: 8 }),
      fc.integer({ min: 4, max: 60 }),
      (bytes, cuts, limit) => {
        const source = Buffer.from(bytes.map((byte) => (byte % 16 === 0 ? 10 : byte)));
        const whole = new LineSplitter(limit);
        const expected = [...whole.push(source), whole.flush()];
        const splitter = new LineSplitter(limit);
        const at = [0, ...cuts.filter((cut) => cut < source.length).toSorted((a, b) => a - b), source.length];
        const found = at.slice(1).flatMap((end, index) => splitter.push(source.subarray(at[index], end)));
        expect(splitter.pendingBytes).toBeLessThanOrEqual(limit + 1);
        expect([...found, splitter.flush()]).toEqual(expected);
        for (const line of expected) expect(Buffer.byteLength(line ?? '')).toBeLessThanOrEqual(limit * 3 + 40);
      },
    ),
  ));

test('any bytes are a log that can be read page by page, each line once', () =>
  fuzz(60, () => {
    const directory = mkdtempSync(join(tmpdir(), 'xopc-fuzz-'));
    onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
    const path = join(directory, 'gateway.log');
    const content = fc.array(
      fc.oneof(
        anyLine.map((line) => Buffer.from(line)),
        fc.uint8Array({ maxLength: 60 }).map((bytes) => Buffer.from(bytes)),
      ),
      { maxLength: 20 },
    );
    return fc.asyncProperty(content, fc.integer({ min: 1, max: 5 }), async (lines, limit) => {
      const bytes = Buffer.concat(lines.flatMap((line) => [line, Buffer.from('\n')]));
      writeFileSync(path, bytes);
      const expected = bytes
        .toString('utf8')
        .split('\n')
        .map((line) => line.replace(/\r$/, ''))
        .filter((line) => line !== '');
      const found: string[] = [];
      let cursor: string | null | undefined;
      do {
        const page = await readLog(path, { limit, ...(cursor === undefined ? {} : { cursor }) } as Parameters<typeof readLog>[1]);
        found.unshift(...page.lines);
        cursor = page.nextCursor;
      } while (cursor !== null && found.length <= expected.length);
      expect(found).toEqual(expected);
    });
  }));

const PATTERN_PARTS = [
  '(',
  ')',
  '[',
  ']',
  '{1,3}',
  '{99}',
  '*',
  '+',
  '?',
  '|',
  '\\d',
  '\\b',
  '\\k<a>',
  '(?=a)',
  '(?<n>',
  '\\p{L}',
  '\\x',
  '^',
  '$',
  '.',
  'a',
  '\\',
  '\\u{1F600}',
  '(?i)',
  '[^',
  '-',
];

test('any pattern searches a log, or is refused with what is wrong', () =>
  fuzz(200, () =>
    fc.asyncProperty(
      fc.array(fc.oneof(fc.constantFrom(...PATTERN_PARTS), oddText()), { maxLength: 10 }),
      fc.array(anyLine, { maxLength: 5 }),
      async (parts, lines) => {
        try {
          const found = await createLineMatcher(parts.join('')).match(lines);
          expect(found).toHaveLength(lines.length);
        } catch (error) {
          if (!(error instanceof GatewayError)) throw error;
          expect(error.code).toBe('INVALID_REQUEST');
          expect(error.message).not.toMatch(/TypeError|undefined|\[object|RE2JS/);
        }
      },
    ),
  ));
