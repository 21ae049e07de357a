/**
 * The chats that this tab follows: the one that is shown, and those with messages to send or an answer to stop, whatever view is shown.
 * A connection follows a session once, so there is one model per session.
 */
import { effect } from '@preact/signals';
import { showToast } from '../../../components/toast/toast.js';
import { hashOf, navigate } from '../../../shell/router.js';
import { t } from '../text.js';
import { ChatModel } from './chat-model.js';
import { Outbox, rescueText, sessionsToSend } from './outbox.js';

interface OpenChat {
  readonly model: ChatModel;
  isShown: boolean;
  /** Undefined before it is opened. */
  stop: (() => void) | undefined;
}

class OpenChats {
  readonly #chats = new Map<string, OpenChat>();

  model(session: string): ChatModel {
    return this.#find(session).model;
  }

  /**
   * Follows a session while it is shown, and afterwards until its messages are sent. Called in the task that asked for the model: later, the
   * model may be closed already. @returns a function to call when the session is hidden
   */
  show({ session }: ChatModel): () => void {
    const chat = this.#find(session);
    chat.isShown = true;
    this.#open(chat);
    return () => {
      chat.isShown = false;
      this.#closeIfDone(chat);
    };
  }

  /** Sends waiting messages of sessions that are not shown. */
  sendWaiting(): void {
    for (const session of sessionsToSend()) this.#open(this.#find(session));
  }

  /** Called when a session was deleted. A session followed here detects this itself; any other may have a draft. */
  rescueDraft(session: string): void {
    if (!this.#chats.has(session)) rescueText(new Outbox(session));
  }

  #find(session: string): OpenChat {
    const known = this.#chats.get(session);
    if (known !== undefined) return known;
    const made: OpenChat = { model: new ChatModel(session), isShown: false, stop: undefined };
    this.#chats.set(session, made);
    return made;
  }

  #open(chat: OpenChat): void {
    if (chat.stop !== undefined) return;
    chat.model.open();
    chat.stop = effect(() => this.#closeIfDone(chat));
  }

  #close(chat: OpenChat): void {
    if (chat.stop === undefined) return;
    this.#chats.delete(chat.model.session);
    chat.stop();
    chat.stop = undefined;
    chat.model.close();
    const { outbox, error, session } = chat.model;
    const isLeft = outbox.entries.peek().length > 0;
    if (error.peek()?.code !== 'SESSION_NOT_FOUND') {
      if (isLeft) report('notSent', hashOf('chat', [session]));
    } else if (isLeft && rescueText(outbox)) report('rescuedElsewhere', hashOf('chat'));
  }

  /** Also runs when the outbox, the answer or the error changes. */
  #closeIfDone(chat: OpenChat): void {
    if (isWanted(chat)) return;
    // Not within the effect that it ends; and it may be shown again by then.
    queueMicrotask(() => {
      if (!isWanted(chat)) this.#close(chat);
    });
  }
}

function isWanted({ model, isShown }: OpenChat): boolean {
  const entries = model.outbox.entries.value;
  const isToStop = model.isToStop.value;
  const isGone = model.error.value?.code === 'SESSION_NOT_FOUND';
  return isShown || (!isGone && (isToStop || entries.some(({ state }) => state !== 'failed')));
}

function report(text: 'rescuedElsewhere' | 'notSent', hash: string): void {
  showToast({ text: t(text), kind: 'error', action: { label: t('openChat'), run: () => navigate(hash) } });
}

export const openChats = new OpenChats();
