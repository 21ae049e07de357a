const STOP = /^\s*\/stop(?:@\w{1,64})?(?:\s|$)/i;

/** Whether a message asks to stop the answer in progress. */
export const isStop = (content: string): boolean => STOP.test(content);
