/**
 * Whether this browser is signed in. The session is a cookie that scripts cannot read; neither the session nor the token is kept
 * here.
 */
import { signal } from '@preact/signals';
import type { PageSession } from '../../../shared/api/gateway/page-session.js';
import { type Call, failUnanswered, isActionOf, readError, send } from './call.js';

const PATH = '/api/page-session';

/** The gateway's last answer. */
export const session = signal<Omit<PageSession, 'status'>>({ signedIn: false, owner: false, needsToken: false, openToNetwork: false });

/** The sign-in at the start of the page, which never fails. Calls wait for it; the shell is shown before. */
export const entry = signal<Promise<void>>(Promise.resolve());

/** Why the sign-in screen is shown; undefined while it is not. */
type SignInReason = 'wanted' | 'ended' | 'linkUsed';

export const signInReason = signal<SignInReason | undefined>(undefined);

/** Callers that wait for the sign-in screen: true when the user has signed in, false when the screen is closed. */
const waiting = signal<readonly ((isSignedIn: boolean) => void)[]>([]);

/** Whether the user has closed the sign-in screen. It comes back only for what the user does. */
const isDeclined = signal(false);

export function askForSignIn(reason: SignInReason): Promise<boolean> {
  signInReason.value = reason;
  return new Promise((resolve) => {
    waiting.value = [...waiting.peek(), resolve];
  });
}

export function closeSignIn(isSignedIn: boolean): void {
  signInReason.value = undefined;
  isDeclined.value = !isSignedIn;
  const callers = waiting.peek();
  waiting.value = [];
  for (const resolve of callers) resolve(isSignedIn);
}

/**
 * Asks the gateway for a session: with the token, with the ticket of a one-time link, or, without either, with the session that
 * the browser has or as the owner on the gateway's machine.
 * @returns false if the token or ticket is refused. @throws ApiError
 */
export async function signIn(proof: { token?: string; link?: string } = {}): Promise<boolean> {
  const { token, link } = proof;
  const call = { method: 'POST', path: PATH, body: { link } } as const;
  const response = await send(call, token === undefined ? {} : { Authorization: `Bearer ${token}` });
  if (response.ok) {
    const { status: _status, ...answer } = (await response.json().catch((error: unknown) => failUnanswered(call, error))) as PageSession;
    session.value = answer;
    if (answer.signedIn) closeSignIn(true);
    return answer.signedIn;
  }
  if (response.status !== 401 && response.status !== 429) throw await readError(call, response);
  // A wrong token or link is refused even if none is needed.
  if (token === undefined && link === undefined) session.value = { ...session.peek(), signedIn: false, needsToken: true };
  return false;
}

/** Calls that are refused at the same time cause only one sign-in. */
const regaining = signal<Promise<boolean> | undefined>(undefined);

/**
 * Called when a call, or the socket, was refused. Signs in automatically if possible, otherwise asks the user.
 * @returns whether that succeeded
 */
export async function regainSession(call?: Call): Promise<boolean> {
  const reason = session.peek().signedIn ? 'ended' : 'wanted';
  if (signInReason.peek() === undefined) {
    regaining.value ??= signIn()
      .catch(() => false)
      .finally(() => (regaining.value = undefined));
    if (await regaining.value) return true;
    const isQuiet = call !== undefined && (call.isOptional === true || (isDeclined.peek() && !isActionOf(call)));
    if (isQuiet && !session.peek().needsToken) return false;
  }
  return askForSignIn(signInReason.peek() ?? reason);
}
