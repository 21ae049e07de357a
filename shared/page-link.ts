/** The part of a page link after this is its one-time ticket; browsers do not send it to a server. */
export const PAGE_LINK_FRAGMENT = '#link=';
