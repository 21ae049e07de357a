/** The menu of a conversation with its dialogs. Loaded once the conversation is shown and the browser is idle. */
import { hashOf, navigate } from '../../shell/router.js';
import { RenameDialog } from '../sessions/rename-dialog.js';
import type { SessionFacts } from '../sessions/session-actions.js';
import { type RowAction, SessionMenu, useActions } from '../sessions/session-menu.js';
import { TagDialog } from '../sessions/tag-dialog.js';

export default function ChatMenu({ session, reload }: { session: SessionFacts; reload: () => void }) {
  const { opened, act, close } = useActions({ changed: reload, clear: () => undefined });
  const onAct = (action: RowAction): void => {
    act(action, [session]);
    // The notice of the deletion offers undo.
    if (action === 'delete') navigate(hashOf('chat'));
  };
  return (
    <>
      <SessionMenu session={session} onAct={onAct} />
      {opened?.kind === 'rename' && <RenameDialog session={session} onClose={close} onDone={reload} />}
      {opened?.kind === 'tag' && <TagDialog sessions={[session]} known={[]} onClose={close} onDone={reload} />}
    </>
  );
}
