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
    h = hash_field(h, m->account);
    h = hash_field(h, m->peer);
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
    uint8_t       digest[CX_SHA256_LEN];
    uint64_t      member = 0;

    if (!cx_sha256_parts(parts, status ? 12 : 8, digest)) {
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
 * Message first, fingerprint second: should the second fail, the provider's
 * repeat makes a second entry, which the store refuses by its id; the other
 * order would lose the message.  SISMEMBER and XADD both fail before any
 * write when a key has a wrong type.  The time is Redis', so that edges with
 * unlike clocks share one epoch; its two parts of key names are kept between
 * calls, because Lua prints a number slowly.
 */
const char  cx_queue_lua[] =
    "#!lua name=" CX_QUEUE_LIBRARY "\n"
    "local EPOCH = " TEXT(CX_DEDUPE_EPOCH_S) "\n"
    "local TTL = 2 * EPOCH + 3600\n"
    "local known, cur_part, old_part\n"
    "\n"
    "local function enq(keys, args)\n"
    "  local n = #args\n"
    "  if #keys ~= 2 or n == 0 or n % 3 ~= 0 then\n"
    "    return redis.error_reply('CXARG two keys, then bucket, member and"
    " JSON of each event')\n"
    "  end\n"
    "  local call = redis.call\n"
    "  local stream = keys[1]\n"
    "  local epoch = math.floor(call('TIME')[1] / EPOCH)\n"
    "  if epoch ~= known then\n"
    "    known = epoch\n"
    "    cur_part = ':' .. epoch .. ':'\n"
    "    old_part = ':' .. epoch - 1 .. ':'\n"
    "  end\n"
    "  local cur = keys[2] .. cur_part\n"
    "  local old = keys[2] .. old_part\n"
    "  local out = {}\n"
    "  for i = 1, n, 3 do\n"
    "    local member = args[i + 1]\n"
    "    local key = cur .. args[i]\n"
    "    local id = ''\n"
    "    if call('SISMEMBER', key, member) == 0\n"
    "       and call('SISMEMBER', old .. args[i], member) == 0\n"
    "    then\n"
    "      id = call('XADD', stream, '*', 'v', '" TEXT(CX_MSG_VERSION) "',"
    " 'e', args[i + 2])\n"
    "      call('SADD', key, member)\n"
    "      if call('SCARD', key) == 1 then\n"
    "        call('EXPIRE', key, TTL)\n"
    "      end\n"
    "    end\n"
    "    out[(i + 2) / 3] = id\n"
    "  end\n"
    "  return out\n"
    "end\n"
    "\n"
    "redis.register_function('" CX_QUEUE_FUNCTION "', enq)\n"
    "redis.register_function{\n"
    "  function_name = '" CX_QUEUE_FUNCTION_VERSION "',\n"
    "  callback = function() return '" CX_QUEUE_LUA_VERSION "' end,\n"
    "  flags = { 'no-writes' }\n"
    "}\n";
