import en from '../../i18n/en/channels.json';
import { defineText } from '../../i18n/language.js';
import zh from '../../i18n/zh/channels.json';

export const t = defineText(en, zh);
