/** Answers that last, such as the log that somebody follows: each ends once its request would not be admitted any more. */
import type { ServerResponse } from 'node:http';
import type { Readable } from 'node:stream';
import type { Clock } from '../../../../shared/clock.js';
import { toGatewayError } from '../../../../shared/error-document.js';
import { SOCKET_LIMITS } from '../../../../shared/socket.js';
import { isCredentialRefusal } from '../../access/allowed.js';
import type { RequireToken } from '../admission/credentials.js';
import type { Gate } from '../admission/gate.js';
import type { HttpContext } from '../context.js';

export interface AdmittedStreamsDeps {
  readonly clock: Clock;
  readonly gate: Gate;
  readonly requireToken: RequireToken;
}

export class AdmittedStreams {
  readonly #deps: AdmittedStreamsDeps;
  /** With how to find out whether the request of each would be refused now. */
  readonly #open = new Map<ServerResponse, () => Promise<boolean>>();
  #isTimed = false;

  constructor(deps: AdmittedStreamsDeps) {
    this.#deps = deps;
  }

  /**
   * Watches the answer of an admitted request until its body ends, as it does when its client leaves.
   * @param needsToken  whether its route needs a token from everybody
   */
  note({ req, res, path }: HttpContext, { body, needsToken }: { body: Readable; needsToken: boolean }): void {
    if (body.destroyed) return;
    this.#open.set(res, () => this.#isRefused(req, { path, needsToken }));
    body.once('close', () => this.#open.delete(res));
    this.#keepTime();
  }

  /** Ends the streams whose requests would be refused now. @returns how many are watched */
  recheck(): number {
    for (const [response, isRefused] of this.#open) void isRefused().then((is) => is && response.destroy());
    return this.#open.size;
  }

  /** Never rejects. While the store cannot be asked, nobody is shut out. */
  async #isRefused(request: HttpContext['req'], { path, needsToken }: { path: string; needsToken: boolean }): Promise<boolean> {
    const { caller, refusal } = this.#deps.gate(request, path);
    if (refusal !== undefined && refusal.rule !== 'token') return refusal.rule !== 'unread';
    if (refusal === undefined && !needsToken) return false;
    return this.#deps.requireToken(caller).then(
      () => false,
      (error: unknown) => isCredentialRefusal(toGatewayError(error).code),
    );
  }

  /** Another worker may have ended a session. */
  #keepTime(): void {
    if (this.#isTimed) return;
    this.#isTimed = true;
    this.#deps.clock.after(SOCKET_LIMITS.windowMs, () => {
      this.#isTimed = false;
      if (this.recheck() > 0) this.#keepTime();
    });
  }
}
