#include "core/queue.h"

#include "core/mac.h"

#include <string.h>


/*
 * FNV-1a over the fields, each closed by a byte that no UTF-8 text holds, and
 * a last mix so that the low bits depend on all of it.  Changing anything
 * here splits conversations that are under way over two partitions.
 */
static uint64_t
hash_field(uint64_t h, cx_str s)
{
    const uint64_t  prime = UINT64_C(0x100000001b3);

    for (size_t i = 0; i < s.len; i++) {
        h = (h ^ (uint8_t) s.p[i]) * prime;
    }

    return (h ^ 0xff) * prime;
}


unsigned
cx_queue_partition(const cx_msg *m)
{
    uint64_t  h = UINT64_C(0xcbf29ce484222325);

    h = hash_field(h, m->type);

    /* Where the same token has to meet itself, whoever is said to write. */
    if (m->once.len > 0) {
        h = hash_field(h, m->once);

    } else {
        h = hash_field(h, m->account);
        h = hash_field(h, m->peer);
    }

    h ^= h >> 32;
    h *= UINT64_C(0xd6e8feb86659fd93);
    h ^= h >> 32;

    return (unsigned) (h % CX_PARTITIONS);
}


cx_lane
cx_queue_lane(const cx_msg *m)
{
    return cx_str_eq(m->kind, CX_STR("status")) ? CX_LANE_ST : CX_LANE_IN;
}


bool
cx_queue_fingerprint(const cx_msg *m, cx_fingerprint *fp)
{
    const bool    status = cx_queue_lane(m) == CX_LANE_ST;
    const cx_str  end = CX_STR("\xff");    /* stands in no UTF-8 text */
    const cx_str  parts[] = {
        m->channel, end, m->account, end, m->kind, end, m->id, end,
        m->content, end, m->peer, end
    };
    const cx_str  once[] = { m->channel, end, m->once, end };
    uint8_t       digest[CX_SHA256_LEN];
    uint64_t      member = 0;

    if (m->once.len > 0 ? !cx_sha256_parts(once, 4, digest)
                        : !cx_sha256_parts(parts, status ? 12 : 8, digest))
    {
        return false;
    }

    for (size_t i = 0; i < 8; i++) {
        member = member << 8 | digest[i];
    }

    fp->bucket = ((uint32_t) digest[8] << 8 | digest[9]) % CX_DEDUPE_BUCKETS;
    fp->member = (int64_t) member;

    return true;
}


/* --- names of keys ------------------------------------------------------- */

static size_t
key_write(char *buf, cx_str prefix, cx_str tag, cx_str rest)
{
    const cx_str  parts[] = {
        cx_str_sub(prefix, 0, CX_QUEUE_PREFIX_MAX),
        CX_STR(":{"), tag, CX_STR("}:"), rest
    };
    size_t        len = 0;

    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
        if (parts[i].len > 0) {
            memcpy(buf + len, parts[i].p, parts[i].len);
            len += parts[i].len;
        }
    }

    return len;
}


static size_t
key_partition(char *buf, cx_str prefix, unsigned partition, cx_str rest)
{
    const char  tag[] = {
        'p', (char) ('0' + partition / 10 % 10), (char) ('0' + partition % 10)
    };

    return key_write(buf, prefix, (cx_str) { sizeof(tag), tag }, rest);
}


size_t
cx_queue_stream(char *buf, cx_str prefix, unsigned partition, cx_lane lane)
{
    return key_partition(buf, prefix, partition,
                         lane == CX_LANE_ST ? CX_STR("st") : CX_STR("in"));
}


size_t
cx_queue_dedupe(char *buf, cx_str prefix, unsigned partition)
{
    return key_partition(buf, prefix, partition, CX_STR("dd"));
}


size_t
cx_queue_quarantine(char *buf, cx_str prefix)
{
    return key_write(buf, prefix, CX_STR("q"), CX_STR("quarantine"));
}


/* --- the Redis Function -------------------------------------------------- */

#define TEXT_OF(n)  #n
#define TEXT(n)     TEXT_OF(n)

/*
 * One atomic step an event: the fingerprint says whether it is new, the
 * message follows, and where Redis refuses the message the fingerprint is
 * taken back: otherwise the provider's repeat would pass for a duplicate, and
 * the message would be lost.  So nothing is done for a user who may not take
 * it back.  Each event has an answer of its own: a stream or a bucket of a
 * wrong type harms no neighbour.
 *
 * The time is Redis', so that edges with unlike clocks share one epoch.  What
 * Lua prints slowly, numbers, is kept as text: the TTL, and the beginnings of
 * the buckets' keys of each stream.  cx_enq is what edges of version 1 call.
 */
const char  cx_queue_lua[] =
    "#!lua name=" CX_QUEUE_LIBRARY "\n"
    "local EPOCH = " TEXT(CX_DEDUPE_EPOCH_S) "\n"
    "local TTL = 2 * EPOCH + 3600 .. ''\n"
    "local STREAMS = 1024\n"
    "local epoch, cur, old, kept\n"
    "\n"
    "local function begin(key)\n"
    "  local now = math.floor(redis.call('TIME')[1] / EPOCH)\n"
    "  if now ~= epoch or kept > STREAMS then\n"
    "    epoch, cur, old, kept = now, {}, {}, 0\n"
    "  end\n"
    "  return redis.acl_check_cmd('SREM', key, '')\n"
    "end\n"
    "\n"
    "local function bucket(stream)\n"
    "  local dd = string.sub(stream, 1, -3) .. 'dd:'\n"
    "  cur[stream] = dd .. epoch .. ':'\n"
    "  old[stream] = dd .. epoch - 1 .. ':'\n"
    "  kept = kept + 1\n"
    "  return old[stream]\n"
    "end\n"
    "\n"
    "local function append(call, stream, key, member, json)\n"
    "  local id = call('XADD', stream, '*', 'v', '" TEXT(CX_MSG_VERSION) "',"
    " 'e', json)\n"
    "  if type(id) == 'table' then\n"
    "    call('SREM', key, member)\n"
    "    return id\n"
    "  end\n"
    "  local done = call('EXPIRE', key, TTL, 'NX')\n"
    "  return type(done) == 'table' and done or id\n"
    "end\n"
    "\n"
    "local function put(keys, args)\n"
    "  local n = #keys\n"
    "  if n == 0 or #args ~= 3 * n then\n"
    "    return redis.error_reply('CXARG a stream, then bucket, member and"
    " JSON of each event')\n"
    "  end\n"
    "  if not begin(keys[1]) then\n"
    "    return redis.error_reply('NOPERM this user may not run srem')\n"
    "  end\n"
    "  local call = redis.pcall\n"
    "  local out = {}\n"
    "  local a = 1\n"
    "  for i = 1, n do\n"
    "    local stream, member = keys[i], args[a + 1]\n"
    "    local was = old[stream] or bucket(stream)\n"
    "    local got = call('SISMEMBER', was .. args[a], member)\n"
    "    if got == 0 then\n"
    "      local key = cur[stream] .. args[a]\n"
    "      got = call('SADD', key, member)\n"
    "      if got == 1 then\n"
    "        got = append(call, stream, key, member, args[a + 2])\n"
    "      elseif got == 0 then\n"
    "        got = ''\n"
    "      end\n"
    "    elseif got == 1 then\n"
    "      got = ''\n"
    "    end\n"
    "    out[i] = got\n"
    "    a = a + 3\n"
    "  end\n"
    "  return out\n"
    "end\n"
    "\n"
    "local function enq(keys, args)\n"
    "  local streams = {}\n"
    "  for i = 1, #keys == 2 and math.ceil(#args / 3) or 0 do\n"
    "    streams[i] = keys[1]\n"
    "  end\n"
    "  local out = put(streams, args)\n"
    "  for i = 1, #out do\n"
    "    if type(out[i]) == 'table' then\n"
    "      return out[i]\n"
    "    end\n"
    "  end\n"
    "  return out\n"
    "end\n"
    "\n"
    "redis.register_function('" CX_QUEUE_FUNCTION "', put)\n"
    "redis.register_function('cx_enq', enq)\n"
    "redis.register_function{\n"
    "  function_name = '" CX_QUEUE_FUNCTION_VERSION "',\n"
    "  callback = function() return '" CX_QUEUE_LUA_VERSION "' end,\n"
    "  flags = { 'no-writes' }\n"
    "}\n";
