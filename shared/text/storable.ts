/** Whether a text can be stored unchanged: a lone surrogate has no UTF-8 form, and PostgreSQL's text type cannot contain NUL. */
export function isStorable(text: string): boolean {
  return text.isWellFormed() && !text.includes('\0');
}
