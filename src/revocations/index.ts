/**
 * What resource servers are told of grants that end, so that they may keep what they were told of a token. Owns the order
 * of events, how far back they reach, and the moment up to which all is told; knows no HTTP and no store. Filled by the
 * store's watcher, read by `GET /revocations`.
 */
export { createRevocationFeed, type Follower, type RevocationFeed } from './feed.ts';
export { type News } from './ring.ts';
