/** Server-sent events, parsed while the response arrives. Source: HTML Standard, section 9.2. */

interface StreamedEvent {
  readonly name: string;
  /** Parsed JSON. */
  readonly data: unknown;
}

function parseBlock(block: string): StreamedEvent[] {
  const fields = block.split('\n').map((line) => /^(\w+): ?(.*)$/.exec(line));
  const values = (wanted: string): string[] => fields.flatMap((field) => (field?.[1] === wanted ? [field[2] ?? ''] : []));
  const data = values('data');
  return data.length === 0 ? [] : [{ name: values('event').at(-1) ?? 'message', data: JSON.parse(data.join('\n')) as unknown }];
}

/** The gateway sends at least a comment every 15 s. A connection that was lost may never report it. */
const SILENCE_MS = 40_000;

/** Yields the events until the stream ends, or has been silent for too long. Leaving the loop cancels the response. */
export async function* readEventStream(response: Response): AsyncGenerator<StreamedEvent> {
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
  if (reader === undefined) return;
  let rest = '';
  const cancel = (): Promise<void> => reader.cancel().catch(() => undefined);
  try {
    for (;;) {
      const timer = setTimeout(() => void cancel(), SILENCE_MS);
      const { done, value } = await reader.read().finally(() => clearTimeout(timer));
      if (done) return;
      const blocks = (rest + value).split('\n\n');
      rest = blocks.pop() ?? '';
      for (const block of blocks) yield* parseBlock(block);
    }
  } finally {
    await cancel();
  }
}
