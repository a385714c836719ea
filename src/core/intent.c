#include "core/intent.h"

#include "core/id.h"

#include <inttypes.h>


#define INTENT_ID_LEN  16       /* "ms_" and 13 digits */


cx_str
cx_intent_format(cx_arena *a, int64_t message_id, int64_t attempt)
{
    cx_str  id = cx_id_text(a, "ms", message_id);

    return cx_printf(a, "cx1.%.*s.%" PRId64, CX_ARG(id), attempt);
}


bool
cx_intent_parse(cx_str tag, int64_t *message_id, int64_t *attempt)
{
    if (!cx_str_starts(tag, CX_STR("cx1."))
        || tag.len < 4 + INTENT_ID_LEN + 2
        || tag.p[4 + INTENT_ID_LEN] != '.')
    {
        return false;
    }

    return cx_id_parse(cx_str_sub(tag, 4, INTENT_ID_LEN), "ms", message_id)
           && cx_str_to_i64(cx_str_sub(tag, 4 + INTENT_ID_LEN + 1, tag.len),
                            attempt);
}
