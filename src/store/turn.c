/*
 * RECALL and PLAN: what a turn is about, and what is to be said.
 */

#include "store/budgets.h"
#include "store/costs.h"
#include "store/sql.h"
#include "store/talk.h"

#include <string.h>

#define MEDIA_MAX  32       /* of one turn's inputs */


static cx_err
get_turn(cx_store *s, int64_t turn_id, cx_arena *a, cx_recall *r)
{
    cx_query  q = cx_query_of(s, CX_SQL_TURN_GET);
    cx_err    err;

    cx_bind_i64(&q, turn_id);

    if (cx_query_next(&q)) {
        r->turn_id = turn_id;
        r->tenant = cx_get_i64(&q);
        r->conversation_id = cx_get_i64(&q);
        r->agent_id = cx_get_i64(&q);
        r->channel_id = cx_get_i64(&q);
        r->inputs = cx_get_i64(&q);
        r->opened_at = cx_get_i64(&q);
        r->attempts = cx_get_i64(&q);
        r->state = (cx_turn_state) cx_get_i64(&q);
        r->event = cx_get_str(&q, a);
        r->peer = cx_get_str(&q, a);
        r->peer_alt = cx_get_str(&q, a);
        r->fence = cx_get_i64(&q);
        r->taken = cx_get_i64(&q) != 0;
        r->knowledge = cx_get_i64(&q) != 0;
        r->root_id = cx_get_i64(&q);
        r->customer_id = cx_get_i64(&q);
        r->budgeted = cx_get_i64(&q) != 0;
        cx_store_recall_summary(&q, r->conversation_id, CX_NOSTR, a, r);
        r->reply_id = cx_get_str(&q, a);
    }

    err = cx_query_end(&q);

    return err != CX_OK ? err : r->turn_id != 0 ? CX_OK : CX_NOT_FOUND;
}


/* The inputs are newest first. */
static cx_str
join_inputs(const cx_message_list *inputs, cx_arena *a)
{
    size_t  len = 0;
    cx_buf  b;

    for (size_t i = 0; i < inputs->n; i++) {
        len += inputs->items[i].text.len + 1;
    }

    cx_buf_init(&b, a, len + 1, len + 1);

    for (size_t i = inputs->n; i > 0; i--) {
        cx_buf_add(&b, inputs->items[i - 1].text);

        if (i > 1) {
            cx_buf_byte(&b, '\n');
        }
    }

    return cx_buf_str(&b);
}


static cx_err
last_input(cx_store *s, const cx_talk *t, cx_arena *a, cx_recall *r)
{
    cx_query  q = cx_query_of(s, CX_SQL_LAST_INPUT);

    r->last_input_id = t->inputs.n > 0 ? t->inputs.items[0].id : 0;
    cx_bind_i64(&q, r->last_input_id);

    if (cx_query_next(&q)) {
        r->last_input = cx_get_str(&q, a);
        r->last_meta = cx_get_str(&q, a);
        r->last_input_at = cx_get_i64(&q);
    }

    return cx_query_end(&q);
}


static bool
has_media(const cx_message_list *inputs)
{
    for (size_t i = 0; i < inputs->n; i++) {
        if (!CX_STR_IS(inputs->items[i].content, "text")) {
            return true;
        }
    }

    return false;
}


static cx_err
read_recall(cx_store *s, int64_t turn_id, cx_arena *a, cx_talk *t,
    cx_recall *r)
{
    cx_err  err;

    err = get_turn(s, turn_id, a, r);
    if (err != CX_OK) {
        return err;
    }

    /* Only people answer it: it may have any length. */
    if (r->state == CX_TURN_HUMAN && r->agent_id == 0) {
        return CX_OK;
    }

    err = cx_store_talk(s, r, a, t);

    if (err == CX_OK && cx_arena_failed(a)) {
        err = CX_NOMEM;
    }

    if (err == CX_OK) {
        err = last_input(s, t, a, r);
    }

    return err == CX_OK && has_media(&t->inputs)
           ? cx_store_media_inputs(s, turn_id, MEDIA_MAX, a, &r->media) : err;
}


cx_err
cx_store_recall(cx_store *s, int64_t turn_id, size_t history, cx_arena *a,
    cx_recall *out)
{
    cx_recall  r;
    cx_talk    t = { .want = history };
    bool       own;
    cx_err     err;

    memset(&r, 0, sizeof(r));
    err = cx_look_begin(s, &own);
    if (err != CX_OK) {
        return err;
    }

    err = cx_look_end(s, own, read_recall(s, turn_id, a, &t, &r));
    if (err != CX_OK) {
        return err;
    }

    r.question = join_inputs(&t.inputs, a);
    r.history = t.history;

    if (cx_arena_failed(a)) {
        return CX_NOMEM;
    }

    *out = r;
    return CX_OK;
}


cx_err
cx_store_question(cx_store *s, int64_t turn_id, cx_arena *a, cx_str *out)
{
    cx_query  q = cx_query_of(s, CX_SQL_QUESTION);
    cx_str    text = CX_NOSTR;
    bool      first = true;
    cx_err    err;

    cx_bind_i64(&q, turn_id);

    while (cx_query_next(&q)) {
        text = first ? cx_get_str(&q, a)
                     : cx_concat(a, cx_concat(a, text, CX_STR("\n")),
                                 cx_view_str(&q));
        first = false;
    }

    err = cx_query_end(&q);

    if (err == CX_OK) {
        *out = text;
    }

    return err;
}


/* --- plan ---------------------------------------------------------------- */

static cx_query
ask_turn_place(cx_store *s, int64_t turn_id)
{
    cx_query  q = cx_query_of(s, CX_SQL_TURN_PLACE);

    cx_bind_i64(&q, turn_id);
    return q;
}


static cx_err
read_turn_place(cx_query *q, int64_t turn_id, cx_turn_place *t)
{
    const bool  found = cx_query_next(q);
    cx_err      err;

    if (found) {
        t->id = turn_id;
        t->state = (cx_turn_state) cx_get_i64(q);
        t->inputs = cx_get_i64(q);
        t->partition = cx_get_i64(q);
        t->parts = cx_get_i64(q);
        t->conversation_id = cx_get_i64(q);
        t->channel_id = cx_get_i64(q);
        t->agent_id = cx_get_i64(q);
    }

    err = cx_query_end(q);

    return err != CX_OK ? err : found ? CX_OK : CX_NOT_FOUND;
}


cx_err
cx_store_turn_place(cx_store *s, int64_t turn_id, cx_turn_place *t)
{
    cx_query  q = ask_turn_place(s, turn_id);

    return read_turn_place(&q, turn_id, t);
}


static cx_err
add_part(cx_store *s, const cx_turn_place *t, const cx_new_parts *parts,
    size_t i)
{
    cx_query  q = cx_query_of(s, CX_SQL_OUT_ADD);

    cx_bind_i64(&q, parts->ids[i]);
    cx_bind_i64(&q, t->id);
    cx_bind_i64(&q, t->conversation_id);
    cx_bind_i64(&q, t->channel_id);
    cx_bind_i64(&q, t->partition);
    cx_bind_i64(&q, parts->author);
    cx_bind_i64(&q, t->parts + (int64_t) i);
    cx_bind_i64(&q, parts->now_ms);
    cx_bind_str(&q, parts->texts[i]);
    cx_bind_str(&q, i == 0 ? parts->reply_to : CX_NOSTR);
    cx_bind_i64(&q, i == 0 && parts->sending);

    return cx_query_run(&q);
}


cx_err
cx_store_parts_add(cx_store *s, const cx_turn_place *t,
    const cx_new_parts *parts)
{
    cx_err  err = CX_OK;

    for (size_t i = 0; i < parts->n && err == CX_OK; i++) {
        err = add_part(s, t, parts, i);
    }

    return err;
}


static cx_err
write_plan(cx_store *s, const cx_plan *in, const cx_turn_place *t)
{
    cx_query  q = cx_query_of(s, CX_SQL_TURN_PLAN);

    cx_bind_i64(&q, in->turn_id);
    cx_bind_i64(&q, in->state);
    cx_bind_i64(&q, t->parts + (int64_t) in->nparts);
    cx_bind_i64(&q, in->now_ms);
    cx_bind_f64(&q, in->confidence);
    cx_bind_i64(&q, in->tokens_in);
    cx_bind_i64(&q, in->tokens_out);
    cx_bind_str(&q, in->reason);
    cx_bind_str(&q, in->model);
    cx_bind_str(&q, in->sources);
    cx_bind_str(&q, in->reply_id);
    cx_bind_str(&q, in->evidence);
    cx_bind_i64(&q, in->sampled);

    return cx_query_run(&q);
}


static cx_err
add_review(cx_store *s, const cx_plan *in, const cx_turn_place *t)
{
    cx_query  q = cx_query_of(s, CX_SQL_REVIEW_ADD);
    cx_err    err;

    cx_bind_i64(&q, in->turn_id);
    cx_bind_i64(&q, t->conversation_id);
    cx_bind_i64(&q, t->agent_id);
    cx_bind_str(&q, in->draft);
    cx_bind_f64(&q, in->confidence);
    cx_bind_str(&q, in->reason);
    cx_bind_i64(&q, in->now_ms);
    err = cx_query_run(&q);

    return err == CX_OK ? cx_store_review_opened(s, in->turn_id, in->now_ms)
                        : err;
}


static cx_err
add_letter(cx_store *s, const cx_plan *in)
{
    cx_query  q = cx_query_of(s, CX_SQL_DEAD_TURN);

    cx_bind_i64(&q, in->turn_id);
    cx_bind_str(&q, in->reason);
    cx_bind_i64(&q, in->now_ms);

    return cx_query_run(&q);
}


/* What was paid for is on record, also when nobody hears the answer. */
static cx_err
add_calls(cx_store *s, const cx_plan *in)
{
    return in->reserved
           ? cx_store_calls_settle(s, in->turn_id, in->usage, in->nusage,
                                   in->now_ms)
           : cx_store_calls_add(s, in->turn_id, in->usage, in->nusage);
}


/* What has become of the conversation since the recall. */
typedef struct {
    int64_t  fence;
    bool     taken;
    bool     opted_out;
} standing;


static cx_err
look_at(cx_store *s, int64_t turn_id, standing *now, cx_turn_place *t)
{
    cx_query  place = ask_turn_place(s, turn_id);
    cx_query  q = cx_query_of(s, CX_SQL_PLAN_FENCE);
    bool      found;
    cx_err    err, place_err;

    cx_query_ahead(&place);
    cx_bind_i64(&q, turn_id);
    found = cx_query_next(&q);

    if (found) {
        now->fence = cx_get_i64(&q);
        now->taken = cx_get_i64(&q) != 0;
        now->opted_out = cx_get_i64(&q) != 0;
    }

    err = cx_query_end(&q);
    place_err = read_turn_place(&place, turn_id, t);

    return err != CX_OK ? err : found ? place_err : CX_NOT_FOUND;
}


/* A person has spoken, or has the conversation: the AI says nothing.  What
 * nobody has answered yet waits for that person. */
static void
give_way(const cx_plan *in, const standing *now, const cx_turn_place *t,
    cx_plan *as)
{
    const bool  spoken = now->fence != in->recall_fence;

    *as = *in;

    if (in->person != NULL) {
        *in->person = spoken || now->taken;
    }

    if (!spoken && !now->taken) {
        return;
    }

    as->inputs = t->inputs;
    as->state = spoken ? CX_TURN_IGNORED : CX_TURN_HUMAN;
    as->reason = spoken ? CX_STR("person") : CX_STR("taken");
    as->nparts = 0;
    as->draft = CX_NOSTR;
}


/* What the turn may be planned for; CX_STALE. */
static cx_err
check_inputs(cx_store *s, const cx_plan *in, const cx_turn_place *t)
{
    if (in->split != NULL) {
        in->split->inputs = 0;
    }

    /* It may have been given to another agent meanwhile. */
    if (t->state != CX_TURN_OPEN
        || (in->agent_id != 0 && t->agent_id != in->agent_id))
    {
        return CX_STALE;
    }

    if (t->inputs == in->inputs) {
        return CX_OK;
    }

    return in->split != NULL ? cx_store_split(s, in) : CX_STALE;
}


static cx_err
write_all(cx_store *s, const cx_plan *in, const cx_turn_place *t)
{
    cx_err  err;

    err = write_plan(s, in, t);

    if (err == CX_OK) {
        err = cx_store_parts_add(s, t, &(cx_new_parts) {
            .texts = in->parts,
            .ids = in->part_ids,
            .n = in->nparts,
            .author = CX_AUTHOR_AI,
            .reply_to = in->reply_to,
            .sending = in->claimed != NULL && *in->claimed,
            .now_ms = in->now_ms,
        });
    }

    if (err == CX_OK && in->state == CX_TURN_HUMAN) {
        err = add_review(s, in, t);
    }

    if (err == CX_OK) {
        err = add_calls(s, in);
    }

    return err == CX_OK && in->state == CX_TURN_DEAD
           ? add_letter(s, in) : err;
}


cx_err
cx_store_plan(cx_store *s, const cx_plan *in)
{
    cx_turn_place  t;
    standing       now;
    cx_plan        as;
    cx_err         err;

    if (in->state == CX_TURN_OPEN || in->state >= CX_TURN_STATE_COUNT
        || (in->state == CX_TURN_REPLIED && in->nparts == 0))
    {
        return CX_INVALID;
    }

    err = cx_store_fence(s, in->fence);

    if (err == CX_OK) {
        err = cx_lock(s, CX_SQL_LOCK_TURN, in->turn_id);
    }

    if (err == CX_OK) {
        err = look_at(s, in->turn_id, &now, &t);
    }

    if (err != CX_OK) {
        return err;
    }

    if (t.partition != (int64_t) in->fence.partition) {
        return CX_FENCED;
    }

    give_way(in, &now, &t, &as);

    if (as.claimed != NULL) {
        *as.claimed = as.nparts > 0 && !now.opted_out;
    }

    err = check_inputs(s, &as, &t);

    return err == CX_OK ? write_all(s, &as, &t) : err;
}
