import * as z from 'zod';

/** A URL that we will send requests to. Other schemes would pass as a URL and fail at the first request. */
export const httpUrl = z.url({ protocol: /^https?$/ }).max(2_048);
