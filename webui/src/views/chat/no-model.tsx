/** The way to a first model. Loaded only where there is none; it imports nothing from the chat view, because that would add a request to the view's first load. */
import type { ComponentType } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { Button } from '../../components/button/button.js';
import { Empty } from '../../components/feedback/feedback.js';
import { attempt } from '../../components/toast/toast.js';
import en from '../../i18n/en/chat/no-model.json';
import { defineText } from '../../i18n/language.js';
import zh from '../../i18n/zh/chat/no-model.json';

const t = defineText(en, zh);

/** Next steps if only the built-in guide can answer. @param props.model  the default model, for which there is no provider */
export function NoModel({ model }: { model: string | undefined }) {
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
      <Empty title={t('title')} icon="models" action={<Button kind="primary" icon="plus" text={t('action')} onClick={open} />}>
        {model === undefined ? t('text') : t('noProviderFor', { model })}
      </Empty>
      {FirstModel !== undefined && <FirstModel onClose={() => setFirstModel(undefined)} />}
    </>
  );
}
