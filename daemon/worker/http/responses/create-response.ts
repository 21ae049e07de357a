/** Answers a request for a response, whole or as a stream. A response is stored before its caller gets the id, and its end before the caller gets the end. */
import type { ResponseDocument } from '../../../../shared/api/responses/document.js';
import type { ResponseEvent } from '../../../../shared/api/responses/events.js';
import type { Clock } from '../../../../shared/clock.js';
import { toGatewayError } from '../../../../shared/error-document.js';
import { GatewayError } from '../../../../shared/errors.js';
import { comment, serverSentEvent } from '../../../../shared/node/server-sent-events.js';
import type { CompletionOutput } from '../../models/completion-call.js';
import type { PreparedResponse, ResponseService } from '../../responses/responses.js';
import { ResponseWriter } from '../../responses/response-writer.js';
import { collectedOutputs, outputsOf } from '../completion-outputs.js';
import type { StreamReport } from '../event-answer.js';
import type { PulledEvents } from '../connection/pulled-events.js';

export interface RunningResponse {
  readonly responses: Pick<ResponseService, 'begin' | 'end'>;
  readonly prepared: PreparedResponse;
  readonly events: PulledEvents<CompletionOutput>;
  readonly clock: Clock;
}

export const eventText = (events: readonly ResponseEvent[]): string => events.map((event) => serverSentEvent(event.type, event)).join('');

/**
 * Returns the error for a response that could not be stored. An SDK would repeat the request after a temporary error, and ask the
 * session again; only with a key does a repetition get the stored turn.
 */
function notStored(error: unknown, { session, idempotency }: PreparedResponse['call']): unknown {
  if (session === undefined || idempotency !== undefined || !toGatewayError(error).spec.retryable) return error;
  return new GatewayError('CONFLICT', {
    message: `the question was answered in the session '${session.name}', but the response could not be stored`,
    hint: 'Read the answer in the session; another request would ask the question again.',
    details: { session: session.name },
    cause: error,
  });
}

/** @throws the completion's error, after which nothing is stored; CONFLICT if only its session has the answer */
export async function collectResponse({ responses, prepared, events, clock }: RunningResponse): Promise<ResponseDocument> {
  const writer = new ResponseWriter(prepared.document);
  for await (const output of collectedOutputs(events)) if (output.type !== 'error') writer.write(output, clock.now());
  try {
    await responses.begin(prepared, writer.document);
  } catch (error) {
    throw notStored(error, prepared.call);
  }
  return writer.document;
}

/** The stream of one response. */
class ResponseStream {
  readonly #running: RunningResponse;
  readonly #report: StreamReport;
  readonly #writer: ResponseWriter;
  #isOpen = false;

  constructor(running: RunningResponse, report: StreamReport) {
    this.#running = running;
    this.#report = report;
    this.#writer = new ResponseWriter(running.prepared.document);
  }

  async *text(): AsyncGenerator<string> {
    const { responses, prepared, events } = this.#running;
    try {
      await responses.begin(prepared, this.#writer.document);
      this.#isOpen = true;
      yield eventText(this.#writer.begin('response.created', 'response.in_progress'));
      yield* this.#outputs();
    } catch (thrown) {
      // It could not be stored.
      const error = toGatewayError(thrown);
      this.#report.onError(error);
      yield eventText([this.#writer.error(error)]);
    } finally {
      events.close();
      if (this.#isOpen)
        await this.#fail(new GatewayError('UNAVAILABLE', { message: 'the caller closed the stream' })).catch(() => undefined);
    }
  }

  async *#outputs(): AsyncGenerator<string> {
    const { events, clock } = this.#running;
    try {
      for await (const output of outputsOf(events)) {
        if (output === undefined) yield comment('heartbeat');
        else if (output.type !== 'error') {
          const text = eventText(this.#writer.write(output, clock.now()));
          if (output.type === 'finish') await this.#end();
          yield text;
        }
      }
    } catch (thrown) {
      if (!this.#isOpen) throw thrown;
      const error = toGatewayError(thrown);
      this.#report.onError(error);
      yield await this.#fail(error);
    }
  }

  async #fail(error: GatewayError): Promise<string> {
    const text = eventText(this.#writer.fail(error, this.#running.clock.now()));
    await this.#end();
    return text;
  }

  async #end(): Promise<void> {
    this.#isOpen = false;
    await this.#running.responses.end(this.#writer.document);
  }
}

/** A failure after the first output is sent as an event too. */
export const streamResponse = (running: RunningResponse, report: StreamReport): AsyncGenerator<string> =>
  new ResponseStream(running, report).text();

/** The stream of a background response, which continues without this reader. */
export async function* followedText(
  pieces: AsyncGenerator<ResponseEvent[] | undefined>,
  { onError, after }: { readonly onError: (error: GatewayError) => void; readonly after: number },
): AsyncGenerator<string> {
  let seen = Math.max(after, 0);
  try {
    for await (const events of pieces) {
      seen = events?.at(-1)?.sequence_number ?? seen;
      yield events === undefined ? comment('heartbeat') : eventText(events);
    }
  } catch (thrown) {
    const error = toGatewayError(thrown);
    onError(error);
    // The number of the last event: the reader continues after it.
    yield eventText([{ type: 'error', code: 'server_error', message: error.message, param: null, sequence_number: seen }]);
  }
}
