/** A chat without a session: a greeting, or the way to a first model, above the composer. */
import { useEffect } from 'preact/hooks';
import type { ModelList } from '../../../../shared/api/models.js';
import { connection } from '../../api/socket.js';
import { late } from '../../browser/late.js';
import { Empty } from '../../components/feedback/feedback.js';
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

const noModel = late(async () => (await import('./no-model.js')).NoModel);

export function NewChat({ isBare }: { isBare: boolean }) {
  const list = useModels();
  const mayChat = connection.value.kind !== 'refused';
  const begin = (): void => void newChat.begin();
  const draftFiles = useDraftFiles(NEW, begin);
  // For files whose session could not be made, or was deleted.
  useEffect(begin, [draftFiles.files.length]);
  const isGuide = list !== undefined && !hasProvider(list.models);
  // The list is read again and again until there is a provider.
  useEffect(() => {
    if (isGuide) void noModel.load();
  }, [list]);
  const NoModel = noModel.component.value;
  return (
    <FileDrop onFiles={mayChat ? draftFiles.add : undefined}>
      {!isBare && <ChatHead current={undefined} own={undefined} />}
      <div class="transcript greeting">
        {isGuide && NoModel !== undefined ? (
          <NoModel model={unusableDefault(list)} />
        ) : (
          <Empty title={t('emptyTitle')}>
            <span class="with-keys">{t('emptyText')}</span>
          </Empty>
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
