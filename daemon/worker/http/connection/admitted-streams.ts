/** Answers that last, such as the log that somebody follows: each ends once its request would not be admitted any more. */
import type { Clock } from '../../../../shared/clock.js';
import { toGatewayError } from '../../../../shared/error-document.js';
import { SOCKET_LIMITS } from '../../../../shared/socket.js';
import type { RequireToken } from '../admission/credentials.js';
import type { Gate } from '../admission/gate.js';
import type { HttpContext } from '../context.js';
import type { Connections } from './connections.js';

export interface AdmittedStreamsDeps {
  readonly clock: Clock;
  readonly gate: Gate;
  readonly requireToken: RequireToken;
  readonly connections: Pick<Connections, 'watch' | 'endRefused'>;
}

export class AdmittedStreams {
  readonly #deps: AdmittedStreamsDeps;
  #isTimed = false;

  constructor(deps: AdmittedStreamsDeps) {
    this.#deps = deps;
  }

  /** Watches the answer of an admitted request until it ends. @param needsToken  whether its route needs a token from everybody */
  note({ req, res, path }: HttpContext, needsToken: boolean): void {
    this.#deps.connections.watch(res, () => this.#isRefused(req, { path, needsToken }));
    this.#keepTime();
  }

  /** Ends the streams whose requests would be refused now. @returns how many are watched */
  recheck(): number {
    return this.#deps.connections.endRefused();
  }

  /** Never rejects. While the store cannot be asked, nobody is shut out. */
  async #isRefused(request: HttpContext['req'], { path, needsToken }: { path: string; needsToken: boolean }): Promise<boolean> {
    const { caller, refusal } = this.#deps.gate(request, path);
    if (refusal !== undefined && refusal.rule !== 'token') return refusal.rule !== 'unread';
    if (refusal === undefined && !needsToken) return false;
    return this.#deps.requireToken(caller).then(
      () => false,
      (error: unknown) => ['UNAUTHORIZED', 'RATE_LIMITED'].includes(toGatewayError(error).code),
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
