/**
 * Where watchers hear what ended: names of tombstones, and of what was announced. In a cluster a message reaches every node;
 * whoever listens at the one where it was written has it before anything that is written there later.
 */
export const ENDED_CHANNEL = 'gh:ended';

/**
 * The commit of driver.ts in the grant's slot. ACL: needs EVALSHA, SCRIPT LOAD, and the commands called below.
 *
 * A commit that Redis comes to only after its deadline issues nothing: whoever sent it has given up, and the client may
 * have tried again, to which it would be a replay (fault F05). Ending a grant is right at any time.
 *
 * KEYS  dead, then the markers to consume, then the keys to put, then the keys to remove, then the keys to expect
 * ARGV  mode, dead ttl (ms), count of markers, count of puts, count of removes, count of expected keys, 1 to tell
 *       watchers of it, the deadline (ms since 1970, of Redis' own clock), then `value` and the value, or `absent` and nothing,
 *       for each expected key, a ttl (ms) for each marker, value and ttl (ms, or 0 for none) for each put
 */
const COMMIT_BODY = `
local function tell() redis.call('PUBLISH', '${ENDED_CHANNEL}', KEYS[1]) end
local mode, deadTtl = ARGV[1], ARGV[2]
local markers, puts, removes = tonumber(ARGV[3]), tonumber(ARGV[4]), tonumber(ARGV[5])
local expected, tells = tonumber(ARGV[6]), ARGV[7] == '1'
local first = 8 + 2 * expected
if mode == 'revoke' then
  redis.call('SET', KEYS[1], '1', 'PX', deadTtl)
else
  local now = redis.call('TIME')
  if now[1] * 1000 + now[2] / 1000 > tonumber(ARGV[8]) then return 'late' end
  if redis.call('EXISTS', KEYS[1]) == 1 then return 'revoked' end
  for i = 1, expected do
    local there, kind = redis.call('GET', KEYS[#KEYS - expected + i]), ARGV[7 + 2 * i]
    if kind == 'absent' and there then return 'conflict' end
    if kind == 'value' and there ~= ARGV[8 + 2 * i] then return 'conflict' end
  end
  for i = 1, markers do
    if redis.call('EXISTS', KEYS[1 + i]) == 1 then
      redis.call('SET', KEYS[1], '1', 'PX', deadTtl)
      tell()
      return 'lost'
    end
  end
end
for i = 1, markers do
  redis.call('SET', KEYS[1 + i], '1', 'PX', ARGV[first + i])
end
for i = 1, puts do
  local value, ttl = ARGV[first + markers + 2 * i - 1], tonumber(ARGV[first + markers + 2 * i])
  if ttl > 0 then
    redis.call('SET', KEYS[1 + markers + i], value, 'PX', ttl)
  else
    redis.call('SET', KEYS[1 + markers + i], value)
  end
end
for i = 1, removes do
  redis.call('DEL', KEYS[1 + markers + puts + i])
end
if mode == 'revoke' or removes > 0 or tells then tell() end
return 'committed'
`;

/** `#!lua` makes Redis refuse the whole script when it is out of memory, instead of running half of it. */
export const COMMIT = `#!lua${COMMIT_BODY}`;
/**
 * For a commit that only ends something: it runs also when Redis is out of memory (fault F07). The tombstone is smaller
 * than the grant that goes with it.
 */
export const COMMIT_END = `#!lua flags=allow-oom${COMMIT_BODY}`;

/**
 * A marker where there is none, also when Redis is out of memory.
 *
 * KEYS  the marker
 * ARGV  its value, its ttl (ms)
 */
export const MARK = `#!lua flags=allow-oom
return redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2], 'NX')
`;

/**
 * The announcement of driver.ts.
 *
 * KEYS  the key
 * ARGV  its value, its ttl (ms, or 0 for none)
 */
export const ANNOUNCE = `#!lua
if tonumber(ARGV[2]) > 0 then
  redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
else
  redis.call('SET', KEYS[1], ARGV[1])
end
redis.call('PUBLISH', '${ENDED_CHANNEL}', KEYS[1])
return 1
`;

/**
 * A sign of life that comes back over a subscription: see watch.ts. It may write, says its first line, so that one who takes
 * no writes (a replica, a primary that was cut off) gives none.
 *
 * KEYS  a key that lies on this primary; it is not touched
 * ARGV  the channel, what to say
 */
export const BEAT = `#!lua flags=allow-oom
return redis.call('PUBLISH', ARGV[1], ARGV[2])
`;

/**
 * The count of driver.ts, in the counter's slot. ACL: as above, and PTTL.
 *
 * KEYS  the counter
 * ARGV  what to add, the window (ms)
 */
export const COUNT = `#!lua
local by, window = tonumber(ARGV[1]), tonumber(ARGV[2])
local left = redis.call('PTTL', KEYS[1])
if left > 0 then
  local total = math.max(tonumber(redis.call('GET', KEYS[1])) + by, 0)
  if by ~= 0 then redis.call('SET', KEYS[1], total, 'KEEPTTL') end
  return {total, left}
end
if by <= 0 then return {0, 0} end
redis.call('SET', KEYS[1], by, 'PX', window)
return {by, window}
`;

/**
 * Adds to an index, forgets what has expired in it, and lets the whole end with its last member. ACL: as above, and
 * ZREMRANGEBYSCORE, ZADD, ZRANGE, PERSIST, EXPIREAT.
 *
 * KEYS  the index
 * ARGV  the member, when it expires (seconds since 1970, or +inf), now
 */
export const ADD_MEMBER = `#!lua
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', ARGV[3])
redis.call('ZADD', KEYS[1], ARGV[2], ARGV[1])
local last = redis.call('ZRANGE', KEYS[1], -1, -1, 'WITHSCORES')[2]
if last == 'inf' then
  redis.call('PERSIST', KEYS[1])
else
  redis.call('EXPIREAT', KEYS[1], last)
end
return 1
`;

/**
 * Forgets what has expired in an index, and says when the next member does.
 *
 * KEYS  the index
 * ARGV  now (seconds since 1970)
 */
export const SWEEP = `#!lua
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', ARGV[1])
local first = redis.call('ZRANGE', KEYS[1], 0, 0, 'WITHSCORES')[2]
if first == 'inf' then return false end
return first
`;

/**
 * Says in a bucket when an index is to be swept again, unless somebody has said so meanwhile.
 *
 * KEYS  the bucket
 * ARGV  the index, now, when next (seconds since 1970; empty: not before a member is added)
 */
export const SWEPT = `#!lua
local due = redis.call('ZSCORE', KEYS[1], ARGV[1])
if not due or tonumber(due) > tonumber(ARGV[2]) then return 0 end
if ARGV[3] == '' then
  redis.call('ZREM', KEYS[1], ARGV[1])
else
  redis.call('ZADD', KEYS[1], ARGV[3], ARGV[1])
end
return 1
`;
