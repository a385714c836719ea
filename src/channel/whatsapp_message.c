/*
 * One item of messages[], message_echoes[] or statuses[].  Facts: WhatsApp
 * Cloud API, "Webhooks: messages reference" and "Webhooks: status messages".
 */

#include "channel/whatsapp.h"


#define STATE_MAX  32

typedef struct {
    cx_json_reader    *r;
    cx_msg            *m;
    cx_wa_side         side;
    const cx_wa_type  *want;    /* what "type" means; NULL: unknown, not yet */
    const cx_wa_type  *have;    /* whose object was taken */
    bool               good;    /* and was readable */
} wa_item;

typedef struct {
    cx_str  state;
    cx_str  to;
    cx_str  to_user;
    cx_str  to_kind;            /* "group": to is the group's id */
    cx_str  member;
    cx_str  member_user;
} wa_status;


static void item_walk(wa_item *it);
static void item_type(wa_item *it);
static void item_object(wa_item *it, cx_str key);
static cx_str *id_field(wa_item *it, cx_str key);
static void item_again(wa_item *it, cx_str raw);
static bool settle_item(wa_item *it, cx_str raw);
static void take_time(cx_json_reader *r, cx_msg *m);
static void take_context(cx_json_reader *r, cx_msg *m);
static void take_errors(cx_json_reader *r, cx_msg *m);
static void take_error(cx_json_reader *r, cx_msg *m);
static bool status_field(cx_json_reader *r, cx_str key, wa_status *st,
    cx_msg *m);


bool
cx_wa_message(cx_json_reader *r, cx_wa_side side, cx_msg *m)
{
    wa_item      it = { .r = r, .m = m, .side = side };
    const char  *start;

    if (cx_json_peek(r) != CX_JSON_OBJECT) {
        cx_json_skip(r);
        return false;
    }

    start = r->p;
    item_walk(&it);

    return r->err == CX_OK && settle_item(&it, cx_meta_since(r, start));
}


static void
item_walk(wa_item *it)
{
    cx_str           key, *id;
    cx_json_reader  *r = it->r;

    if (!cx_json_enter(r, CX_JSON_OBJECT)) {
        return;
    }

    while (cx_json_key(r, &key)) {
        id = id_field(it, key);

        if (id != NULL) {
            (void) cx_json_string(r, id);

        } else if (CX_STR_IS(key, "timestamp")) {
            take_time(r, it->m);

        } else if (CX_STR_IS(key, "type")) {
            item_type(it);

        } else if (CX_STR_IS(key, "context")) {
            take_context(r, it->m);

        } else if (CX_STR_IS(key, "errors")) {
            take_errors(r, it->m);

        } else if (CX_STR_IS(key, "referral")) {
            (void) cx_json_raw(r, &it->m->referral);

        } else {
            item_object(it, key);
        }
    }
}


static cx_str *
id_field(wa_item *it, cx_str key)
{
    const bool  inbound = it->side == CX_WA_INBOUND;

    if (CX_STR_IS(key, "id")) {
        return &it->m->id;
    }

    if (inbound ? CX_STR_IS(key, "from") : CX_STR_IS(key, "to")) {
        return &it->m->peer_alt;
    }

    if (inbound ? CX_STR_IS(key, "from_user_id")
                : CX_STR_IS(key, "to_user_id"))
    {
        return &it->m->peer;
    }

    return CX_STR_IS(key, "group_id") ? &it->m->group : NULL;
}


static void
item_type(wa_item *it)
{
    cx_str  type;

    if (cx_json_string(it->r, &type)) {
        it->want = cx_wa_type_find(type);
    }
}


/* The object comes before its "type" as often as after it: it is taken when
 * met, and settle_item looks whether it was the right one. */
static void
item_object(wa_item *it, cx_str key)
{
    const cx_wa_type  *t = cx_wa_type_find(key);

    if (t == NULL || it->have != NULL
        || (it->want != NULL && t != it->want))
    {
        cx_json_skip(it->r);
        return;
    }

    it->have = t;
    it->good = t->take(it->r, it->m);
}


/* raw: the item's own text. */
static bool
settle_item(wa_item *it, cx_str raw)
{
    cx_msg  *m = it->m;

    if (it->want != NULL && it->have != NULL && it->have != it->want) {
        item_again(it, raw);
    }

    m->kind = it->side == CX_WA_ECHO ? CX_STR("echo") : CX_STR("message");

    if (it->want == NULL) {
        m->content = CX_STR("unknown");
        m->extra = raw;
        return true;
    }

    m->content = it->want->name;

    if (CX_STR_IS(m->content, "system") && it->side == CX_WA_INBOUND) {
        m->kind = m->content;
    }

    /* Without its object it is readable only when the errors say why. */
    return (it->have != NULL ? it->good : it->want->bare)
           || m->error_code != 0;
}


/* Another type's object came first: read once more, now knowing the type. */
static void
item_again(wa_item *it, cx_str raw)
{
    cx_json_reader   again, *r = it->r;

    cx_json_open(&again, raw, r->arena);

    *it->m = (cx_msg) { 0 };
    it->have = NULL;
    it->r = &again;

    item_walk(it);

    it->r = r;
    r->err = again.err;
}


static void
take_time(cx_json_reader *r, cx_msg *m)
{
    int64_t  s;

    if (cx_json_i64(r, &s) && s > 0 && s <= CX_META_TIME_MAX) {
        m->ts_ms = s * 1000;
    }
}


static void
take_context(cx_json_reader *r, cx_msg *m)
{
    bool         product = false;
    cx_str       key;
    const char  *start = cx_meta_mark(r);

    if (!cx_json_into(r, CX_JSON_OBJECT)) {
        return;
    }

    while (cx_json_key(r, &key)) {
        if (CX_STR_IS(key, "id")) {
            (void) cx_meta_text(r, &m->reply_to);

        } else {
            product |= CX_STR_IS(key, "referred_product");
            cx_json_skip(r);
        }
    }

    if (product && m->extra.len == 0) {
        m->extra = cx_meta_since(r, start);
    }
}


/* The first error speaks for all: more than one has not been seen. */
static void
take_errors(cx_json_reader *r, cx_msg *m)
{
    if (!cx_json_into(r, CX_JSON_ARRAY)) {
        return;
    }

    if (!cx_json_item(r)) {
        return;
    }

    take_error(r, m);

    while (cx_json_item(r)) {
        cx_json_skip(r);
    }
}


static void
take_error(cx_json_reader *r, cx_msg *m)
{
    cx_str  key, title = CX_NOSTR, message = CX_NOSTR;

    if (!cx_json_into(r, CX_JSON_OBJECT)) {
        return;
    }

    while (cx_json_key(r, &key)) {
        if (CX_STR_IS(key, "code")) {
            (void) cx_json_i64(r, &m->error_code);

        } else if (CX_STR_IS(key, "title")) {
            (void) cx_meta_text(r, &title);

        } else if (CX_STR_IS(key, "message")) {
            (void) cx_meta_text(r, &message);

        } else {
            cx_json_skip(r);
        }
    }

    m->error_text = title.len > 0 ? title : message;
}


/* --- statuses ------------------------------------------------------------ */

bool
cx_wa_status(cx_json_reader *r, cx_msg *m)
{
    cx_str     key;
    wa_status  st = { 0 };

    if (!cx_json_into(r, CX_JSON_OBJECT)) {
        return false;
    }

    while (cx_json_key(r, &key)) {
        if (CX_STR_IS(key, "timestamp")) {
            take_time(r, m);

        } else if (CX_STR_IS(key, "errors")) {
            take_errors(r, m);

        } else if (!status_field(r, key, &st, m)) {
            cx_json_skip(r);
        }
    }

    m->kind = CX_STR("status");
    m->content = st.state;

    if (CX_STR_IS(st.to_kind, "group")) {
        m->group = st.to;
        m->peer = st.member_user;
        m->peer_alt = st.member;

    } else {
        m->peer = st.to_user;
        m->peer_alt = st.to;
    }

    return st.state.len > 0 && st.state.len <= STATE_MAX;
}


static bool
status_field(cx_json_reader *r, cx_str key, wa_status *st, cx_msg *m)
{
    static const cx_meta_field  ours[] = {
        CX_META_FIELD("id",                            cx_msg, id),
        CX_META_FIELD("biz_opaque_callback_data",      cx_msg, tag),
    };
    static const cx_meta_field  theirs[] = {
        CX_META_FIELD("status",                        wa_status, state),
        CX_META_FIELD("recipient_id",                  wa_status, to),
        CX_META_FIELD("recipient_user_id",             wa_status, to_user),
        CX_META_FIELD("recipient_type",                wa_status, to_kind),
        CX_META_FIELD("recipient_participant_id",      wa_status, member),
        CX_META_FIELD("recipient_participant_user_id", wa_status, member_user),
    };

    return CX_META_TAKE_ONE(r, key, m, ours)
           || CX_META_TAKE_ONE(r, key, st, theirs);
}
