import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type BlockEvent, Blocks, type ThinkingDisplay } from '../../daemon/worker/http/anthropic/blocks.js';
import { readSignature } from '../../daemon/worker/http/anthropic/signature.js';
import type { CompletionOutput } from '../../daemon/worker/models/completion-call.js';
import { messagesEvent } from '../../shared/api/anthropic/messages.js';
import { fuzz } from './fuzz.js';

type Action = { readonly type: 'text' | 'reasoning' | 'call' | 'write' | 'end'; readonly text: string; readonly pick: number };

const VENDORS = [
  undefined,
  { anthropic: { signature: 'sig' } },
  { anthropic: { redactedData: 'hidden' } },
  { google: { thoughtSignature: 's' } },
];

/** Plays what a provider could do: words at any time, and nothing of a call behind its end. */
function play(actions: readonly Action[]): CompletionOutput[] {
  const open: number[] = [];
  let count = 0;
  const outputs = actions.flatMap(({ type, text, pick }): CompletionOutput[] => {
    const index = open[pick % Math.max(1, open.length)];
    if (type === 'call') {
      open.push(count);
      count += 1;
      return [{ type: 'toolStart', index: count - 1, id: `t${count - 1}`, name: 'look' }];
    }
    if (type === 'text') return [{ type: 'text', text }];
    if (type === 'reasoning') {
      const vendor = VENDORS[pick % VENDORS.length];
      const end = { type: 'reasoningEnd' as const, ...(vendor === undefined ? {} : { vendor }) };
      return vendor?.anthropic !== undefined && 'redactedData' in vendor.anthropic ? [end] : [{ type: 'reasoning', text }, end];
    }
    if (index === undefined) return [];
    if (type === 'write') return [{ type: 'toolArguments', index, text }];
    if (type !== 'end') return [];
    open.splice(open.indexOf(index), 1);
    return [{ type: 'toolEnd', index }];
  });
  const usage = { inputTokens: 1, outputTokens: 1, cacheReadTokens: null, cacheWriteTokens: null, reasoningTokens: null };
  return [...outputs, { type: 'finish', reason: 'stop', usage }];
}

/** Reads the blocks of a stream as a client does. @throws where they do not follow each other */
function collect(events: readonly BlockEvent[]): { type: string; text: string; signature: string; id: string }[] {
  const blocks: ReturnType<typeof collect> = [];
  let isOpen = false;
  for (const event of events) {
    messagesEvent().parse(event);
    expect(isOpen).toBe(event.type !== 'content_block_start');
    expect(event.index).toBe(event.type === 'content_block_start' ? blocks.length : blocks.length - 1);
    isOpen = event.type !== 'content_block_stop';
    const last = blocks.at(-1);
    if (event.type === 'content_block_start') {
      const { content_block: block } = event;
      blocks.push({ type: block.type, text: '', signature: '', id: block.type === 'tool_use' ? block.id : '' });
    } else if (event.type === 'content_block_delta' && last !== undefined) {
      const { delta } = event;
      if (delta.type === 'signature_delta') last.signature += delta.signature;
      else last.text += delta.type === 'text_delta' ? delta.text : delta.type === 'thinking_delta' ? delta.thinking : delta.partial_json;
    }
  }
  expect(isOpen).toBe(false);
  return blocks;
}

const joined = (outputs: readonly CompletionOutput[], matches: (output: CompletionOutput) => boolean): string =>
  outputs.map((output) => (matches(output) && 'text' in output ? output.text : '')).join('');

test('whatever a model says, thinks and calls becomes blocks that follow each other, and nothing is lost', () =>
  fuzz(300, () => {
    const action = fc.record({
      type: fc.constantFrom('text' as const, 'reasoning' as const, 'call' as const, 'write' as const, 'write' as const, 'end' as const),
      text: fc.string({ minLength: 1, maxLength: 5 }),
      pick: fc.nat(11),
    });
    const display = fc.constantFrom<ThinkingDisplay>('shown', 'omitted', 'none');
    return fc.property(fc.array(action, { maxLength: 30 }), display, (actions, shown) => {
      const outputs = play(actions);
      const reader = new Blocks(shown);
      const blocks = collect(outputs.flatMap((output) => [...reader.read(output)]));
      const textOf = (type: string): string => blocks.flatMap((block) => (block.type === type ? [block.text] : [])).join('');
      expect(textOf('text')).toBe(joined(outputs, ({ type }) => type === 'text'));
      const calls = outputs.flatMap((output) => (output.type === 'toolStart' ? [output] : []));
      expect(blocks.flatMap(({ type, id, text }) => (type === 'tool_use' ? [[id, text]] : []))).toEqual(
        calls.map(({ id, index }) => [id, joined(outputs, (output) => output.type === 'toolArguments' && output.index === index)]),
      );
      if (shown === 'shown') expect(textOf('thinking')).toBe(joined(outputs, ({ type }) => type === 'reasoning'));
      for (const { type, signature } of blocks) expect(signature !== '').toBe(type === 'thinking');
    });
  }));

test('whatever a caller sends as a signature is read, and never as something that it is not', () =>
  fuzz(200, () => {
    const text = fc.oneof(
      fc.string(),
      fc.jsonValue().map((value) => `xopc_${Buffer.from(JSON.stringify(value)).toString('base64url')}`),
      fc.string().map((rest) => `xopc_${rest}`),
    );
    return fc.property(text, (signature) => {
      const { vendor = {}, text: carried = '' } = readSignature(signature);
      for (const data of Object.values(vendor)) expect(typeof data === 'object' && !Array.isArray(data)).toBe(true);
      expect(typeof carried).toBe('string');
    });
  }));
