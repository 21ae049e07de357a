/** The bar at the lower edge while there are unsaved changes. It takes its own room, so that it never covers what is edited. */
import type { ComponentChildren } from 'preact';
import { useLayoutEffect, useState } from 'preact/hooks';
import { isGatewayAway } from '../../api/socket.js';
import type { Resource } from '../../api/use-resource.js';
import { Button } from '../../components/button/button.js';
import { Dialog } from '../../components/dialog/dialog.js';
import { ErrorBox } from '../../components/feedback/feedback.js';
import { useCommands } from '../../shell/commands.js';
import { t as shell } from '../../shell/text.js';
import { DiffView } from './diff-view.js';
import { t } from './text.js';

interface SaveBarProps {
  /** How much is changed. */
  readonly title: string;
  /** The number of errors, and a function that goes to the first. */
  readonly faults: number;
  readonly onFaults: () => void;
  /** Errors that are shown nowhere else. */
  readonly messages?: readonly string[];
  /** Additional effects of saving. */
  readonly note?: string | undefined;
  /** The text of the file before and after, for the review. */
  readonly diff: { readonly before: string; readonly after: string } | undefined;
  readonly isReady: boolean;
  readonly error: unknown;
  /** Why the changes could not be checked. Once they are, they can be saved. */
  readonly unchecked: Pick<Resource<unknown>, 'error' | 'reload'>;
  readonly onSave: () => Promise<void>;
  readonly onDiscard: () => void;
  /** Further buttons. */
  readonly children?: ComponentChildren;
}

export function SaveBar(props: SaveBarProps) {
  const { title, faults, onFaults, messages = [], note, diff, isReady, error, unchecked, onSave, onDiscard, children } = props;
  const [isReviewed, setReviewed] = useState(false);
  const [isBusy, setBusy] = useState(false);
  const save = async (): Promise<void> => {
    if (!isReady || isBusy) return;
    setBusy(true);
    await onSave();
    setBusy(false);
  };
  // It takes room from what is edited, which must stay in view.
  useLayoutEffect(() => document.activeElement?.scrollIntoView({ block: 'nearest' }), [messages.length]);
  useCommands([
    { id: 'config-save', label: t('saveAll'), icon: 'check', keys: 'mod+s', run: () => void save() },
    { id: 'config-discard', label: t('discardAll'), icon: 'close', run: onDiscard },
  ]);
  return (
    <div class="save-bar" role="region" aria-label={title}>
      {error !== undefined && <ErrorBox error={error} />}
      {unchecked.error !== undefined && <ErrorBox error={unchecked.error} retry={unchecked.reload} isStale={isGatewayAway()} />}
      {messages.map((message) => (
        <p key={message} class="save-message">
          {message}
        </p>
      ))}
      <div class="row">
        <strong class="number">{title}</strong>
        {faults > 0 && <Button kind="quiet" icon="warning" text={t('faults', { count: faults })} onClick={onFaults} />}
        {note !== undefined && <span class="muted save-note">{note}</span>}
        <span class="spread" />
        {children}
        {diff !== undefined && <Button kind="quiet" icon="diff" text={t('review')} onClick={() => setReviewed(true)} />}
        <Button text={shell('discard')} onClick={onDiscard} />
        <Button kind="primary" disabled={!isReady} isBusy={isBusy} text={shell('save')} onClick={() => void save()} />
      </div>
      {isReviewed && diff !== undefined && (
        <Dialog title={t('changes')} size="wide" onClose={() => setReviewed(false)}>
          <DiffView {...diff} label={t('changes')} />
        </Dialog>
      )}
    </div>
  );
}
