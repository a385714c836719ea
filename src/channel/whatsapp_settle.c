/*
 * What is known only at the end of a value or an entry: who the customer is,
 * and what the account updates are called.
 */

#include "channel/whatsapp.h"


#define PHONE_MAX  20


static void match_contact(cx_wa_walk *w, cx_msg *m);
static void sift(cx_wa_walk *w, size_t first,
    bool (*settle)(cx_wa_walk *w, cx_msg *m));
static bool settle_message(cx_wa_walk *w, cx_msg *m);
static bool settle_account(cx_wa_walk *w, cx_msg *m);
static cx_str phone_of(cx_str digits, cx_arena *a);


void
cx_wa_keep_contact(cx_wa_walk *w, const cx_wa_contact *c)
{
    size_t          room;
    cx_wa_contact  *list;

    if (w->ncontacts == w->room) {
        room = w->room == 0 ? 4 : 2 * w->room;
        list = CX_NEW_N(w->arena, room, cx_wa_contact);
        if (list == NULL) {
            w->r.err = CX_NOMEM;
            return;
        }

        if (w->ncontacts > 0) {
            memcpy(list, w->contacts, w->ncontacts * sizeof(*list));
        }

        w->contacts = list;
        w->room = room;
    }

    w->contacts[w->ncontacts++] = *c;
}


/* Contacts stand in the order of their messages, one for all messages of a
 * sender: the search goes on where it last ended. */
static void
match_contact(cx_wa_walk *w, cx_msg *m)
{
    for (size_t i = 0; i < w->ncontacts && w->budget > 0; i++) {
        const size_t          k = (w->last + i) % w->ncontacts;
        const cx_wa_contact  *c = &w->contacts[k];

        w->budget--;

        if ((m->peer.len == 0 || !cx_str_eq(m->peer, c->user_id))
            && (m->peer_alt.len == 0 || !cx_str_eq(m->peer_alt, c->wa_id)))
        {
            continue;
        }

        w->last = k;
        m->name = c->name;
        m->username = c->username;
        m->peer = m->peer.len > 0 ? m->peer : c->user_id;
        m->peer_alt = m->peer_alt.len > 0 ? m->peer_alt : c->wa_id;
        return;
    }
}


void
cx_wa_settle_value(cx_wa_walk *w, size_t first)
{
    sift(w, first, settle_message);
}


void
cx_wa_settle_entry(cx_wa_walk *w, size_t first)
{
    sift(w, first, settle_account);
}


/* Keeps the messages that settle calls usable; one that is not spoils none
 * of the others. */
static void
sift(cx_wa_walk *w, size_t first, bool (*settle)(cx_wa_walk *w, cx_msg *m))
{
    cx_msgs  *msgs = &w->in->msgs;
    size_t    kept = first;

    for (size_t i = first; i < msgs->n; i++) {
        cx_msg  *m = &msgs->items[i];

        if (!settle(w, m)) {
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


static bool
settle_message(cx_wa_walk *w, cx_msg *m)
{
    const bool  status = CX_STR_IS(m->kind, "status");

    if (CX_STR_IS(m->kind, "account")) {
        return true;                        /* settle_account's */
    }

    m->account = w->account;

    if (!status) {
        match_contact(w, m);
    }

    m->phone = phone_of(m->peer_alt, w->arena);

    if (m->reply_to.len > CX_MSG_ID_MAX) {
        m->reply_to = CX_NOSTR;
    }

    if (m->peer.len == 0) {
        m->peer = m->peer_alt;
        m->peer_alt = CX_NOSTR;
    }

    return m->id.len > 0 && m->id.len <= CX_MSG_ID_MAX
           && m->account.len > 0 && m->account.len <= CX_MSG_ID_MAX
           && m->peer.len <= CX_MSG_ID_MAX
           && m->peer_alt.len <= CX_MSG_ID_MAX
           && m->group.len <= CX_MSG_ID_MAX
           && (status || m->peer.len > 0);
}


static cx_str
phone_of(cx_str digits, cx_arena *a)
{
    char  *p;

    if (digits.len == 0 || digits.len > PHONE_MAX) {
        return CX_NOSTR;
    }

    for (size_t i = 0; i < digits.len; i++) {
        if (digits.p[i] < '0' || digits.p[i] > '9') {
            return CX_NOSTR;
        }
    }

    p = cx_alloc_bytes(a, digits.len + 1);
    if (p == NULL) {
        return CX_NOSTR;
    }

    p[0] = '+';
    memcpy(p + 1, digits.p, digits.len);

    return (cx_str) { digits.len + 1, p };
}


/*
 * These updates have no id: a digest of what they say is one that a repeated
 * delivery shares.  The entry's time is part of it, for the same thing may
 * truly happen twice.
 */
static bool
settle_account(cx_wa_walk *w, cx_msg *m)
{
    cx_str   said;
    int64_t  s;

    if (!CX_STR_IS(m->kind, "account")) {
        return true;
    }

    said = cx_meta_digest(m->extra, w->arena);
    m->id = cx_meta_digest(cx_printf(w->arena, "%.*s %.*s %.*s",
                                CX_ARG(m->content), CX_ARG(w->time),
                                CX_ARG(said)), w->arena);
    m->account = w->entry;

    if (cx_str_to_i64(w->time, &s) && s > 0 && s <= CX_META_TIME_MAX) {
        m->ts_ms = s * 1000;
    }

    return said.len > 0 && m->id.len > 0
           && m->account.len > 0 && m->account.len <= CX_MSG_ID_MAX;
}
