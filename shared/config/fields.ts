/** Fields and checks that several parts of the configuration share. */
import * as z from 'zod';
import { reason, type Reason, type ReasonCode, say } from '../text/reasons.js';
import { MAX_SECRET_LENGTH } from './defaults.js';

/** A URL that we will send requests to. Other schemes are valid URLs but would fail at the first request. */
export const httpUrl = z.url({ protocol: /^https?$/ }).max(2_048);

export const id = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/, 'must be 1–64 letters, digits, dots, dashes or underscores');

/** The name of a header. Source: RFC 9110, section 5.6.2. */
export const HEADER_NAME = /^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}$/;

export const headerName = z.string().regex(HEADER_NAME, 'must be the name of a header, such as X-Signature');

export const secret = z.string().min(1).max(MAX_SECRET_LENGTH);

/** An issue with its reason. @param needed  keys of which one is required */
export const refusal = (what: Reason, needed: readonly string[] = []) => ({
  code: 'custom' as const,
  message: say(what),
  params: { reason: what, needed },
});

/** Text that must pass a check; for any other text the reason contains its value. */
export const checked = (isAllowed: (text: string) => boolean, code: ReasonCode) =>
  z.string().superRefine((value, context) => {
    if (!isAllowed(value)) context.addIssue(refusal(reason(code, { value })));
  });
