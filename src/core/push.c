#include "core/push.h"

#include "core/mac.h"
#include "core/queue.h"

#include <string.h>


bool
cx_push_tag(cx_str channel, cx_str peer, char tag[CX_PUSH_TAG_LEN])
{
    uint8_t       digest[CX_SHA256_LEN];
    const cx_str  parts[] = { channel, CX_STR("\xff"), peer };

    if (!cx_sha256_parts(parts, sizeof(parts) / sizeof(parts[0]), digest)) {
        return false;
    }

    cx_hex_encode(digest, CX_PUSH_TAG_LEN / 2, tag);
    return true;
}


static size_t
join(char *buf, const cx_str *parts, size_t n)
{
    size_t  len = 0;

    for (size_t i = 0; i < n; i++) {
        if (parts[i].len > 0) {
            memcpy(buf + len, parts[i].p, parts[i].len);
            len += parts[i].len;
        }
    }

    return len;
}


size_t
cx_push_stream(char *buf, cx_str prefix, cx_str tag)
{
    const cx_str  parts[] = {
        cx_str_sub(prefix, 0, CX_QUEUE_PREFIX_MAX), CX_STR(":{"),
        cx_str_sub(tag, 0, CX_PUSH_TAG_LEN), CX_STR("}:push"),
    };

    return join(buf, parts, sizeof(parts) / sizeof(parts[0]));
}


size_t
cx_push_channel(char *buf, cx_str prefix, cx_str tag)
{
    const cx_str  parts[] = {
        cx_str_sub(prefix, 0, CX_QUEUE_PREFIX_MAX), CX_STR(":push:"),
        cx_str_sub(tag, 0, CX_PUSH_TAG_LEN),
    };

    return join(buf, parts, sizeof(parts) / sizeof(parts[0]));
}


#define TEXT_OF(n)  #n
#define TEXT(n)     TEXT_OF(n)

/*
 * Only a repeat is looked for, among the last few entries: it comes soon or
 * not at all.  One that was slow may come after its repeat, so that each
 * repeat leaves its mark.
 */
const char  cx_push_lua[] =
    "#!lua name=" CX_PUSH_LIBRARY "\n"
    "local TTL = '" TEXT(CX_PUSH_TTL_S) "'\n"
    "\n"
    "local function find(key, message)\n"
    "  for _, entry in ipairs(redis.call('XREVRANGE', key, '+', '-', 'COUNT',"
    " 64)) do\n"
    "    local fields = entry[2]\n"
    "    for i = 1, #fields, 2 do\n"
    "      if fields[i] == '" CX_PUSH_FIELD_ID "'"
    " and fields[i + 1] == message then\n"
    "        return entry[1]\n"
    "      end\n"
    "    end\n"
    "  end\n"
    "end\n"
    "\n"
    "local function push(keys, args)\n"
    "  if #keys ~= 1 or #args ~= 5 then\n"
    "    return redis.error_reply('CXARG one key, then channel, message id,"
    " event, JSON and repeat')\n"
    "  end\n"
    "  local key, message = keys[1], args[2]\n"
    "  local marks = key .. ':again'\n"
    "  local again = args[5] ~= ''\n"
    "  if message ~= '' and (again"
    " or redis.call('SISMEMBER', marks, message) == 1) then\n"
    "    local id = find(key, message)\n"
    "    if id then\n"
    "      return id\n"
    "    end\n"
    "  end\n"
    "  local id = redis.call('XADD', key, 'MAXLEN', '~', " TEXT(CX_PUSH_KEPT)
    ", '*', '" CX_PUSH_FIELD_ID "', message, '" CX_PUSH_FIELD_EVENT
    "', args[3], '" CX_PUSH_FIELD_JSON "', args[4])\n"
    "  redis.call('EXPIRE', key, TTL)\n"
    "  if again then\n"
    "    redis.call('SADD', marks, message)\n"
    "    redis.call('EXPIRE', marks, TTL)\n"
    "  end\n"
    "  redis.call('PUBLISH', args[1], id .. ' ' .. args[3] .. ' ' .."
    " args[4])\n"
    "  return id\n"
    "end\n"
    "redis.register_function('" CX_PUSH_FUNCTION "', push)\n";
