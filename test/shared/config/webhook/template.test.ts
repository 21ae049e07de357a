import { expect, test } from 'vitest';
import { parseTemplate, TemplateError } from '../../../../shared/config/webhook/template.js';
import { say } from '../../../../shared/text/reasons.js';

function problemOf(template: string): string | undefined {
  try {
    parseTemplate(template);
    return undefined;
  } catch (error) {
    if (error instanceof TemplateError) return say(error.reason);
    throw error;
  }
}

test.each([
  '', 'plain } text {', '{{ $ }}', '{{$.a}}', '{{ $.a.b-c[0][12]["any key"][\'x\'] }}', '{{ header.x-name }}', "{{ $.a ?? .b ?? 'or ?? | this' }}",
  '{{ $.a | line | 80 }}', '{{each $.list}}{{ . }} {{ .name }}{{/each}}', "{{ each $.a ?? 'x' }}{{/each}}{{each .}}{{/each}}", '{{ $["__proto__"].constructor }}',
])('%j is a template', (template) => expect(problemOf(template)).toBeUndefined()); // prettier-ignore

const hole = (at: number): string =>
  `has a placeholder at character ${at} that is neither a path such as $.list[0].name nor a text in quotation marks:`;

test.each([
  ['{{ }}', hole(1)],
  ['ab {{ a.b }}', hole(4)],
  ['{{ $a }}', hole(1)],
  ['{{ $..a }}', hole(1)],
  ['{{ $.a[x] }}', hole(1)],
  ['{{ $.a[-1] }}', hole(1)],
  ['{{ header }}', hole(1)],
  ['{{ $.a() }}', hole(1)],
  ['{{ $.a ?? }}', hole(1)],
  ['{{ $.a | upper }}', hole(1)],
  ['{{ $.a | 0 }}', hole(1)],
  ["{{ 'it's' }}", hole(1)],
  ['{{ process.env.HOME }}', hole(1)],
  [`{{ $${'.a'.repeat(17)} }}`, hole(1)],
  [`{{ ${'x'.repeat(9_000)} }}`, hole(1)],
  ['a {{ $.a', 'has an opening pair of braces at character 3 without a closing one'],
  ['{{each $.a}}', 'has an each at character 12'],
  ['{{each $.a}}{{each .b}}{{/each}}{{/each}}', 'has an each at character 13'],
  ['{{/each}}', 'has an each at character 1'],
  ['{{ $.a }}'.repeat(101), 'has more than 100 holes'],
])('%j is not: %s', (template, expected) => {
  const problem = problemOf(template);
  expect(problem).toContain(expected);
  expect(problem?.length).toBeLessThan(300);
});
