/** A chat without a session: a greeting, or the way to a first model, above the composer. */
import type { ComponentType } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import type { ModelList } from '../../../../shared/api/models.js';
import { connection } from '../../api/socket.js';
import { Button } from '../../components/button/button.js';
import { Empty } from '../../components/feedback/feedback.js';
import { attempt } from '../../components/toast/toast.js';
import { ChatHead } from './chat-head.js';
import { Composer } from './composer/composer.js';
import { FileDrop } from './composer/file-list.js';
import { useDraftFiles } from './composer/files.js';
import { hasProvider, useModels } from './composer/model-chip.js';
import { newChat } from './model/new-chat.js';
import { NEW, rescuedFrom } from './model/outbox.js';
import { t } from './text.js';

/** @returns the default model, unless it is the built-in guide */
function unusableDefault({ defaults }: ModelList): string | undefined {
  const model = defaults[0]?.model;
  return model?.startsWith('xopc/') === true ? undefined : model;
}

/** Next steps if only the built-in guide can answer. @param props.model  the default model, for which there is no provider */
function NoModel({ model }: { model: string | undefined }) {
  const [FirstModel, setFirstModel] = useState<ComponentType<{ onClose: () => void }> | undefined>(undefined);
  // Once there is a model, the button with the focus is gone.
  useEffect(
    () => () => {
      if (document.activeElement === document.body) document.querySelector<HTMLElement>('.box > textarea')?.focus();
    },
    [],
  );
  const open = (): void =>
    void attempt(async () => {
      const loaded = await import('../models/main.js');
      setFirstModel(() => loaded.FirstModel);
    });
  return (
    <>
      <Empty title={t('guideTitle')} icon="models" action={<Button kind="primary" icon="plus" text={t('guideAction')} onClick={open} />}>
        {model === undefined ? t('guideText') : t('noProviderFor', { model })}
      </Empty>
      {FirstModel !== undefined && <FirstModel onClose={() => setFirstModel(undefined)} />}
    </>
  );
}

export function NewChat({ isBare }: { isBare: boolean }) {
  const list = useModels();
  const mayChat = connection.value.kind !== 'refused';
  const begin = (): void => void newChat.begin();
  const draftFiles = useDraftFiles(NEW, begin);
  // For files whose session could not be made.
  useEffect(begin, []);
  return (
    <FileDrop onFiles={mayChat ? draftFiles.add : undefined}>
      {!isBare && <ChatHead current={undefined} own={undefined} />}
      <div class="transcript greeting">
        {list === undefined || hasProvider(list.models) ? (
          <Empty title={t('emptyTitle')}>
            <span class="with-keys">{t('emptyText')}</span>
          </Empty>
        ) : (
          <NoModel model={unusableDefault(list)} />
        )}
      </div>
      {mayChat ? (
        <Composer
          models={list}
          queue={newChat}
          draftName={NEW}
          note={rescuedFrom.value === undefined ? undefined : t('rescued')}
          onSend={(content) => newChat.send(content)}
          draftFiles={draftFiles}
        />
      ) : (
        <p class="read-only">{t('mayNotChat')}</p>
      )}
    </FileDrop>
  );
}
