#include "worker/take.h"

#include "channel/proofs.h"
#include "core/json.h"


/* Message contents that get no answer of their own. */
static bool
content_is_silent(cx_str content)
{
    static const cx_str  silent[] = {
        CX_STR_INIT("reaction"), CX_STR_INIT("system"),
        CX_STR_INIT("unsupported"), CX_STR_INIT("edit"),
        CX_STR_INIT("revoke"), CX_STR_INIT("unknown"),
    };

    for (size_t i = 0; i < sizeof(silent) / sizeof(silent[0]); i++) {
        if (cx_str_eq(content, silent[i])) {
            return true;
        }
    }

    return false;
}


/* The parts of an event that have no column of their own. */
static cx_str
take_meta(cx_arena *a, const cx_msg *m)
{
    cx_json_writer  w;
    cx_buf          b;

    if (m->payload.len + m->media_id.len + m->media_url.len + m->extra.len
        + m->referral.len + m->group.len == 0)
    {
        return CX_NOSTR;
    }

    cx_buf_init(&b, a, 256, CX_BATCH_ARENA);
    cx_json_write_init(&w, &b);
    cx_json_begin(&w, '{');

#define MEMBER(field, put)                                                   \
    if (m->field.len > 0) {                                                  \
        cx_json_name(&w, CX_STR(#field));                                    \
        put(&w, m->field);                                                   \
    }

    MEMBER(payload, cx_json_put_str)
    MEMBER(media_id, cx_json_put_str)
    MEMBER(media_url, cx_json_put_str)
    MEMBER(media_mime, cx_json_put_str)
    MEMBER(media_sha256, cx_json_put_str)
    MEMBER(media_name, cx_json_put_str)
    MEMBER(group, cx_json_put_str)
    MEMBER(extra, cx_json_put_raw)
    MEMBER(referral, cx_json_put_raw)

#undef MEMBER

    cx_json_end(&w, '}');
    return cx_buf_str(&b);
}


/* An adapter may know it from the provider; else the word tells, where words
 * bind us. */
static cx_opt
item_opt(const cx_msg *m, const cx_dir_channel *ch)
{
    int  word = 0;

    if (CX_STR_IS(m->content, "optout")) {
        return CX_OPT_OUT;
    }

    if (CX_STR_IS(m->content, "optin")) {
        return CX_OPT_IN;
    }

    if (ch->adapter != NULL && CX_STR_IS(m->kind, "message")
        && CX_STR_IS(m->content, "text")
        && cx_channel_caps(ch->adapter, ch->row.account)->opt_out)
    {
        word = cx_optout_word(m->text);
    }

    return word < 0 ? CX_OPT_OUT : word > 0 ? CX_OPT_IN : CX_OPT_NONE;
}


/* Who else that is.  Ids only for the links that may come of it. */
static void
item_prove(cx_take_batch *b, cx_take_item *it, const cx_dir_channel *ch)
{
    cx_take  *t = &it->take;

    cx_channel_proofs(ch->adapter, &it->msg, b->arena, &t->proofs);

    for (size_t p = 0; p < CX_PROOF_COUNT; p++) {
        for (size_t i = 0; t->proofs.value[p].len > 0 && i < CX_TAKE_LINKS;
             i++)
        {
            t->link_id[p][i] = cx_worker_new_id(b->worker);
        }
    }
}


static void
item_take(cx_take_batch *b, cx_take_item *it, const cx_dir_channel *ch)
{
    cx_worker  *w = b->worker;
    cx_take    *t = &it->take;

    it->kind = ITEM_TAKE;

    t->fence = b->fence;
    t->msg = &it->msg;
    t->channel_id = ch->row.id;
    t->tenant = ch->row.tenant;
    t->agent_id = ch->row.agent_id;
    t->meta = take_meta(b->arena, &it->msg);
    t->now_ms = cx_now_ms();
    t->opt = item_opt(&it->msg, ch);
    t->echo = CX_STR_IS(it->msg.kind, "echo");
    t->hush_ms = w->conf->worker_human_quiet_ms;
    t->quiet_ms = w->conf->worker_quiet_ms;
    t->cap_ms = w->conf->worker_quiet_cap_ms;
    t->flood = (cx_flood) { w->conf->worker_flood_messages,
                            w->conf->worker_flood_ms };

    for (size_t i = 0; i < 4; i++) {
        t->new_id[i] = cx_worker_new_id(w);
    }

    it->nmedia = 0;
    cx_take_media_note(b, it);
    item_prove(b, it, ch);

    if (!ch->row.active) {
        t->ignore = CX_STR("channel_inactive");

    } else if (ch->adapter != NULL && ch->adapter->closed != NULL) {
        t->ignore = CX_STR("closed");

    } else if (!cx_str_eq(it->msg.kind, CX_STR("message"))) {
        t->ignore = it->msg.kind;

    } else if (it->msg.group.len > 0) {
        t->ignore = CX_STR("group");

    } else if (it->msg.automatic != 0) {
        t->ignore = CX_STR("automatic");

    } else if (content_is_silent(it->msg.content)) {
        t->ignore = it->msg.content;
    }
}


void
cx_take_item_route(cx_take_batch *b, cx_take_item *it)
{
    const cx_dir_channel  *ch;

    ch = cx_directory_account(b->worker, it->msg.type, it->msg.account);
    it->tenant = ch != NULL ? ch->row.tenant : 0;

    if (cx_str_eq(it->msg.kind, CX_STR("account"))) {
        it->kind = ITEM_NOTE;

    } else if (ch == NULL) {
        it->kind = ITEM_DEAD;
        it->parsed = CX_UNKNOWN_CHANNEL;

    } else if (cx_str_eq(it->msg.kind, CX_STR("status"))) {
        it->kind = ITEM_STATUS;
        it->status.msg = &it->msg;
        it->status.channel_id = ch->row.id;
        it->status.now_ms = cx_now_ms();

    } else {
        item_take(b, it, ch);
    }
}


/* Fields of an entry: v <version> e <json>. */
static void
item_read(cx_take_batch *b, cx_take_item *it, const redisReply *fields)
{
    int64_t  version = 0;

    for (size_t i = 0; i + 1 < fields->elements; i += 2) {
        const redisReply  *name = fields->element[i];
        const redisReply  *value = fields->element[i + 1];
        cx_str             v = { value->len, value->str };

        if (name->len == 1 && name->str[0] == 'v') {
            (void) cx_str_to_i64(v, &version);

        } else if (name->len == 1 && name->str[0] == 'e') {
            it->json = cx_dup(b->arena, v);
        }
    }

    if (version > CX_MSG_VERSION) {
        it->parsed = CX_VERSION;

    } else if (version <= 0) {
        it->parsed = CX_MALFORMED;

    } else {
        it->parsed = cx_msg_decode(it->json, b->arena, &it->msg);
    }
}


void
cx_take_item_init(cx_take_batch *b, cx_take_item *it, const redisReply *entry)
{
    const redisReply  *id = entry->element[0];
    const redisReply  *fields = entry->element[1];

    it->entry = cx_dup(b->arena, (cx_str) { id->len, id->str });

    /* Deleted but still pending: a crash came between XDEL and XACK. */
    if (fields->type != REDIS_REPLY_ARRAY) {
        it->kind = ITEM_GONE;
        return;
    }

    it->id = cx_worker_new_id(b->worker);
    item_read(b, it, fields);

    if (it->parsed == CX_OK) {
        cx_take_item_route(b, it);

    } else {
        it->kind = ITEM_DEAD;
    }
}
