/** Whether a text can be stored as it is: a lone surrogate has no UTF-8 form, and PostgreSQL's text holds no NUL. */
export function isStorable(text: string): boolean {
  return text.isWellFormed() && !text.includes('\0');
}
