/** A call that waits for a decision, with the information needed to decide; once decided, a single line. */
import { useLayoutEffect, useRef, useState } from 'preact/hooks';
import type { ApprovalDocument, DecisionRequest } from '../../../../../shared/api/tools/approvals.js';
import { apiPath, type Call, request } from '../../../api/client.js';
import { NotDone } from '../../../api/copy-mode.js';
import { isComposing } from '../../../browser/is-composing.js';
import { Button } from '../../../components/button/button.js';
import { channelName } from '../../../components/channel-name/channel-name.js';
import { CopyCommand } from '../../../components/copy-command/copy-command.js';
import { TextField } from '../../../components/field/field.js';
import { Icon } from '../../../components/icon/icon.js';
import { Markdown } from '../../../components/markdown/markdown.js';
import { Menu } from '../../../components/menu/menu.js';
import { Ago, clockTime, fullTime } from '../../../components/time-text/time-text.js';
import { showError } from '../../../components/toast/toast.js';
import { CHAT_KEYS, commands, keysText, useCommands } from '../../../shell/commands.js';
import { t as shell } from '../../../shell/text.js';
import { readApproval } from './follow.js';
import { ToolInput } from './tool-input.js';
import { t } from './text.js';

type Approval = ApprovalDocument;

function decideCall({ id }: Approval, body: DecisionRequest): Call {
  return { method: 'POST', path: apiPath('/api/approvals/:id/decide', { id: String(id) }), body };
}

/** Decides once. If someone else was faster, the card shows their decision. */
function useDecision(approval: Approval) {
  const [isBusy, setBusy] = useState(false);
  const decide = async (body: DecisionRequest): Promise<void> => {
    setBusy(true);
    const hadFocus = document.activeElement?.matches('.approval *') === true;
    try {
      await request(decideCall(approval, body)).catch(async (error: unknown) => {
        const now = error instanceof NotDone ? approval : await readApproval(approval.id).catch(() => approval);
        if (now.state === 'pending') throw error;
      });
      await readApproval(approval.id).catch(() => undefined);
      if (hadFocus) (document.querySelector<HTMLElement>('.box > textarea') ?? document.querySelector<HTMLElement>('.transcript'))?.focus();
    } catch (error) {
      if (!(error instanceof NotDone)) showError(error);
    } finally {
      setBusy(false);
    }
  };
  return { isBusy, decide };
}

type Decision = ReturnType<typeof useDecision>;

function DenyForm({ isBusy, decide, onCancel }: Decision & { onCancel: () => void }) {
  const [note, setNote] = useState('');
  const form = useRef<HTMLFormElement>(null);
  useLayoutEffect(() => form.current?.querySelector('input')?.focus(), []);
  const submit = (event: Event): void => {
    event.preventDefault();
    void decide({ decision: 'deny', ...(note.trim() === '' ? {} : { note: note.trim() }) });
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    if (isComposing(event)) return;
    if (event.key !== 'Escape') return;
    event.preventDefault();
    onCancel();
  };
  return (
    <form class="approval-deny" ref={form} onSubmit={submit} onKeyDown={onKeyDown}>
      <TextField label={t('note')} hint={t('noteText')} value={note} onInput={setNote} />
      <div class="row">
        <Button kind="danger" type="submit" text={t('deny')} isBusy={isBusy} />
        <Button kind="quiet" text={shell('cancel')} onClick={onCancel} />
      </div>
    </form>
  );
}

/** The keys of a command, as the user has them. */
function Keys({ of }: { of: string }) {
  const keys = commands.value.find(({ id }) => id === of)?.keys;
  return keys === undefined ? null : <kbd aria-hidden="true">{keysText(keys)}</kbd>;
}

interface CardProps {
  readonly approval: Approval;
  /** Whether keys decide about this card. */
  readonly isFirst: boolean;
}

function Decide({ approval, isFirst }: CardProps) {
  const decision = useDecision(approval);
  const [isDenying, setDenying] = useState(false);
  const row = useRef<HTMLDivElement>(null);
  const wasDenying = useRef(false);
  useLayoutEffect(() => {
    if (!isDenying && wasDenying.current) row.current?.querySelectorAll('button')[1]?.focus();
    wasDenying.current = isDenying;
  }, [isDenying]);
  const { agentId, tool } = approval;
  const approve = (remember?: 'session' | 'agent'): void =>
    void decision.decide({ decision: 'approve', ...(remember === undefined ? {} : { remember }) });
  // A letter alone, even with Shift, would begin a message, because the box has the focus.
  const keyed = [
    { id: 'approve', label: t('approveTool', { tool }), icon: 'check' as const, keys: CHAT_KEYS.approve, run: () => approve() },
    { id: 'deny', label: t('denyTool', { tool }), icon: 'close' as const, keys: CHAT_KEYS.deny, run: () => setDenying(true) },
  ];
  useCommands(isFirst ? keyed : []);
  if (isDenying) return <DenyForm {...decision} onCancel={() => setDenying(false)} />;
  const { isBusy } = decision;
  return (
    <div class="row" ref={row}>
      <Button kind="primary" icon="check" text={t('approve')} about={tool} isBusy={isBusy} onClick={() => approve()}>
        {isFirst && <Keys of="approve" />}
      </Button>
      <Button text={t('denyWith')} about={tool} disabled={isBusy} onClick={() => setDenying(true)}>
        {isFirst && <Keys of="deny" />}
      </Button>
      <Menu
        label={t('always')}
        text={t('always')}
        align="start"
        items={[
          { label: t('always_session'), run: () => approve('session') },
          { label: t('always_agent', { agent: agentId }), run: () => approve('agent') },
        ]}
      />
      <CopyCommand call={() => decideCall(approval, { decision: 'approve' })} isMenu />
    </div>
  );
}

export function ApprovalCard({ approval, isFirst }: CardProps) {
  const { id, tool, said, input, expiresAt } = approval;
  return (
    <article class="approval" aria-label={t('cardLabel', { tool, id })}>
      <header>
        <Icon name="tool" />
        <h3>
          {t('asks')} <code>{tool}</code>
        </h3>
        <span class="hint">
          {t('number', { id })} · <Ago at={expiresAt} text={(time) => t('expires', { time })} />
        </span>
      </header>
      {said !== '' && (
        <blockquote>
          <Markdown text={said} />
        </blockquote>
      )}
      <ToolInput input={input} />
      <Decide {...{ approval, isFirst }} />
    </article>
  );
}

function whoOf({ decidedBy }: Approval): string {
  if (decidedBy === null) return '';
  const { via, name } = decidedBy;
  const place = via === 'page' ? t('viaPage') : via === 'command' ? t('viaCommand') : channelName(via);
  return name === null ? place : `${place}, ${name}`;
}

/** The outcome of a call that needed a decision. */
export function ApprovalLine({ approval }: { approval: Approval }) {
  const { id, tool, state, decidedAt, remember, note, agentId } = approval;
  if (state === 'pending') return null;
  const facts = [
    whoOf(approval),
    remember === null ? '' : t(`always_${remember}`, { agent: agentId }),
    note ?? '',
    decidedAt === null ? '' : clockTime(decidedAt),
  ].filter((fact) => fact !== '');
  return (
    <p class="approval-line" title={decidedAt === null ? undefined : `${t('number', { id })} · ${fullTime(Date.parse(decidedAt))}`}>
      <Icon name={state === 'approved' ? 'check' : 'close'} size={14} />
      <span>
        <code>{tool}</code> {[t(`is_${state}`), ...facts].join(' · ')}
      </span>
    </p>
  );
}
