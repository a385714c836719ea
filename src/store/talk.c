#include "store/talk.h"

#include "core/utf8.h"

#define INPUTS_MAX  256     /* newest of a turn that somebody floods ... */
#define INPUT_BYTES (256 * 1024)      /* ... and of their texts, about */
#define TEXT_BYTES  (16 * 1024)       /* of one message of the history ... */
#define TEXTS_BYTES (256 * 1024)      /* ... and of all of a conversation */
#define PAGE_MORE   16      /* rows that are neither history nor inputs */
#define OTHERS_MAX  20      /* conversations that are read beside this one */

/* A conversation of the same customer. */
typedef struct {
    int64_t  id;
    cx_str   channel;
} other;


bool
cx_store_was_said(cx_msg_state state)
{
    return state != CX_MSGSTATE_REVIEW && state != CX_MSGSTATE_REJECTED
           && state != CX_MSGSTATE_FAILED && state != CX_MSGSTATE_CANCELLED;
}


static bool
is_full(const cx_talk *t)
{
    return t->inputs.n >= INPUTS_MAX || t->bytes >= INPUT_BYTES;
}


static bool
is_complete(const cx_recall *r, const cx_talk *t)
{
    return (t->history.n >= t->want || t->said >= TEXTS_BYTES)
           && (is_full(t) || t->inputs.n >= (size_t) r->inputs);
}


/* Inputs are found wherever they are; history is the newest of the rest. */
static cx_message_list *
list_for(const cx_recall *r, cx_talk *t, const cx_message_row *m,
    cx_msg_state state)
{
    if (m->turn_id == r->turn_id && !m->outbound) {
        return is_full(t) ? NULL : &t->inputs;
    }

    return t->history.n < t->want && t->said < TEXTS_BYTES
           && cx_store_was_said(state) ? &t->history : NULL;
}


/* Of what was said before, no model is told more. */
static void
read_text(cx_query *q, bool input, cx_arena *a, cx_talk *t, cx_message_row *m)
{
    if (input) {
        m->text = cx_get_str(q, a);
        t->bytes += m->text.len;
        return;
    }

    m->text = cx_dup(a, cx_utf8_cut(cx_view_str(q), TEXT_BYTES));
    t->said += m->text.len;
}


/* The rows of one page, newest first; *before is the oldest of them, 0 at the
 * end.  Texts are read only of what is kept. */
static cx_err
walk_page(cx_store *s, const cx_recall *r, cx_arena *a, cx_talk *t,
    int64_t *before)
{
    const int64_t     inputs = r->inputs < INPUTS_MAX ? r->inputs : INPUTS_MAX;
    const int64_t     rows = (int64_t) t->want + inputs + PAGE_MORE;
    cx_query          q = cx_query_of(s, CX_SQL_TALK);
    cx_message_row    head = { .conversation_id = r->conversation_id }, *m;
    cx_message_list  *list;
    cx_msg_state      state;
    int64_t           n = 0;

    cx_bind_i64(&q, r->conversation_id);
    cx_bind_i64(&q, *before);
    cx_bind_i64(&q, rows);

    while (!is_complete(r, t) && cx_query_next(&q)) {
        n++;
        head.id = cx_get_i64(&q);
        head.turn_id = cx_get_i64(&q);
        head.outbound = cx_get_i64(&q) != 0;
        head.author = cx_store_author(cx_get_i64(&q));
        state = (cx_msg_state) cx_get_i64(&q);
        list = list_for(r, t, &head, state);

        if (list == NULL) {
            continue;
        }

        m = CX_LIST_ADD(a, list);
        if (m == NULL) {
            break;
        }

        *m = head;
        m->state = cx_strz(cx_msg_state_word(state));
        m->created_at = cx_get_i64(&q);
        m->content = cx_get_str(&q, a);
        read_text(&q, list == &t->inputs, a, t, m);
    }

    *before = n == rows ? head.id : 0;
    return cx_query_end(&q);
}


/* In pages: no database sends a whole history to have its end read. */
static cx_err
walk(cx_store *s, const cx_recall *r, cx_arena *a, cx_talk *t)
{
    int64_t  before = INT64_MAX;
    cx_err   err = CX_OK;

    while (err == CX_OK && before != 0 && !is_complete(r, t)
           && !cx_arena_failed(a))
    {
        err = walk_page(s, r, a, t, &before);
    }

    return err;
}


/* --- over all channels --------------------------------------------------- */

void
cx_store_recall_summary(cx_query *q, int64_t conversation_id, cx_str channel,
    cx_arena *a, cx_recall *r)
{
    const int64_t    last_id = cx_get_i64(q);
    const cx_str     text = last_id > 0 ? cx_get_str(q, a) : CX_NOSTR;
    cx_summary_row  *y;

    if (last_id == 0) {
        (void) cx_view_str(q);
        return;
    }

    y = CX_LIST_ADD(a, &r->summaries);

    if (y != NULL) {
        *y = (cx_summary_row) {
            .conversation_id = conversation_id,
            .channel = channel,
            .last_id = last_id,
            .text = text,
        };
    }
}


static cx_err
find_others(cx_store *s, cx_recall *r, cx_arena *a,
    other list[OTHERS_MAX], size_t *n)
{
    cx_query  q = cx_query_of(s, CX_SQL_TALK_OTHERS);

    cx_bind_i64(&q, r->root_id);
    cx_bind_i64(&q, r->conversation_id);
    cx_bind_i64(&q, OTHERS_MAX);

    for (*n = 0; *n < OTHERS_MAX && cx_query_next(&q); ++*n) {
        list[*n].id = cx_get_i64(&q);
        list[*n].channel = cx_get_str(&q, a);
        cx_store_recall_summary(&q, list[*n].id, list[*n].channel, a, r);
    }

    return cx_query_end(&q);
}


/* The newest of both, newest first as they are. */
static cx_err
blend(cx_message_list *list, const cx_message_list *more, size_t want,
    cx_arena *a)
{
    cx_message_list  all = { .n = 0 };
    size_t           i = 0, k = 0;

    while (all.n < want && (i < list->n || k < more->n)) {
        const bool       here = k == more->n
                                || (i < list->n && list->items[i].id
                                                   > more->items[k].id);
        cx_message_row  *m = CX_LIST_ADD(a, &all);

        if (m == NULL) {
            return CX_NOMEM;
        }

        *m = here ? list->items[i++] : more->items[k++];
    }

    *list = all;
    return CX_OK;
}


static cx_err
add_other(cx_store *s, const other *o, cx_arena *a, cx_talk *t)
{
    const cx_recall  r = { .conversation_id = o->id, .turn_id = -1 };
    cx_talk          there = { .want = t->want };
    cx_err           err;

    err = walk(s, &r, a, &there);

    for (size_t i = 0; i < there.history.n; i++) {
        there.history.items[i].channel = o->channel;
    }

    return err == CX_OK ? blend(&t->history, &there.history, t->want, a)
                        : err;
}


static cx_err
add_others(cx_store *s, cx_recall *r, cx_arena *a, cx_talk *t)
{
    other   list[OTHERS_MAX];
    size_t  n = 0;
    cx_err  err;

    err = find_others(s, r, a, list, &n);

    for (size_t i = 0; i < n && err == CX_OK; i++) {
        err = add_other(s, &list[i], a, t);
    }

    return err;
}


void
cx_store_turn_round(cx_message_list *list)
{
    cx_message_row  m;

    for (size_t i = 0; i < list->n / 2; i++) {
        m = list->items[i];
        list->items[i] = list->items[list->n - 1 - i];
        list->items[list->n - 1 - i] = m;
    }
}


cx_err
cx_store_talk(cx_store *s, cx_recall *r, cx_arena *a, cx_talk *t)
{
    cx_err  err = walk(s, r, a, t);

    if (err == CX_OK && r->root_id != 0) {
        err = add_others(s, r, a, t);
    }

    cx_store_turn_round(&t->history);
    return err;
}
