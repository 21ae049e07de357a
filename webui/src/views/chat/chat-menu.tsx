/** The menu of a conversation with its dialogs. Loaded once the conversation is shown and the browser is idle. */
import { attempt } from '../../components/toast/toast.js';
import { hashOf, navigateLater } from '../../shell/router.js';
import { RenameDialog } from '../sessions/rename-dialog.js';
import { remove, type SessionFacts } from '../sessions/session-actions.js';
import { type RowAction, SessionMenu, useActions } from '../sessions/session-menu.js';
import { TagDialog } from '../sessions/tag-dialog.js';

export default function ChatMenu({ session, reload }: { session: SessionFacts; reload: () => void }) {
  const { opened, act, close } = useActions({ changed: reload, deselect: () => () => undefined });
  const onAct = (action: RowAction): void => {
    if (action !== 'delete') return act(action, [session]);
    const navigateThen = navigateLater();
    // The notice of the deletion offers undo.
    void attempt(() => remove([session], () => undefined)).then((isDone) => isDone && navigateThen(hashOf('chat')));
  };
  return (
    <>
      <SessionMenu session={session} onAct={onAct} />
      {opened?.kind === 'rename' && <RenameDialog session={session} onClose={close} onDone={reload} />}
      {opened?.kind === 'tag' && <TagDialog sessions={[session]} known={[]} onClose={close} onDone={reload} />}
    </>
  );
}
