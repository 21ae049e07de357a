import en from '../../i18n/en/chat.json';
import { defineText } from '../../i18n/language.js';
import zh from '../../i18n/zh/chat.json';

export const t = defineText(en, zh);
