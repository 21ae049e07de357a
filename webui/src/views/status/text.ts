import en from '../../i18n/en/status.json';
import { defineText } from '../../i18n/language.js';
import zh from '../../i18n/zh/status.json';

export type TextKey = keyof typeof en;

export const t = defineText(en, zh);
