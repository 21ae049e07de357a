import fc from 'fast-check';
import { expect, test } from 'vitest';
import { decodeText, encodeText } from '../../../../daemon/worker/store/text.js';

test('every text comes back as it was stored, and none is stored with U+0000', () => {
  const text = fc.string({ unit: fc.constantFrom('\u0000', '\u001A', '0', '1', 'a', 'é', '🌍') });
  fc.assert(
    fc.property(text, (original) => {
      const stored = encodeText(original);
      expect(stored).not.toContain('\u0000');
      expect(decodeText(stored)).toBe(original);
    }),
    { numRuns: 2_000 },
  );
});
