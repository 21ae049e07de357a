/** The messages of a conversation. It follows the end while that is in view, and keeps its position otherwise. */
import { Fragment, type RefObject } from 'preact';
import { useEffect, useLayoutEffect, useMemo, useRef, useState } from 'preact/hooks';
import { approvals } from '../../../api/approvals.js';
import { Button } from '../../../components/button/button.js';
import { ErrorBox } from '../../../components/feedback/feedback.js';
import { isMarkdownSettled } from '../../../components/markdown/markdown.js';
import { Skeleton } from '../../../components/skeleton/skeleton.js';
import { approvalItems } from '../../../shell/approvals.js';
import { address } from '../../../shell/router.js';
import type { ChatModel, StoredMessage } from '../model/chat-model.js';
import { type LiveAnswer, shownText } from '../model/live-answer.js';
import { type Places, placeApprovals } from './place-approvals.js';
import { LiveMessage, Message, type MessageActions } from './message.js';
import { MessageFiles } from '../composer/file-list.js';
import { t } from '../text.js';
import { useShownSummary } from './shown-summary.js';
import { sayLive, sayRest, SILENCE } from './spoken.js';
import { placeVariants } from './variants.js';
import './transcript.css';

/** A scroll down to within this distance of the end follows the end again. */
const NEAR_PX = 60;
/** Sizes are rounded; positions are not. */
const AT_END_PX = 2;
/** Closer to the end, the button for the end would only cover text. */
const FAR_PX = 96;
/** After this time without an answer, the page offers to regenerate it. */
const LATE_MS = 8_000;
/** The same for a question with an earlier answer. */
const SOON_MS = 1_500;

/** How long the last words of an answer stay for a screen reader: after that, a user who reads on would find them twice. */
const SPOKEN_MS = 2_000;

/** How often a growing answer is rendered: faster than anyone reads, with a third of the work of rendering each frame. */
const LIVE_MS = 50;

/** Returns the answer that is written, updated at most once per interval. Its beginning and its end are shown at once. */
function useLive({ live, isAnswering }: ChatModel): LiveAnswer | undefined {
  const isWritten = isAnswering.value;
  const [, showAgain] = useState<LiveAnswer | undefined>(undefined);
  useEffect(() => {
    if (!isWritten) return undefined;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const stop = live.subscribe(() => {
      timer ??= setTimeout(() => {
        timer = undefined;
        showAgain(live.peek());
      }, LIVE_MS);
    });
    return () => {
      stop();
      clearTimeout(timer);
    };
  }, [live, isWritten]);
  return live.peek();
}

/** Rendered again as the answer grows, and nothing else with it. */
function Live({ model }: { model: ChatModel }) {
  const live = useLive(model);
  return live === undefined ? null : <LiveMessage live={live} />;
}

/** Announces the answer to a screen reader. */
function Announcer({ model }: { model: ChatModel }) {
  const live = useLive(model);
  const messages = model.messages.value;
  const [said, setSaid] = useState(SILENCE);
  useEffect(
    () => setSaid((before) => (live === undefined ? sayRest(before, messages) : sayLive(before, { ...live, text: shownText(live) }))),
    [live, messages],
  );
  useEffect(() => {
    if (said.turn !== undefined || said.words === '') return undefined;
    const timer = setTimeout(() => setSaid(SILENCE), SPOKEN_MS);
    return () => clearTimeout(timer);
  }, [said]);
  return (
    <p class="off-screen" aria-live="polite">
      {said.words}
    </p>
  );
}

interface PendingProps {
  readonly model: ChatModel;
  readonly question: StoredMessage;
  /** Whether its turn was ended before an answer. */
  readonly isOver: boolean;
  readonly retry: () => void;
  readonly choose: (messageId: string) => void;
}

function Pending({ model, question, isOver, retry, choose }: PendingProps) {
  const [isLate, setLate] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => setLate(true), question.replies === undefined ? LATE_MS : SOON_MS);
    return () => clearTimeout(timer);
  }, []);
  const earlier = question.replies?.at(-1);
  if (!isOver && (!model.isCurrent.value || !isLate))
    return (
      <p class="live-state">
        <span class="pulse" aria-hidden="true" />
        {t('waiting')}
      </p>
    );
  return (
    <div class="row live-state">
      {t('noAnswer')}
      <Button icon="retry" text={t('regenerate')} onClick={retry} />
      {earlier !== undefined && <Button icon="left" text={t('earlierAnswer')} onClick={() => choose(earlier)} />}
    </div>
  );
}

function useStickiness() {
  const element = useRef<HTMLDivElement>(null);
  const content = useRef<HTMLDivElement>(null);
  const isStuck = useRef(true);
  const lastTop = useRef(0);
  const [isAway, setAway] = useState(false);
  const toEnd = (): void => {
    isStuck.current = true;
    setAway(false);
    element.current?.scrollTo({ top: element.current.scrollHeight });
  };
  const distanceToEnd = (): number => {
    const { scrollTop = 0, scrollHeight = 0, clientHeight = 0 } = element.current ?? {};
    return scrollHeight - scrollTop - clientHeight;
  };
  const onScroll = (): void => {
    const { scrollTop = 0 } = element.current ?? {};
    const distance = distanceToEnd();
    // The text grows between scroll events: only a scroll up leaves the end, and only a scroll down returns to it.
    if (distance <= AT_END_PX || (distance < NEAR_PX && scrollTop > lastTop.current)) isStuck.current = true;
    else if (scrollTop < lastTop.current) isStuck.current = false;
    lastTop.current = scrollTop;
    setAway(!isStuck.current && distance > FAR_PX);
  };
  useLayoutEffect(() => {
    const keep = (): void => {
      if (element.current === null) return;
      if (!isStuck.current) return setAway(distanceToEnd() > FAR_PX);
      element.current.scrollTop = element.current.scrollHeight;
      lastTop.current = element.current.scrollTop;
    };
    // The frame is observed too: it shrinks when the box grows or a phone shows its keyboard.
    const observer = new ResizeObserver(keep);
    for (const { current } of [element, content]) if (current !== null) observer.observe(current);
    return () => observer.disconnect();
  }, []);
  const leaveEnd = (): void => {
    isStuck.current = false;
  };
  return { element, content, isAway, toEnd, leaveEnd, onScroll };
}

interface NamedMessageOptions {
  /** Whether the messages are in the document. */
  readonly isShown: boolean;
  readonly content: RefObject<HTMLElement | null>;
  readonly leaveEnd: () => void;
  readonly loadOlder: () => void;
}

/** Scrolls once to the message that the address names, after loading older messages until it is there. */
function useNamedMessage(model: ChatModel, { isShown, content, leaveEnd, loadOlder }: NamedMessageOptions): void {
  const id = address.value.query['message'];
  const shown = useRef<string | undefined>(undefined);
  const messages = model.messages.value;
  const isReady = model.isCurrent.value && isShown;
  useLayoutEffect(() => {
    if (id === undefined || shown.current === id || !isReady) return;
    const named = content.current?.querySelector(`[data-message="${CSS.escape(id)}"]`);
    if (named) {
      shown.current = id;
      leaveEnd();
      named.scrollIntoView({ block: 'center' });
    } else if (model.hasOlder.peek()) loadOlder();
  }, [id, messages, isReady]);
}

/** Keeps the position when earlier messages are added above it; at the top, a browser would jump to them. */
function useKeptPlace(element: RefObject<HTMLElement | null>, firstSeq: number | undefined): void {
  const last = useRef(firstSeq);
  const isPrepended = firstSeq !== undefined && last.current !== undefined && firstSeq < last.current;
  // During the render the document still has the old layout.
  const read = isPrepended ? element.current?.querySelector('article, .tool-row') : undefined;
  const top = read?.getBoundingClientRect().top ?? 0;
  last.current = firstSeq;
  useLayoutEffect(() => {
    if (read) element.current?.scrollBy({ top: read.getBoundingClientRect().top - top });
  }, [firstSeq]);
}

function useApprovals(session: string, messages: readonly StoredMessage[]): Places {
  const all = approvals.value;
  const own = useMemo(() => all.filter((approval) => approval.session === session), [all, session]);
  return useMemo(() => placeApprovals(own, messages), [own, messages]);
}

interface TranscriptProps extends MessageActions {
  readonly model: ChatModel;
  readonly canWrite: boolean;
  readonly loadOlder: () => void;
  readonly choose: (messageId: string) => void;
}

/** Returns stable functions that call the latest actions, so that a message renders again only when it changes. */
function useStableActions(actions: MessageActions & { choose: (messageId: string) => void }): typeof actions {
  const latest = useRef(actions);
  latest.current = actions;
  return useMemo(
    () => ({
      regenerate: () => latest.current.regenerate(),
      edit: (message) => latest.current.edit(message),
      fork: (message) => latest.current.fork(message),
      goOn: () => latest.current.goOn(),
      choose: (messageId) => latest.current.choose(messageId),
    }),
    [],
  );
}

export function Transcript({ model, canWrite, loadOlder, ...given }: TranscriptProps) {
  const { choose, ...actions } = useStableActions(given);
  const messages = model.messages.value;
  const waiting = model.outbox.entries.value;
  const { element, content, isAway, toEnd, leaveEnd, onScroll } = useStickiness();
  useKeptPlace(element, messages[0]?.seq);
  // Avoids showing anything that would change at once.
  const isReadable = isMarkdownSettled.value || messages.every(({ role }) => role === 'user');
  const isShown = isReadable && (model.isCurrent.value || messages.length > 0);
  useNamedMessage(model, { isShown, content, leaveEnd, loadOlder });
  const lastQuestion = messages.findLast(({ role }) => role === 'user');
  const last = messages.at(-1);
  const placed = useMemo(() => placeVariants(messages), [messages]);
  const summary = useShownSummary(model);
  const places = useApprovals(model.session, messages);
  const Approvals = approvalItems.component.value;
  const isQuiet = !model.canStop.value;
  const isOver = waiting.length === 0 && places.get('end')?.at(-1)?.state === 'cancelled';
  const isAwaiting = isQuiet && last?.role === 'user' && waiting.every(({ state }) => state !== 'sending');
  return (
    <div class="transcript" ref={element} onScroll={onScroll} tabIndex={0} role="region" aria-label={t('transcript')}>
      <div class="said" ref={content}>
        {!isShown && model.error.value === undefined && <Skeleton lines={5} />}
        {!isShown && model.error.value !== undefined && <ErrorBox error={model.error.value} retry={() => model.follow()} />}
        {isShown && model.hasOlder.value && <Button kind="quiet" text={t('older')} onClick={loadOlder} />}
        {(isShown ? messages : []).map((message) => (
          <Fragment key={message.seq}>
            {summary?.Line !== undefined && summary.beforeSeq === message.seq && <summary.Line session={model.session} id={summary.id} />}
            {Approvals !== undefined && places.has(message.seq) && <Approvals items={places.get(message.seq) ?? []} />}
            <Message
              {...{ message, choose }}
              canChange={isQuiet && canWrite}
              variants={placed.get(message.id)}
              isLastAnswer={message === last && message.role !== 'user' && lastQuestion !== undefined}
              {...actions}
            />
          </Fragment>
        ))}
        {isShown && Approvals !== undefined && <Approvals items={places.get('end') ?? []} session={model.session} />}
        {waiting
          .filter(({ state }) => state === 'sent')
          .map(({ key, content, attachments = [] }) => (
            <article key={key} class="message user pending" aria-label={t('you')}>
              {attachments.length > 0 && <MessageFiles files={attachments} />}
              <p class="plain">{content}</p>
              <p class="hint">{t('accepted')}</p>
            </article>
          ))}
        {isReadable && <Live model={model} />}
        {isAwaiting && canWrite && <Pending key={last.seq} question={last} retry={actions.regenerate} {...{ model, choose, isOver }} />}
      </div>
      {isAway && (
        <div class="to-end">
          <Button icon="down" text={t('newBelow')} onClick={toEnd} />
        </div>
      )}
      <Announcer model={model} />
    </div>
  );
}
