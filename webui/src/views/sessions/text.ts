import en from '../../i18n/en/sessions.json';
import { defineText } from '../../i18n/language.js';
import zh from '../../i18n/zh/sessions.json';

export const t = defineText(en, zh);
