/*
 * The envelope of WhatsApp's webhooks: entry[] x changes[] x value.  Facts:
 * WhatsApp Cloud API, "Webhooks: overview" (3 MB, up to 1000 updates in one
 * delivery) and "Webhooks: fields".
 *
 * The body is read once, in whatever order its members come: what a value
 * says about its messages (metadata, contacts) and what a change says about
 * its value (field) is applied when the value or the change ends.
 */

#include "channel/whatsapp.h"
#include "channel/types.h"


#define MAX_BODY      (4 * 1024 * 1024)
#define FIELD_MAX     64
/* Comparisons of one value's messages with its contacts: in the usual order
 * one or two a message, in any order a bound on the work. */
#define MATCH_BUDGET  65536


static bool is_account(cx_str account);
static cx_err parse(const cx_account *acct, cx_proven proven, cx_arena *a,
    cx_received *in);
static void walk_entries(cx_wa_walk *w);
static void walk_entry(cx_wa_walk *w);
static void walk_changes(cx_wa_walk *w);
static void walk_change(cx_wa_walk *w);
static bool has_messages(cx_str field);
static cx_str walk_value(cx_wa_walk *w);
static void walk_errors(cx_wa_walk *w);
static void walk_metadata(cx_wa_walk *w);
static void walk_items(cx_wa_walk *w, cx_str key);
static void walk_contacts(cx_wa_walk *w);
static void walk_contact(cx_wa_walk *w);
static void walk_profile(cx_wa_walk *w, cx_wa_contact *c);
static bool read_item(cx_wa_walk *w, cx_str key, cx_msg *m);
static cx_msg *add(cx_wa_walk *w);
static void unreadable(cx_wa_walk *w);
static void add_account(cx_wa_walk *w, cx_str field, cx_str raw);


static const cx_setting_def  settings[] = {
    { "waba", false, "the id of the WhatsApp Business Account, digits: its "
      "templates are mirrored", cx_wa_waba },
    { NULL, false, NULL, NULL },
};


const cx_channel  cx_channel_whatsapp = {
    .name = "whatsapp",
    .mac = CX_MAC_SHA256,
    .needs_token = true,
    .max_body = MAX_BODY,
    .caps = &cx_wa_caps,
    .check_account = is_account,
    .account_what = "the phone_number_id: digits",
    .headers = cx_meta_headers,
    .handshake = cx_meta_handshake,
    .verify = cx_meta_verify,
    .parse = parse,
    .build = cx_wa_build,
    .check = cx_wa_check,
    .judge = cx_wa_judge,
    .proves = CX_PROOF_BIT(PHONE),
    .fetch = cx_wa_fetch,
    .fetched = cx_wa_fetched,
    .settings = settings,
    .templates_of = "waba",
    .templates = cx_wa_templates_ask,
    .templates_read = cx_wa_templates_read,
    .template_changed = cx_wa_template_changed,
};


static bool
is_account(cx_str account)
{
    for (size_t i = 0; i < account.len; i++) {
        if (account.p[i] < '0' || account.p[i] > '9') {
            return false;
        }
    }

    return account.len > 0;
}


static cx_err
parse(const cx_account *acct, cx_proven proven, cx_arena *a, cx_received *in)
{
    bool        ours = false;
    cx_err      err;
    cx_str      key, object;
    cx_wa_walk  w = { .arena = a, .in = in };

    (void) acct;

    cx_json_open(&w.r, proven.bytes, a);

    if (!cx_json_into(&w.r, CX_JSON_OBJECT)) {
        return w.r.err == CX_NOMEM ? CX_NOMEM : CX_MALFORMED;
    }

    while (cx_json_key(&w.r, &key)) {
        if (CX_STR_IS(key, "object")) {
            ours = cx_json_string(&w.r, &object)
                   && CX_STR_IS(object, "whatsapp_business_account");

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
walk_entries(cx_wa_walk *w)
{
    if (!cx_json_into(&w->r, CX_JSON_ARRAY)) {
        unreadable(w);
        return;
    }

    while (cx_json_item(&w->r)) {
        walk_entry(w);
    }
}


static void
walk_entry(cx_wa_walk *w)
{
    cx_str        key;
    const size_t  first = w->in->msgs.n;

    w->entry = CX_NOSTR;
    w->time = CX_NOSTR;

    if (!cx_json_into(&w->r, CX_JSON_OBJECT)) {
        unreadable(w);
        return;
    }

    while (cx_json_key(&w->r, &key)) {
        if (CX_STR_IS(key, "id")) {
            (void) cx_json_string(&w->r, &w->entry);

        } else if (CX_STR_IS(key, "time")) {
            (void) cx_json_scalar(&w->r, &w->time);

        } else if (CX_STR_IS(key, "changes")) {
            walk_changes(w);

        } else {
            cx_json_skip(&w->r);
        }
    }

    cx_wa_settle_entry(w, first);
}


static void
walk_changes(cx_wa_walk *w)
{
    if (!cx_json_into(&w->r, CX_JSON_ARRAY)) {
        unreadable(w);
        return;
    }

    while (cx_json_item(&w->r)) {
        walk_change(w);
    }
}


/* The field's name may come after the value: what was read as messages is
 * taken back when it turns out to be something else. */
static void
walk_change(cx_wa_walk *w)
{
    cx_str        key, field = CX_NOSTR, value = CX_NOSTR;
    const bool    partial = w->in->partial;
    const size_t  first = w->in->msgs.n;

    if (!cx_json_into(&w->r, CX_JSON_OBJECT)) {
        unreadable(w);
        return;
    }

    while (cx_json_key(&w->r, &key)) {
        if (CX_STR_IS(key, "value")) {
            if (field.len == 0 || has_messages(field)) {
                value = walk_value(w);

            } else {
                (void) cx_json_raw(&w->r, &value);
            }

        } else if (CX_STR_IS(key, "field")) {
            (void) cx_json_string(&w->r, &field);

        } else {
            cx_json_skip(&w->r);
        }
    }

    if (has_messages(field)) {
        cx_wa_settle_value(w, first);
        return;
    }

    cx_meta_keep(&w->in->msgs, first);
    w->in->partial = partial;

    if (field.len == 0 || field.len > FIELD_MAX || value.len == 0) {
        unreadable(w);
        return;
    }

    add_account(w, field, value);
}


static bool
has_messages(cx_str field)
{
    return CX_STR_IS(field, "messages")
           || CX_STR_IS(field, "smb_message_echoes");
}


/* Gives the value's own text. */
static cx_str
walk_value(cx_wa_walk *w)
{
    cx_str       key;
    const char  *start = cx_meta_mark(&w->r);

    w->account = CX_NOSTR;
    w->ncontacts = 0;

    if (!cx_json_into(&w->r, CX_JSON_OBJECT)) {
        unreadable(w);
        return CX_NOSTR;
    }

    while (cx_json_key(&w->r, &key)) {
        if (CX_STR_IS(key, "metadata")) {
            walk_metadata(w);

        } else if (CX_STR_IS(key, "contacts")) {
            walk_contacts(w);

        } else if (CX_STR_IS(key, "messages")
                   || CX_STR_IS(key, "statuses")
                   || CX_STR_IS(key, "message_echoes"))
        {
            walk_items(w, key);

        } else if (CX_STR_IS(key, "errors")) {
            walk_errors(w);

        } else {
            cx_json_skip(&w->r);
        }
    }

    return cx_meta_since(&w->r, start);
}


/* Tied to no message: kept for people. */
static void
walk_errors(cx_wa_walk *w)
{
    cx_str  raw;

    if (cx_json_raw(&w->r, &raw)) {
        add_account(w, CX_STR("errors"), raw);
    }
}


static void
walk_metadata(cx_wa_walk *w)
{
    cx_str  key;

    if (!cx_json_into(&w->r, CX_JSON_OBJECT)) {
        return;
    }

    while (cx_json_key(&w->r, &key)) {
        if (CX_STR_IS(key, "phone_number_id")) {
            (void) cx_json_string(&w->r, &w->account);

        } else {
            cx_json_skip(&w->r);
        }
    }
}


static void
walk_items(cx_wa_walk *w, cx_str key)
{
    cx_msg  *m;

    if (!cx_json_into(&w->r, CX_JSON_ARRAY)) {
        unreadable(w);
        return;
    }

    while (cx_json_item(&w->r)) {
        m = add(w);

        if (m != NULL && !read_item(w, key, m)) {
            cx_meta_keep(&w->in->msgs, w->in->msgs.n - 1);
            unreadable(w);
        }
    }
}


static bool
read_item(cx_wa_walk *w, cx_str key, cx_msg *m)
{
    if (CX_STR_IS(key, "statuses")) {
        return cx_wa_status(&w->r, m);
    }

    return cx_wa_message(&w->r, CX_STR_IS(key, "messages") ? CX_WA_INBOUND
                                                           : CX_WA_ECHO, m);
}


/* Without memory the reader stops, and with it every loop over it. */
static cx_msg *
add(cx_wa_walk *w)
{
    cx_msg  *m = cx_msgs_add(&w->in->msgs, w->arena);

    if (m == NULL) {
        w->r.err = CX_NOMEM;
    }

    return m;
}


static void
unreadable(cx_wa_walk *w)
{
    w->in->partial = true;
}


/* --- contacts ------------------------------------------------------------ */

static void
walk_contacts(cx_wa_walk *w)
{
    if (!cx_json_into(&w->r, CX_JSON_ARRAY)) {
        unreadable(w);
        return;
    }

    w->last = 0;
    w->budget = MATCH_BUDGET;

    while (cx_json_item(&w->r)) {
        walk_contact(w);
    }
}


static void
walk_contact(cx_wa_walk *w)
{
    cx_str         key;
    cx_wa_contact  c = { 0 };

    if (!cx_json_into(&w->r, CX_JSON_OBJECT)) {
        return;
    }

    while (cx_json_key(&w->r, &key)) {
        if (CX_STR_IS(key, "wa_id")) {
            (void) cx_json_string(&w->r, &c.wa_id);

        } else if (CX_STR_IS(key, "user_id")) {
            (void) cx_json_string(&w->r, &c.user_id);

        } else if (CX_STR_IS(key, "profile")) {
            walk_profile(w, &c);

        } else {
            cx_json_skip(&w->r);
        }
    }

    cx_wa_keep_contact(w, &c);
}


static void
walk_profile(cx_wa_walk *w, cx_wa_contact *c)
{
    cx_str  key;

    if (!cx_json_into(&w->r, CX_JSON_OBJECT)) {
        return;
    }

    while (cx_json_key(&w->r, &key)) {
        if (CX_STR_IS(key, "name")) {
            (void) cx_meta_text(&w->r, &c->name);

        } else if (CX_STR_IS(key, "username")) {
            (void) cx_meta_text(&w->r, &c->username);

        } else {
            cx_json_skip(&w->r);
        }
    }
}


/* Any other field than messages: for people and for account health. */
static void
add_account(cx_wa_walk *w, cx_str field, cx_str raw)
{
    cx_msg  *m = add(w);

    if (m != NULL) {
        m->kind = CX_STR("account");
        m->content = field;
        m->extra = raw;
    }
}
