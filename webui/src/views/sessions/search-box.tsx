/** The search field with suggestions below it: a combobox. */
import { useEffect, useId, useRef, useState } from 'preact/hooks';
import { isComposing } from '../../browser/is-composing.js';
import { useCommands } from '../../shell/commands.js';
import { changeQuery } from '../../shell/router.js';
import { accept, isUnfinished, type Known, type Suggestion, suggestionsFor } from './suggestions.js';
import { t } from './text.js';

const SETTLE_MS = 200;

interface OptionsProps {
  readonly id: string;
  readonly suggestions: readonly Suggestion[];
  readonly chosen: number;
  readonly onChoose: (suggestion: Suggestion) => void;
}

function Options({ id, suggestions, chosen, onChoose }: OptionsProps) {
  return (
    <ul id={id} class="suggestions" role="listbox" aria-label={t('filters')}>
      {suggestions.map((suggestion, index) => (
        <li
          key={suggestion.text}
          id={`${id}-${index}`}
          role="option"
          aria-selected={index === chosen}
          // The field keeps the focus.
          onMouseDown={(event) => event.preventDefault()}
          onClick={() => onChoose(suggestion)}
        >
          <code>{suggestion.text.trim()}</code>
          <span>{suggestion.about}</span>
        </li>
      ))}
    </ul>
  );
}

/** Returns the typed text. The address follows a moment later, and a change of the address elsewhere changes the text. */
function useSearchText(search: string) {
  const [text, setText] = useState(search);
  const written = useRef(search);
  useEffect(() => {
    if (search !== written.current) setText(search);
    written.current = search;
  }, [search]);
  useEffect(() => {
    const timer = setTimeout(() => {
      // An unfinished filter would be refused.
      if (text.trim() === written.current || isUnfinished(text)) return;
      written.current = text.trim();
      changeQuery({ q: written.current });
    }, SETTLE_MS);
    return () => clearTimeout(timer);
  }, [text]);
  return [text, setText] as const;
}

interface SearchBoxProps {
  readonly search: string;
  readonly known: Known;
  readonly onFocus: () => void;
  /** Called when the arrow key moves below the last suggestion. */
  readonly onLeave: () => void;
}

export function SearchBox({ search, known, onFocus, onLeave }: SearchBoxProps) {
  const box = useRef<HTMLInputElement>(null);
  const id = useId();
  const [text, setText] = useSearchText(search);
  const [isOpen, setOpen] = useState(false);
  const [chosen, setChosen] = useState(-1);
  useCommands([{ id: 'search-sessions', label: t('search'), icon: 'search', keys: '/', run: () => box.current?.focus() }]);
  const suggestions = isOpen ? suggestionsFor(text, known) : [];
  const isShown = suggestions.length > 0;
  const choose = (suggestion: Suggestion): void => {
    setText(accept(text, suggestion));
    setChosen(-1);
  };
  const onInput = (event: { currentTarget: HTMLInputElement }): void => {
    setText(event.currentTarget.value);
    // An empty field shows the list of sessions.
    setOpen(event.currentTarget.value !== '');
    setChosen(-1);
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    if (isComposing(event)) return;
    const suggestion = suggestions[chosen];
    if (event.key === 'ArrowDown' && isShown && chosen < suggestions.length - 1) setChosen(chosen + 1);
    else if (event.key === 'ArrowDown') {
      setOpen(false);
      onLeave();
    } else if (event.key === 'ArrowUp' && isShown) setChosen(Math.max(-1, chosen - 1));
    else if (event.key === 'Escape' && isShown) setOpen(false);
    else if ((event.key === 'Enter' || event.key === 'Tab') && suggestion !== undefined) choose(suggestion);
    else return;
    event.preventDefault();
    event.stopPropagation();
  };
  return (
    <div class="search-sessions">
      <input
        ref={box}
        type="search"
        role="combobox"
        list={undefined}
        maxLength={200}
        aria-label={t('search')}
        placeholder={t('search')}
        aria-expanded={isShown}
        aria-controls={id}
        aria-autocomplete="list"
        aria-activedescendant={isShown && chosen >= 0 ? `${id}-${chosen}` : undefined}
        autocomplete="off"
        spellcheck={false}
        value={text}
        onInput={onInput}
        onFocus={onFocus}
        onBlur={() => setOpen(false)}
        onKeyDown={onKeyDown}
      />
      {isShown && <Options {...{ id, suggestions, chosen }} onChoose={choose} />}
    </div>
  );
}
