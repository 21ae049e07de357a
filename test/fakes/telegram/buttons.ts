/** Inline keyboards as the Bot API takes them, and the presses of their buttons: https://core.telegram.org/bots/api#inlinekeyboardmarkup */
export interface FakeButton {
  readonly text: string;
  readonly callback_data: string;
}

/** What a press has shown to the person. */
export interface PressReply {
  readonly id: string;
  readonly text: string;
}

const MAX_DATA_BYTES = 64;
const MAX_ANSWER_UNITS = 200;

/** @returns the buttons of a message, or why it is refused */
export function readButtons({ reply_markup: markup }: Readonly<Record<string, unknown>>): readonly FakeButton[] | string {
  const rows = (markup as { inline_keyboard?: readonly (readonly FakeButton[])[] } | undefined)?.inline_keyboard ?? [];
  const buttons = rows.flat();
  if (buttons.some(({ text }) => typeof text !== 'string' || text === ''))
    return 'Bad Request: text buttons are unallowed in the inline keyboard';
  const isValid = ({ callback_data: data }: FakeButton): boolean =>
    typeof data === 'string' && data !== '' && Buffer.byteLength(data) <= MAX_DATA_BYTES;
  return buttons.every(isValid) ? buttons : 'Bad Request: BUTTON_DATA_INVALID';
}

/** The presses of one bot's buttons. */
export class FakePresses {
  readonly answers: PressReply[] = [];
  readonly #known = new Set<string>();

  /** @returns its id */
  add(): string {
    const id = `4382bfdwdsb323b2d${this.#known.size + 1}`;
    this.#known.add(id);
    return id;
  }

  /** @returns why it is refused */
  answer({ callback_query_id: id, text = '' }: Readonly<Record<string, unknown>>): string | undefined {
    if (!this.#known.has(String(id))) return 'Bad Request: query is too old and response timeout expired or query ID is invalid';
    if (String(text).length > MAX_ANSWER_UNITS) return 'Bad Request: MESSAGE_TOO_LONG';
    this.answers.push({ id: String(id), text: String(text) });
    return undefined;
  }
}
