import en from '../../i18n/en/tokens.json';
import { defineText } from '../../i18n/language.js';
import zh from '../../i18n/zh/tokens.json';

export const t = defineText(en, zh);
