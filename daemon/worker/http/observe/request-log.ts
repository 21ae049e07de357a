/** One line and one count per request when its answer has been sent: debug, failures info, our own failures warn. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Clock } from '../../../../shared/clock.js';
import type { ErrorCode } from '../../../../shared/errors.js';
import type { ClientAddress } from '../admission/client-address.js';
import { type HttpLogger, PAGE_LINKS } from '../context.js';
import type { RequestStats } from './request-stats.js';
import { traceOf } from './trace.js';

const MAX_PATH_LENGTH = 200;

/** What is known of a request when it has ended. */
export interface EndedRequest {
  readonly request: IncomingMessage;
  readonly requestId: string;
  readonly method: string;
  readonly path: string;
  /** The path of the route that it was for, as the route has it. */
  readonly route: string;
  /** Undefined where it was refused before that was looked at. */
  readonly client: ClientAddress | undefined;
  readonly errorCode: ErrorCode | undefined;
}

/** A ticket that was not taken yet opens the gateway. */
function shownPath(path: string): string {
  return path.startsWith(PAGE_LINKS) ? `${PAGE_LINKS}…` : path.slice(0, MAX_PATH_LENGTH);
}

function fieldsOf(
  { request, requestId, method, path, client, errorCode }: EndedRequest,
  response: ServerResponse,
  durationMs: number,
): object {
  const { statusCode, headersSent, writableFinished } = response;
  return {
    requestId,
    ...traceOf(request),
    method,
    // Without the query: callers put secrets there.
    path: shownPath(path),
    ...(headersSent ? { status: statusCode } : {}),
    durationMs,
    ...(errorCode === undefined ? {} : { code: errorCode }),
    ...(client === undefined ? {} : { client: client.address }),
    ...(writableFinished ? {} : { aborted: true }),
  };
}

export class RequestLog {
  readonly #logger: HttpLogger;
  readonly #clock: Clock;
  readonly #stats: RequestStats;

  constructor({ logger, clock, stats }: { logger: HttpLogger; clock: Clock; stats: RequestStats }) {
    this.#logger = logger;
    this.#clock = clock;
    this.#stats = stats;
  }

  /**
   * The request has begun.
   * @param ended  asked when its answer has been sent, or never will be
   */
  begin(response: ServerResponse, ended: () => EndedRequest): void {
    const startedAtMs = this.#clock.now();
    // One listener for both: a stream's answer has many already.
    response.once('close', () => {
      const durationMs = this.#clock.now() - startedAtMs;
      const request = ended();
      this.#stats.note(request, response, durationMs);
      this.#write(request, response, durationMs);
    });
  }

  #write(request: EndedRequest, response: ServerResponse, durationMs: number): void {
    const { statusCode, headersSent } = response;
    // The fields of a line that is not written cost more than all else here.
    if ((!headersSent || statusCode < 400) && !this.#logger.isDebugging()) return;
    const fields = fieldsOf(request, response, durationMs);
    if (!headersSent) this.#logger.debug(fields, 'the client went away unanswered');
    else if (statusCode >= 500) this.#logger.warn(fields, 'request failed');
    else if (statusCode >= 400) this.#logger.info(fields, 'request refused');
    else this.#logger.debug(fields, 'request');
  }
}
