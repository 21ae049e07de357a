/** Prices and sizes as people read them. */
import { language } from '../../i18n/language.js';

/** US dollars; small amounts with more digits. */
export function dollars(amount: number): string {
  const digits = amount === 0 || amount >= 1 ? 2 : amount >= 0.01 ? 3 : 5;
  const options: Intl.NumberFormatOptions = {
    style: 'currency',
    currency: 'USD',
    currencyDisplay: 'narrowSymbol',
    maximumFractionDigits: digits,
    minimumFractionDigits: Number.isInteger(amount) ? 0 : 2,
  };
  return new Intl.NumberFormat(language.value, options).format(amount);
}

/** `128K`, in every language as vendors write it. */
export function contextText(tokens: number): string {
  return new Intl.NumberFormat('en', { notation: 'compact', maximumFractionDigits: 1 }).format(tokens);
}
