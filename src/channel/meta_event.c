/*
 * One event of messaging[].  Facts: Messenger Platform, "Webhook events"
 * (messages, message_edits, message_reactions, messaging_postbacks,
 * message_deliveries, message_reads, messaging_referrals, messaging_optins,
 * messaging_account_linking, messaging_policy_enforcement,
 * messaging_handovers); Instagram Platform, "Webhooks" (messaging_seen).
 */

#include "channel/meta_messaging.h"


typedef struct {
    cx_str   name;
    bool   (*take)(cx_meta_event *e);
} event_type;

typedef struct {
    cx_str  mid;
    cx_str  text;
    cx_str  title;
    cx_str  payload;
    cx_str  action;
    cx_str  reaction;
    cx_str  emoji;
    cx_str  ref;
    cx_str  status;
    cx_str  number;             /* num_edit, watermark */
    cx_str  referral;
    cx_str  mids;
} event_fields;


static bool take_edit(cx_meta_event *e);
static bool take_postback(cx_meta_event *e);
static bool take_reaction(cx_meta_event *e);
static bool take_read(cx_meta_event *e);
static bool take_delivery(cx_meta_event *e);
static bool take_referral(cx_meta_event *e);
static bool take_optin(cx_meta_event *e);
static bool take_linking(cx_meta_event *e);
static bool take_system(cx_meta_event *e);
static void event_walk(cx_json_reader *r, cx_meta_event *e);
static cx_str take_party(cx_json_reader *r);
static bool event_settle(cx_meta_event *e, size_t first);
static bool take_fields(const cx_meta_event *e, event_fields *f);
static bool add_status(cx_meta_event *e, const char *state, cx_str mid);
static bool add_watermark(cx_meta_event *e, const char *state, cx_str number);


/* Where one event holds several, the first of the table is what it is. */
static const event_type  types[] = {
    { CX_STR_INIT("message"),                cx_meta_message_take },
    { CX_STR_INIT("message_edit"),           take_edit },
    { CX_STR_INIT("postback"),               take_postback },
    { CX_STR_INIT("reaction"),               take_reaction },
    { CX_STR_INIT("read"),                   take_read },
    { CX_STR_INIT("delivery"),               take_delivery },
    { CX_STR_INIT("referral"),               take_referral },
    { CX_STR_INIT("optin"),                  take_optin },
    { CX_STR_INIT("account_linking"),        take_linking },
    { CX_STR_INIT("policy_enforcement"),     take_system },
    { CX_STR_INIT("policy-enforcement"),     take_system },
    { CX_STR_INIT("pass_thread_control"),    take_system },
    { CX_STR_INIT("take_thread_control"),    take_system },
    { CX_STR_INIT("request_thread_control"), take_system },
    { CX_STR_INIT("app_roles"),              take_system },
    { CX_STR_INIT("game_play"),              take_system },
    { CX_STR_INIT("order"),                  take_system },
    { CX_STR_INIT("send_cart"),              take_system },
    { CX_STR_INIT("messaging_feedback"),     take_system },
    { CX_STR_INIT("response_feedback"),      take_system },
    { CX_STR_INIT("unknown"),                take_system },
};

#define TYPES    (sizeof(types) / sizeof(types[0]))
#define UNKNOWN  (TYPES - 1)


bool
cx_meta_event_take(cx_json_reader *r, cx_msgs *msgs)
{
    size_t         at = 0;
    const size_t   first = msgs->n;
    const char    *start = cx_meta_mark(r);
    cx_meta_event  e = { .arena = r->arena, .msgs = msgs };

    if (!cx_json_into(r, CX_JSON_OBJECT)) {
        return false;
    }

    event_walk(r, &e);

    if (r->err != CX_OK) {
        return false;
    }

    while (at < UNKNOWN && !cx_str_eq(e.name, types[at].name)) {
        at++;
    }

    if (at == UNKNOWN) {
        e.name = types[UNKNOWN].name;
        e.raw = cx_meta_since(r, start);
    }

    if (types[at].take(&e) && !cx_arena_failed(e.arena)
        && event_settle(&e, first))
    {
        return true;
    }

    cx_meta_keep(msgs, first);
    return false;
}


static void
event_walk(cx_json_reader *r, cx_meta_event *e)
{
    size_t  best = UNKNOWN;
    cx_str  key, time;

    while (cx_json_key(r, &key)) {
        if (CX_STR_IS(key, "sender")) {
            e->sender = take_party(r);
            continue;
        }

        if (CX_STR_IS(key, "recipient")) {
            e->recipient = take_party(r);
            continue;
        }

        if (CX_STR_IS(key, "timestamp")) {
            e->ts_ms = cx_json_scalar(r, &time) ? cx_meta_time_ms(time) : 0;
            continue;
        }

        for (size_t i = 0; i < best; i++) {
            if (cx_str_eq(key, types[i].name)) {
                best = i;
                e->name = types[i].name;
                (void) cx_json_raw(r, &e->raw);
                break;
            }
        }
    }
}


/* {"id": "..."}; a person met by a plugin has no id yet. */
static cx_str
take_party(cx_json_reader *r)
{
    cx_str  key, id = CX_NOSTR;

    if (!cx_json_into(r, CX_JSON_OBJECT)) {
        return CX_NOSTR;
    }

    while (cx_json_key(r, &key)) {
        if (CX_STR_IS(key, "id")) {
            (void) cx_json_scalar(r, &id);

        } else {
            cx_json_skip(r);
        }
    }

    return id;
}


/* Who and when, for all that the event became. */
static bool
event_settle(cx_meta_event *e, size_t first)
{
    for (size_t i = first; i < e->msgs->n; i++) {
        cx_msg  *m = &e->msgs->items[i];

        m->account = e->echo ? e->sender : e->recipient;
        m->peer = e->echo ? e->recipient : e->sender;

        if (m->ts_ms == 0) {
            m->ts_ms = e->ts_ms;
        }

        /* Its entry gives it account and id. */
        if (CX_STR_IS(m->kind, "account")) {
            m->peer = CX_NOSTR;
            continue;
        }

        if (m->reply_to.len > CX_MSG_ID_MAX) {
            m->reply_to = CX_NOSTR;
        }

        if (m->id.len == 0 || m->id.len > CX_MSG_ID_MAX
            || m->account.len == 0 || m->account.len > CX_MSG_ID_MAX
            || m->peer.len == 0 || m->peer.len > CX_MSG_ID_MAX)
        {
            return false;
        }
    }

    return true;
}


cx_msg *
cx_meta_event_add(cx_meta_event *e, const char *kind, cx_str content,
    cx_str id)
{
    cx_msg  *m = cx_msgs_add(e->msgs, e->arena);

    if (m != NULL) {
        m->kind = cx_strz(kind);
        m->content = content;
        m->id = id;
    }

    return m;
}


cx_str
cx_meta_event_id(const cx_meta_event *e, cx_str x, cx_str y)
{
    return cx_meta_digest(cx_printf(e->arena, "%.*s %.*s %lld %.*s %.*s",
                                    CX_ARG(e->name), CX_ARG(e->sender),
                                    (long long) e->ts_ms, CX_ARG(x),
                                    CX_ARG(y)), e->arena);
}


/* --- members ------------------------------------------------------------- */

static bool
take_fields(const cx_meta_event *e, event_fields *f)
{
    static const cx_meta_field  fields[] = {
        CX_META_FIELD("mid",      event_fields, mid),
        CX_META_FIELD("text",     event_fields, text),
        CX_META_FIELD("title",    event_fields, title),
        CX_META_FIELD("payload",  event_fields, payload),
        CX_META_FIELD("action",   event_fields, action),
        CX_META_FIELD("reaction", event_fields, reaction),
        CX_META_FIELD("emoji",    event_fields, emoji),
        CX_META_FIELD("ref",      event_fields, ref),
        CX_META_FIELD("status",   event_fields, status),
    };

    cx_str          key;
    cx_json_reader  r;

    *f = (event_fields) { .mid = CX_NOSTR };
    cx_json_open(&r, e->raw, e->arena);

    if (!cx_json_into(&r, CX_JSON_OBJECT)) {
        return false;
    }

    while (cx_json_key(&r, &key)) {
        if (CX_STR_IS(key, "num_edit") || CX_STR_IS(key, "watermark")) {
            (void) cx_json_scalar(&r, &f->number);

        } else if (CX_STR_IS(key, "referral")) {
            f->referral = cx_meta_raw_object(&r);

        } else if (CX_STR_IS(key, "mids")) {
            (void) cx_json_raw(&r, &f->mids);

        } else if (!CX_META_TAKE_ONE(&r, key, f, fields)) {
            cx_json_skip(&r);
        }
    }

    return cx_json_close(&r) == CX_OK;
}


static bool
take_edit(cx_meta_event *e)
{
    cx_msg        *m;
    event_fields   f;

    if (!take_fields(e, &f) || f.mid.len == 0) {
        return false;
    }

    /* The same edit, whenever it is told: mid and number are it. */
    m = cx_meta_event_add(e, "message", CX_STR("edit"),
                          cx_meta_digest(cx_printf(e->arena, "edit %.*s %.*s",
                                                   CX_ARG(f.mid),
                                                   CX_ARG(f.number)),
                                         e->arena));
    if (m == NULL) {
        return false;
    }

    m->reply_to = f.mid;
    m->text = f.text;
    return true;
}


static bool
take_postback(cx_meta_event *e)
{
    cx_msg        *m;
    event_fields   f;

    if (!take_fields(e, &f) || (f.title.len == 0 && f.payload.len == 0)) {
        return false;
    }

    m = cx_meta_event_add(e, "message", CX_STR("button"),
                          f.mid.len > 0 ? f.mid
                          : cx_meta_event_id(e, f.payload, f.title));
    if (m == NULL) {
        return false;
    }

    m->text = f.title;
    m->payload = f.payload;
    m->referral = f.referral;
    return true;
}


/* An empty text takes the reaction back. */
static bool
take_reaction(cx_meta_event *e)
{
    cx_msg        *m;
    event_fields   f;

    if (!take_fields(e, &f) || f.mid.len == 0) {
        return false;
    }

    m = cx_meta_event_add(e, "message", CX_STR("reaction"),
                          cx_meta_event_id(e, f.mid, f.action));
    if (m == NULL) {
        return false;
    }

    m->reply_to = f.mid;
    m->payload = f.reaction;

    if (!CX_STR_IS(f.action, "unreact")) {
        m->text = f.emoji.len > 0 ? f.emoji : f.reaction;
    }

    return true;
}


static bool
take_read(cx_meta_event *e)
{
    event_fields  f;

    if (!take_fields(e, &f)) {
        return false;
    }

    return f.mid.len > 0 ? add_status(e, "read", f.mid)
                         : add_watermark(e, "read", f.number);
}


static bool
take_delivery(cx_meta_event *e)
{
    bool            all = true;
    cx_str          mid;
    size_t          n = 0;
    event_fields    f;
    cx_json_reader  r;

    if (!take_fields(e, &f)) {
        return false;
    }

    if (f.mids.len > 0) {
        cx_json_open(&r, f.mids, e->arena);

        if (!cx_json_into(&r, CX_JSON_ARRAY)) {
            return false;
        }

        while (cx_json_item(&r)) {
            all = all && cx_json_string(&r, &mid)
                  && add_status(e, "delivered", mid);
            n++;
        }
    }

    return n > 0 ? all && cx_json_close(&r) == CX_OK
                 : add_watermark(e, "delivered", f.number);
}


static bool
add_status(cx_meta_event *e, const char *state, cx_str mid)
{
    return mid.len > 0
           && cx_meta_event_add(e, "status", cx_strz(state), mid) != NULL;
}


/* All that was sent until that time: its number stands for their ids. */
static bool
add_watermark(cx_meta_event *e, const char *state, cx_str number)
{
    cx_msg  *m = cx_meta_time_ms(number) == 0 ? NULL
                 : cx_meta_event_add(e, "status", cx_strz(state), number);

    if (m != NULL) {
        m->payload = CX_STR("watermark");
    }

    return m != NULL;
}


/* --- what is no message -------------------------------------------------- */

static bool
take_referral(cx_meta_event *e)
{
    cx_msg        *m;
    event_fields   f;

    if (!take_fields(e, &f)) {
        return false;
    }

    m = cx_meta_event_add(e, "system", e->name,
                          cx_meta_event_id(e, e->raw, CX_NOSTR));
    if (m == NULL) {
        return false;
    }

    m->payload = f.ref;
    m->referral = e->raw;
    return true;
}


/* The token of a notification is no secret of ours, and needed to use it. */
static bool
take_optin(cx_meta_event *e)
{
    event_fields  f;

    if (!take_fields(e, &f) || !take_system(e)) {
        return false;
    }

    e->msgs->items[e->msgs->n - 1].payload = f.payload.len > 0 ? f.payload
                                                               : f.ref;
    return true;
}


/* The authorization code belongs to whoever linked: it is not kept. */
static bool
take_linking(cx_meta_event *e)
{
    cx_msg        *m;
    event_fields   f;

    if (!take_fields(e, &f)) {
        return false;
    }

    m = cx_meta_event_add(e, "system", e->name,
                          cx_meta_event_id(e, f.status, CX_NOSTR));
    if (m != NULL) {
        m->payload = f.status;
    }

    return m != NULL;
}


/* Of a customer it stands in the talk; else it is about the account. */
static bool
take_system(cx_meta_event *e)
{
    cx_msg      *m;
    const bool   policy = cx_str_starts(e->name, CX_STR("policy"))
                          || CX_STR_IS(e->name, "app_roles")
                          || e->sender.len == 0;

    if (e->raw.len == 0 || (policy && e->recipient.len == 0)) {
        return false;
    }

    m = cx_meta_event_add(e, policy ? "account" : "system", e->name,
                          cx_meta_event_id(e, e->raw, CX_NOSTR));
    if (m != NULL) {
        m->extra = e->raw;
    }

    return m != NULL;
}
