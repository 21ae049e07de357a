/** Tracks long-lived answers, such as a followed log: each ends once its request would no longer be admitted. */
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
  /** Each with a check whether its request would be refused now. */
  readonly #open = new Map<ServerResponse, () => Promise<boolean>>();
  #isTimed = false;

  constructor(deps: AdmittedStreamsDeps) {
    this.#deps = deps;
  }

  /**
   * Watches the answer of an admitted request until its body ends or its client disconnects. @param needsToken  whether its route
   * always needs a token
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

  /** Never rejects. While the store is unavailable, nobody is disconnected. */
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
