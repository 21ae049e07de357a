/** The part of a page link after this is its one-time ticket; browsers send nothing of it to a server. */
export const PAGE_LINK_FRAGMENT = '#link=';
