/** The composer: the draft, its keys, files, and the queue of messages. */
import { isComposing } from '../../../browser/is-composing.js';
import { late, loadAsked } from '../../../browser/late.js';
import type { ModelList } from '../../../../../shared/api/models.js';
import type { SessionTranscript } from '../../../../../shared/api/sessions.js';
import { FILE_LIMITS } from '../../../../../shared/file-limits.js';
import type { RefObject } from 'preact';
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';
import { isKeptInstead } from '../../../api/copy-mode.js';
import type { Resource } from '../../../api/use-resource.js';
import { Button, IconButton } from '../../../components/button/button.js';
import { CHAT_KEYS, useCommands } from '../../../shell/commands.js';
import { t as shell } from '../../../shell/text.js';
import type { ChatModel } from '../model/chat-model.js';
import { AttachButton, FileChips } from './file-list.js';
import { type DraftFiles, type FileNote, isPicture } from './files.js';
import { ModelChip, type ModelChoice, useModelChoice } from './model-chip.js';
import { focused, recorded } from '../model/new-chat.js';
import { type EditedMessage, type Entry, joinTexts, keptEdit, type Sender, writeEdit } from '../model/outbox.js';
import { Queue } from './queue.js';
import { type SlashCommand, SlashList, useSlashCommands } from './slash-commands.js';
import { t } from '../text.js';
import { TokenMeter } from './token-meter.js';
import { useText } from './use-text.js';
import './composer.css';

/** Longer text exceeds the largest box anyway, and measuring it would take seconds. */
const MEASURED_LENGTH = 20_000;

function grow(box: HTMLTextAreaElement | null): void {
  if (box === null) return;
  const most = window.innerHeight * 0.4;
  if (box.value.length <= MEASURED_LENGTH) box.style.height = 'auto';
  box.style.height = `${box.value.length > MEASURED_LENGTH ? most : Math.min(box.scrollHeight + 2, most)}px`;
}

/** Measures again when the box gets another width: its text then has other lines. */
function followWidth(box: HTMLTextAreaElement | null): () => void {
  let width = 0;
  const observer = new ResizeObserver(() => {
    if (box === null || box.clientWidth === width) return;
    width = box.clientWidth;
    grow(box);
  });
  if (box !== null) observer.observe(box);
  return () => observer.disconnect();
}

export interface ComposerProps {
  /** Undefined in a chat without a session. */
  readonly model?: ChatModel;
  readonly own?: Resource<SessionTranscript>;
  readonly models: ModelList | undefined;
  readonly queue: Sender;
  /** A line above the box. */
  readonly note?: string | undefined;
  /** The name of the stored draft: the session, or `new`. */
  readonly draftName: string;
  readonly editing?: EditedMessage | undefined;
  /** Begins to edit a sent message; undefined: cancels it. */
  readonly onEdit?: (message: EditedMessage | undefined) => void;
  readonly onEditLast?: () => void;
  readonly onSend: (content: string, files: readonly FileNote[]) => void;
  readonly draftFiles: DraftFiles;
}

const PAGE_SHARE = 0.85;

/** Page keys scroll the conversation unless the box itself scrolls. @returns whether it handled the key */
function turnPage({ key, currentTarget }: KeyboardEvent): boolean {
  const box = currentTarget as HTMLElement;
  const transcript = box.closest('.conversation')?.querySelector('.transcript');
  if ((key !== 'PageUp' && key !== 'PageDown') || box.scrollHeight > box.clientHeight) return false;
  transcript?.scrollBy({ top: transcript.clientHeight * (key === 'PageUp' ? -PAGE_SHARE : PAGE_SHARE) });
  return true;
}

interface KeyActions {
  readonly commands: readonly SlashCommand[];
  readonly text: string;
  readonly setText: (text: string) => void;
  readonly submit: () => void;
}

/** Handles Enter, the arrows and Tab. @returns the chosen command and the key handler */
function useKeys({ commands, text, setText, submit }: KeyActions, { model, editing, onEdit, onEditLast }: ComposerProps) {
  const [chosen, setChosen] = useState(0);
  const at = Math.min(chosen, commands.length - 1);
  const onKeyDown = (event: KeyboardEvent): void => {
    if (isComposing(event)) return;
    const isListed = commands.length > 0 && `/${commands[at]?.name}` !== text;
    if (isListed && (event.key === 'ArrowDown' || event.key === 'ArrowUp')) {
      setChosen((at + (event.key === 'ArrowDown' ? 1 : commands.length - 1)) % commands.length);
    } else if (isListed && event.key === 'Tab' && !event.shiftKey) setText(`/${commands[at]?.name ?? ''} `);
    else if (event.key === 'Enter' && !event.shiftKey && !event.altKey) submit();
    else if (event.key === 'ArrowUp' && text === '' && model?.isBusy.peek() !== true) onEditLast?.();
    else if (event.key === 'Escape' && editing !== undefined) onEdit?.(undefined);
    else if (turnPage(event)) return event.preventDefault();
    else return;
    event.preventDefault();
  };
  return { chosen: at, onKeyDown };
}

/** Accepts pasted files, except next to text: a copied table also contains a picture of itself. */
function pasteFiles(event: ClipboardEvent, add: (files: readonly File[]) => void): void {
  const files = [...(event.clipboardData?.files ?? [])];
  if (files.length === 0 || event.clipboardData?.types.includes('text/plain') === true) return;
  event.preventDefault();
  add(files);
}

function useSending(
  { model, draftName, editing, onSend, draftFiles }: ComposerProps,
  [text, setText]: readonly [string, (text: string) => void],
) {
  const [kept, setKept] = useState<readonly FileNote[]>([]);
  useLayoutEffect(() => setKept(editing?.files ?? []), [editing]);
  const count = kept.length + draftFiles.files.length;
  const canSend = (text.trim() !== '' || count > 0) && !draftFiles.isBusy;
  const submit = (): void => {
    if (!canSend) return;
    const session = model === undefined ? {} : { session: model.session };
    if (isKeptInstead({ method: 'POST', path: '/api/agent', body: { message: text, ...session } })) return;
    const files = [...kept, ...draftFiles.take()];
    setText('');
    onSend(text.trim() === '' ? files.map(({ name }) => name).join(', ') : text, files);
  };
  const shown = [...kept.map((note) => ({ ...note, key: note.id })), ...draftFiles.files];
  const remove = (key: string): void => {
    const files = kept.filter(({ id }) => id !== key);
    if (editing === undefined || files.length === kept.length) return draftFiles.remove(key);
    setKept(files);
    writeEdit(draftName, { ...keptEdit(draftName, editing), files });
  };
  return { canSend, submit, shown, remove };
}

/** Publishes the composer's height on the frame: notices stay above it. */
function usePublishedHeight(): RefObject<HTMLDivElement | null> {
  const root = useRef<HTMLDivElement>(null);
  useLayoutEffect(() => {
    const frame = root.current?.closest<HTMLElement>('.frame');
    const { current } = root;
    if (current === null || frame === null || frame === undefined) return undefined;
    const observer = new ResizeObserver(() => frame.style.setProperty('--composer-height', `${current.offsetHeight}px`));
    observer.observe(current);
    return () => {
      observer.disconnect();
      frame.style.removeProperty('--composer-height');
    };
  }, []);
  return root;
}

/**
 * The box grows with its text. It has the focus wherever that opens no keyboard on the screen, while a sent message is edited, and where
 * the box of a new chat had it.
 */
function useBox(text: string, { editing, draftName }: ComposerProps) {
  const box = useRef<HTMLTextAreaElement>(null);
  useEffect(() => grow(box.current), [text]);
  useEffect(() => followWidth(box.current), []);
  // Before the paint, so that the next key goes to the box.
  useLayoutEffect(() => {
    const takesOver = focused.peek() === draftName;
    if (takesOver) focused.value = undefined;
    if (editing !== undefined || takesOver || matchMedia('(pointer: fine)').matches) box.current?.focus();
  }, [editing, draftName]);
  return box;
}

export function Composer(props: ComposerProps) {
  const { model, queue, note, editing, onEdit, draftFiles } = props;
  const root = usePublishedHeight();
  const [text, setText] = useText(props);
  const box = useBox(text, props);
  const commands = useSlashCommands(text);
  const canStop = model?.canStop.value === true;
  // Not a turn that waits for a decision: a key pressed by accident would withdraw the question.
  const stopKeys = model?.isAnswering.value === true ? CHAT_KEYS.stop : undefined;
  const stop = (): void => model?.stop();
  const { canSend, submit, shown, remove } = useSending(props, [text, setText]);
  const choice = useModelChoice({ list: props.models, chat: model, own: props.own });
  const voice = useVoice(props, box);
  const { chosen, onKeyDown } = useKeys({ commands, text, setText, submit }, props);
  useCommands([
    { id: 'focus-box', label: t('placeholder'), keys: 'shift+escape', whileTyping: true, icon: 'edit', run: () => box.current?.focus() },
    ...(canStop ? [{ id: 'stop', label: t('stopAnswer'), keys: stopKeys, whileTyping: true, icon: 'stop' as const, run: stop }] : []),
  ]);
  const placeholder = t(model?.isBusy.value === true ? 'placeholderBusy' : 'placeholder');
  const onInput = ({ currentTarget }: { currentTarget: HTMLTextAreaElement }): void => setText(currentTarget.value);
  const onPaste = (event: ClipboardEvent): void => pasteFiles(event, draftFiles.add);
  const takeUp = ({ content, replaceFrom, attachments = [] }: Entry): void => {
    if (replaceFrom !== undefined) return onEdit?.({ messageId: replaceFrom, content, files: attachments });
    setText(joinTexts([content, text]));
    draftFiles.putBack(attachments);
  };
  return (
    <div class="composer" ref={root}>
      <Queue sender={queue} onEdit={editing === undefined ? takeUp : undefined} />
      {note !== undefined && <p class="hint">{note}</p>}
      {editing !== undefined && <EditNote onCancel={() => onEdit?.(undefined)} />}
      <SlashList commands={commands} chosen={chosen} onChoose={setText} />
      <div class="box">
        <FileChips files={shown} onRetry={draftFiles.retry} onRemove={remove} />
        {shown.some(isPicture) && <PictureNote choice={choice} />}
        <textarea ref={box} rows={1} dir="auto" aria-label={t('message')} value={text} {...{ placeholder, onInput, onKeyDown, onPaste }} />
        {voice.bar}
        {voice.bar === undefined && (
          <div class="box-row">
            <AttachButton onFiles={draftFiles.add} />
            {voice.begin !== undefined && <IconButton icon="microphone" label={t('record')} onClick={voice.begin} />}
            <ModelChip choice={choice} />
            <TokenMeter chat={model} choice={choice} />
            {canStop && <RoundButton icon="stop" label={t('stop')} onClick={stop} />}
            {(!canStop || canSend) && <RoundButton kind="primary" icon="send" label={t('send')} disabled={!canSend} onClick={submit} />}
          </div>
        )}
      </div>
    </div>
  );
}

function RoundButton(props: Parameters<typeof IconButton>[0]) {
  return (
    <span class="round">
      <IconButton {...props} />
    </span>
  );
}

const recording = late(async () => (await import('./recording.js')).Recording);

/** Whether the browser can record, and allows a page at this address to use the microphone. */
const canRecord = (): boolean => window.isSecureContext && 'MediaRecorder' in window && 'mediaDevices' in navigator;

/** Returns the button that starts a voice message, if one can be recorded and transcribed, and the component shown while recording. */
function useVoice({ model, models, draftFiles }: ComposerProps, box: RefObject<HTMLTextAreaElement | null>) {
  const [isOpen, setOpen] = useState(false);
  const transcription = models?.transcription ?? null;
  const start = (): void => void loadAsked(recording).then(setOpen);
  const begin = transcription !== null && canRecord() ? start : undefined;
  useCommands(begin === undefined ? [] : [{ id: 'record', label: t('record'), icon: 'microphone', run: begin }]);
  const onEnd = (file: File | undefined): void => {
    setOpen(false);
    box.current?.focus();
    if (file !== undefined) draftFiles.add([file], true);
  };
  const Recording = recording.component.value;
  const isShown = isOpen && Recording !== undefined && transcription !== null;
  useLayoutEffect(() => {
    if (model !== undefined || !isShown) return undefined;
    let end = (): void => undefined;
    recorded.value = new Promise((resolve) => (end = resolve));
    return end;
  }, [isShown]);
  return {
    begin,
    bar: isShown ? <Recording limitSeconds={transcription.maxSeconds} limitBytes={FILE_LIMITS.maxMediaBytes} onEnd={onEnd} /> : undefined,
  };
}

function PictureNote({ choice: { info } }: { choice: ModelChoice }) {
  if (info === undefined || info.input.includes('image')) return null;
  return <p class="hint box-note">{t('noPictures', { model: info.name })}</p>;
}

function EditNote({ onCancel }: { onCancel: () => void }) {
  return (
    <p class="row hint">
      {t('editing')} <Button kind="quiet" text={shell('cancel')} onClick={onCancel} />
    </p>
  );
}
