/*
 * Templates of a WhatsApp Business Account, whose id is the setting "waba".
 * Facts: WhatsApp Business Management API, "Message templates"; Webhooks,
 * field message_template_status_update.
 */

#include "channel/whatsapp.h"


#define PAGE        "100"
#define FIELDS      "name,language,category,status,quality_score,"           \
                    "rejected_reason,components,id"
#define ID_MAX      32


bool
cx_wa_waba(cx_str value)
{
    for (size_t i = 0; i < value.len; i++) {
        if (value.p[i] < '0' || value.p[i] > '9') {
            return false;
        }
    }

    return value.len > 0 && value.len <= ID_MAX;
}


cx_err
cx_wa_templates_ask(const cx_sender *from, cx_str after, cx_arena *a,
    cx_http_req *req)
{
    const cx_str  waba = cx_setting_get(from, "waba");
    const cx_str  base = from->base_url.len > 0 ? from->base_url
                                                : CX_STR(CX_WA_BASE_URL);
    cx_str        url;

    if (!cx_wa_waba(waba)) {
        return CX_INVALID;
    }

    url = cx_printf(a, "%.*s/%.*s/message_templates?fields=" FIELDS
                    "&limit=" PAGE, CX_ARG(base), CX_ARG(waba));

    if (after.len > 0) {
        url = cx_printf(a, "%.*s&after=%.*s", CX_ARG(url),
                        CX_ARG(cx_url_encode(a, after)));
    }

    return cx_meta_get(from, url, true, a, req);
}


/* --- a page -------------------------------------------------------------- */

static cx_template *
add(cx_templates *list, cx_arena *a)
{
    cx_template  *more;
    size_t        room;

    if (list->n == list->room) {
        room = list->room > 0 ? 2 * list->room : 32;
        more = CX_NEW_N(a, room, cx_template);

        if (more == NULL) {
            return NULL;
        }

        if (list->n > 0) {
            memcpy(more, list->items, list->n * sizeof(more[0]));
        }

        list->items = more;
        list->room = room;
    }

    list->items[list->n] = (cx_template) { .name = CX_NOSTR };
    return &list->items[list->n++];
}


static void
read_quality(cx_json_reader *r, cx_template *t)
{
    cx_str  key;

    if (!cx_json_into(r, CX_JSON_OBJECT)) {
        return;
    }

    while (cx_json_key(r, &key)) {
        if (CX_STR_IS(key, "score")) {
            (void) cx_json_string(r, &t->quality);

        } else {
            cx_json_skip(r);
        }
    }
}


static void
read_template(cx_json_reader *r, cx_template *t)
{
    static const cx_meta_field  fields[] = {
        CX_META_FIELD("name", cx_template, name),
        CX_META_FIELD("language", cx_template, language),
        CX_META_FIELD("category", cx_template, category),
        CX_META_FIELD("status", cx_template, state),
        CX_META_FIELD("rejected_reason", cx_template, reason),
        CX_META_FIELD("id", cx_template, provider_id),
    };

    cx_str  key;

    if (!cx_json_into(r, CX_JSON_OBJECT)) {
        return;
    }

    while (cx_json_key(r, &key)) {
        if (CX_STR_IS(key, "components")) {
            (void) cx_json_raw(r, &t->components);

        } else if (CX_STR_IS(key, "quality_score")) {
            read_quality(r, t);

        } else if (!CX_META_TAKE_ONE(r, key, t, fields)) {
            cx_json_skip(r);
        }
    }

    if (CX_STR_IS(t->reason, "NONE")) {
        t->reason = CX_NOSTR;
    }
}


static void
read_data(cx_json_reader *r, cx_arena *a, cx_templates *list)
{
    cx_template  *t;

    if (!cx_json_into(r, CX_JSON_ARRAY)) {
        return;
    }

    while (cx_json_item(r) && (t = add(list, a)) != NULL) {
        read_template(r, t);

        if (t->name.len == 0 || t->language.len == 0) {
            list->n--;
        }
    }
}


/* The cursor counts only while there is a next page. */
static void
read_paging(cx_json_reader *r, cx_templates *list)
{
    cx_str  key, after = CX_NOSTR;
    bool    more = false;

    if (!cx_json_into(r, CX_JSON_OBJECT)) {
        return;
    }

    while (cx_json_key(r, &key)) {
        if (CX_STR_IS(key, "next")) {
            more = true;
            cx_json_skip(r);

        } else if (CX_STR_IS(key, "cursors")
                   && cx_json_enter(r, CX_JSON_OBJECT))
        {
            while (cx_json_key(r, &key)) {
                if (CX_STR_IS(key, "after")) {
                    (void) cx_json_string(r, &after);

                } else {
                    cx_json_skip(r);
                }
            }

        } else {
            cx_json_skip(r);
        }
    }

    list->after = more ? after : CX_NOSTR;
}


/* CX_INVALID: refused; CX_IO: later; CX_MALFORMED, CX_NOMEM. */
cx_err
cx_wa_templates_read(const cx_http_res *res, cx_arena *a, cx_templates *list)
{
    cx_str          key;
    cx_err          err;
    bool            listed = false;
    cx_json_reader  r;

    if (res->status != 200) {
        return res->status >= 400 && res->status < 500 && res->status != 429
               ? CX_INVALID : CX_IO;
    }

    list->after = CX_NOSTR;
    cx_json_open(&r, res->body, a);

    if (!cx_json_enter(&r, CX_JSON_OBJECT)) {
        return r.err == CX_NOMEM ? CX_NOMEM : CX_MALFORMED;
    }

    while (cx_json_key(&r, &key)) {
        if (CX_STR_IS(key, "data")) {
            listed = true;
            read_data(&r, a, list);

        } else if (CX_STR_IS(key, "paging")) {
            read_paging(&r, list);

        } else {
            cx_json_skip(&r);
        }
    }

    err = cx_json_close(&r);

    return cx_arena_failed(a) ? CX_NOMEM
           : err == CX_OK && !listed ? CX_MALFORMED : err;
}


/* --- one that changed ---------------------------------------------------- */

bool
cx_wa_template_changed(const cx_msg *m, cx_arena *a, cx_template *t)
{
    static const cx_meta_field  fields[] = {
        CX_META_FIELD("event", cx_template, state),
        CX_META_FIELD("message_template_name", cx_template, name),
        CX_META_FIELD("message_template_language", cx_template, language),
        CX_META_FIELD("reason", cx_template, reason),
    };

    cx_json_reader  r;

    if (!CX_STR_IS(m->content, "message_template_status_update")) {
        return false;
    }

    *t = (cx_template) { .name = CX_NOSTR };
    cx_json_open(&r, m->extra, a);

    if (!CX_META_TAKE(&r, t, fields) || cx_json_close(&r) != CX_OK) {
        return false;
    }

    if (CX_STR_IS(t->reason, "NONE")) {
        t->reason = CX_NOSTR;
    }

    return t->name.len > 0 && t->language.len > 0 && t->state.len > 0;
}
