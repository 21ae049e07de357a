/** The commands that a message can begin with, offered while their name is typed. */
import { useEffect, useState } from 'preact/hooks';
import { call } from '../../../api/client.js';
import { t } from '../text.js';

export interface SlashCommand {
  readonly name: string;
  readonly summary: string;
}

/** Returns the commands that begin with the typed text; none once an argument follows. */
export function useSlashCommands(text: string): readonly SlashCommand[] {
  const [all, setAll] = useState<readonly SlashCommand[]>([]);
  const wants = text.startsWith('/') && !/\s/.test(text);
  useEffect(() => {
    if (!wants || all.length > 0) return;
    call<{ commands: SlashCommand[] }>('GET', '/api/commands').then(
      ({ commands }) => setAll(commands),
      () => undefined,
    );
  }, [wants]);
  return wants ? all.filter(({ name }) => `/${name}`.startsWith(text.toLowerCase())) : [];
}

interface SlashListProps {
  readonly commands: readonly SlashCommand[];
  /** An index. */
  readonly chosen: number;
  readonly onChoose: (text: string) => void;
}

export function SlashList({ commands, chosen, onChoose }: SlashListProps) {
  if (commands.length === 0) return null;
  return (
    <ul class="slash" aria-label={t('commands')}>
      {commands.map(({ name, summary }, index) => (
        <li key={name} data-chosen={index === chosen}>
          <button type="button" onClick={() => onChoose(`/${name} `)}>
            <b>/{name}</b> <span class="hint">{summary}</span>
          </button>
        </li>
      ))}
    </ul>
  );
}
