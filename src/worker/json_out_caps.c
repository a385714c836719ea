/* What a channel can do, as the API shows it. */

#include "worker/api_request.h"

#include "channel/channel.h"


static void
put_kinds(cx_api_request *req, const cx_caps *caps)
{
    cx_out_open(req, "kinds", '[');

    for (unsigned i = 0; i < CX_OUT_COUNT; i++) {
        if ((caps->kinds >> i & 1) != 0) {
            cx_json_put_str(&req->w, cx_strz(cx_out_word((cx_out_kind) i)));
        }
    }

    cx_out_close(req, ']');
}


static void
put_media(cx_api_request *req, const cx_caps *caps)
{
    cx_out_open(req, "media", '[');

    for (size_t i = 0; i < CX_MEDIA_LIMITS; i++) {
        const cx_media_limit  *m = &caps->media[i];

        if (m->max_size == 0 && m->types == NULL) {
            continue;
        }

        cx_out_open(req, NULL, '{');
        cx_out_str(req, "kind", cx_strz(cx_out_word(m->kind)));
        cx_out_int(req, "max_size", m->max_size);
        cx_out_str(req, "types", cx_strz(m->types));
        cx_out_close(req, '}');
    }

    cx_out_close(req, ']');
}


void
cx_out_capabilities(cx_api_request *req, const cx_channel_row *row)
{
    static const char *const  units[] = {
        [CX_UNIT_CODE_POINTS] = "characters",
        [CX_UNIT_UTF16] = "utf16",
        [CX_UNIT_BYTES] = "bytes",
    };
    const cx_channel  *type = cx_channel_sender(row->type);
    const cx_caps     *caps;

    if (type == NULL) {
        cx_out_null(req, "capabilities");
        return;
    }

    caps = cx_channel_caps(type, row->account);
    cx_out_open(req, "capabilities", '{');
    put_kinds(req, caps);
    cx_out_str(req, "unit", cx_strz(units[caps->unit]));

#define LIMIT(f)  cx_out_int(req, #f, (int64_t) caps->f);
    LIMIT(text_max) LIMIT(caption_max) LIMIT(body_max) LIMIT(header_max)
    LIMIT(footer_max) LIMIT(buttons_max) LIMIT(title_max) LIMIT(rows_max)
    LIMIT(row_title_max) LIMIT(row_text_max) LIMIT(label_max)
    LIMIT(window_ms) LIMIT(human_window_ms) LIMIT(pair_gap_ms)
    LIMIT(pair_burst) LIMIT(rate_per_s)
#undef LIMIT

    cx_out_bool(req, "links", caps->links);
    cx_out_bool(req, "calls", caps->calls);
    cx_out_bool(req, "reply_to", caps->reply_to);
    cx_out_bool(req, "templates_outside", caps->templates_outside);
    cx_out_bool(req, "opt_out", caps->opt_out);
    put_media(req, caps);
    cx_out_close(req, '}');
}
