/** The log service in memory: one entry, whatever is asked. */
import type { Services } from '../../daemon/worker/http/services.js';

export function fakeLogService(calls: { name: string; input: unknown }[]): Services['logs'] {
  const entries = [{ level: 'info', msg: 'hello' }];
  return {
    query(query) {
      calls.push({ name: 'logs.query', input: query });
      return Promise.resolve({ entries, nextCursor: null, end: 'e' });
    },
    count(query) {
      calls.push({ name: 'logs.count', input: query });
      return Promise.resolve({ counts: { fatal: 0, error: 0, warn: 0, info: 1, debug: 0, trace: 0, other: 0 }, complete: true });
    },
    async *follow(query) {
      calls.push({ name: 'logs.follow', input: query });
      await Promise.resolve();
      yield { type: 'lines', entries };
      yield { type: 'gap', reason: 'rotated' };
    },
    async *download(choice) {
      calls.push({ name: 'logs.download', input: choice });
      await Promise.resolve();
      yield `${JSON.stringify(entries[0])}\n`;
    },
  };
}
