/*
 * The envelope of Messenger's and Instagram's webhooks, in the three shapes
 * that are seen: entry[].messaging[], entry[].changes[] (comments, mentions,
 * the dashboard's test button) and entry[].field with value (Instagram
 * login).  standby[] holds the talk of a thread that another app owns: it is
 * none of our business.  Facts: Messenger Platform, "Webhooks"; Instagram
 * Platform, "Webhooks".
 */

#include "channel/meta_messaging.h"


#define FIELD_MAX  64

typedef struct {
    cx_json_reader   r;
    cx_arena        *arena;
    cx_received     *in;

    /* of the entry at hand, known at its end */
    cx_str           entry;
    cx_str           time;
} messaging_walk;


static void walk_entries(messaging_walk *w);
static void walk_entry(messaging_walk *w);
static void walk_events(messaging_walk *w);
static void walk_changes(messaging_walk *w);
static void walk_change(messaging_walk *w);
static void take_change(messaging_walk *w, cx_str field, cx_str value);
static void add_account(messaging_walk *w, cx_str field, cx_str raw);
static void settle_entry(messaging_walk *w, size_t first);
static bool settle_account(messaging_walk *w, cx_msg *m);


cx_err
cx_meta_messaging_parse(cx_proven proven, cx_str object, cx_arena *a,
    cx_received *in)
{
    bool            ours = false;
    cx_err          err;
    cx_str          key, name;
    messaging_walk  w = { .arena = a, .in = in };

    cx_json_open(&w.r, proven.bytes, a);

    if (!cx_json_into(&w.r, CX_JSON_OBJECT)) {
        return w.r.err == CX_NOMEM ? CX_NOMEM : CX_MALFORMED;
    }

    while (cx_json_key(&w.r, &key)) {
        if (CX_STR_IS(key, "object")) {
            ours = cx_json_string(&w.r, &name) && cx_str_eq(name, object);

        } else if (CX_STR_IS(key, "entry")) {
            walk_entries(&w);

        } else {
            cx_json_skip(&w.r);
        }
    }

    err = cx_json_close(&w.r);

    if (cx_arena_failed(a)) {
        return CX_NOMEM;
    }

    return err == CX_OK && !ours ? CX_MALFORMED : err;
}


static void
walk_entries(messaging_walk *w)
{
    if (!cx_json_into(&w->r, CX_JSON_ARRAY)) {
        w->in->partial = true;
        return;
    }

    while (cx_json_item(&w->r)) {
        walk_entry(w);
    }
}


static void
walk_entry(messaging_walk *w)
{
    cx_str        key, field = CX_NOSTR, value = CX_NOSTR;
    const size_t  first = w->in->msgs.n;

    w->entry = CX_NOSTR;
    w->time = CX_NOSTR;

    if (!cx_json_into(&w->r, CX_JSON_OBJECT)) {
        w->in->partial = true;
        return;
    }

    while (cx_json_key(&w->r, &key)) {
        if (CX_STR_IS(key, "id")) {
            (void) cx_json_scalar(&w->r, &w->entry);

        } else if (CX_STR_IS(key, "time")) {
            (void) cx_json_scalar(&w->r, &w->time);

        } else if (CX_STR_IS(key, "messaging")) {
            walk_events(w);

        } else if (CX_STR_IS(key, "changes")) {
            walk_changes(w);

        } else if (CX_STR_IS(key, "field")) {
            (void) cx_json_string(&w->r, &field);

        } else if (CX_STR_IS(key, "value")) {
            (void) cx_json_raw(&w->r, &value);

        } else {
            cx_json_skip(&w->r);
        }
    }

    if (field.len > 0 || value.len > 0) {
        take_change(w, field, value);
    }

    settle_entry(w, first);
}


static void
walk_events(messaging_walk *w)
{
    if (!cx_json_into(&w->r, CX_JSON_ARRAY)) {
        w->in->partial = true;
        return;
    }

    while (cx_json_item(&w->r)) {
        if (!cx_meta_event_take(&w->r, &w->in->msgs)) {
            w->in->partial = true;
        }
    }
}


static void
walk_changes(messaging_walk *w)
{
    if (!cx_json_into(&w->r, CX_JSON_ARRAY)) {
        w->in->partial = true;
        return;
    }

    while (cx_json_item(&w->r)) {
        walk_change(w);
    }
}


static void
walk_change(messaging_walk *w)
{
    cx_str  key, field = CX_NOSTR, value = CX_NOSTR;

    if (!cx_json_into(&w->r, CX_JSON_OBJECT)) {
        w->in->partial = true;
        return;
    }

    while (cx_json_key(&w->r, &key)) {
        if (CX_STR_IS(key, "field")) {
            (void) cx_json_string(&w->r, &field);

        } else if (CX_STR_IS(key, "value")) {
            (void) cx_json_raw(&w->r, &value);

        } else {
            cx_json_skip(&w->r);
        }
    }

    take_change(w, field, value);
}


/* messages, message_edits, messaging_postbacks ...: their value is an event
 * as in messaging[].  Other fields are for people. */
static void
take_change(messaging_walk *w, cx_str field, cx_str value)
{
    cx_json_reader  r;

    if (CX_STR_IS(field, "standby")) {
        return;
    }

    if (field.len == 0 || field.len > FIELD_MAX || value.len == 0) {
        w->in->partial = true;
        return;
    }

    if (!cx_str_starts(field, CX_STR("messag"))) {
        add_account(w, field, value);
        return;
    }

    cx_json_open(&r, value, w->arena);

    if (!cx_meta_event_take(&r, &w->in->msgs)) {
        w->in->partial = true;
    }
}


/* Without memory the reader stops, and with it every loop over it. */
static void
add_account(messaging_walk *w, cx_str field, cx_str raw)
{
    cx_msg  *m = cx_msgs_add(&w->in->msgs, w->arena);

    if (m == NULL) {
        w->r.err = CX_NOMEM;
        return;
    }

    m->kind = CX_STR("account");
    m->content = field;
    m->extra = raw;
}


/* An update without account or id is named when its entry ends. */
static void
settle_entry(messaging_walk *w, size_t first)
{
    cx_msgs  *msgs = &w->in->msgs;
    size_t    kept = first;

    for (size_t i = first; i < msgs->n; i++) {
        cx_msg  *m = &msgs->items[i];

        if (CX_STR_IS(m->kind, "account") && !settle_account(w, m)) {
            w->in->partial = true;
            continue;
        }

        if (kept != i) {
            msgs->items[kept] = *m;
        }

        kept++;
    }

    cx_meta_keep(msgs, kept);
}


/* The same may truly happen twice: the time is part of its id. */
static bool
settle_account(messaging_walk *w, cx_msg *m)
{
    const cx_str  said = cx_meta_digest(m->extra, w->arena);

    if (m->account.len == 0) {
        m->account = w->entry;
    }

    if (m->ts_ms == 0) {
        m->ts_ms = cx_meta_time_ms(w->time);
    }

    m->id = cx_meta_digest(cx_printf(w->arena, "%.*s %.*s %.*s",
                                     CX_ARG(m->content), CX_ARG(w->time),
                                     CX_ARG(said)), w->arena);

    return said.len > 0 && m->id.len > 0
           && m->account.len > 0 && m->account.len <= CX_MSG_ID_MAX;
}
