#include "worker/api_request.h"

#include "channel/channel.h"
#include "core/utf8.h"

#include <stddef.h>

#define REPLY_MAX   65536
#define REASON_MAX  1024
#define WHO_MAX     200
#define CLAIM_S     300
#define CLAIM_MAX_S 86400

/* A person's word on a review. */
typedef struct {
    cx_str   text;                   /* edit */
    cx_str   reason;                 /* reject */
    cx_str   who;
    bool     even_if_stale;          /* approve */
    int64_t  seconds;                /* claim */
    int64_t  ids[CX_API_PARTS];
    cx_str   parts[CX_API_PARTS];
    size_t   nparts;
} decision;

#define WHO                                                                   \
    { "who", CX_API_STR, offsetof(decision, who), 1, WHO_MAX, false, NULL,    \
      NULL }

static const cx_api_field  approve_fields[] = {
    WHO,
    { "even_if_stale", CX_API_BOOL, offsetof(decision, even_if_stale), 0, 0,
      false, NULL, NULL },
};

static const cx_api_field  edit_fields[] = {
    WHO,
    { "text", CX_API_STR, offsetof(decision, text), 1, REPLY_MAX, true, NULL,
      NULL },
};

static const cx_api_field  reject_fields[] = {
    WHO,
    { "reason", CX_API_STR, offsetof(decision, reason), 0, REASON_MAX, false,
      "", NULL },
};

static const cx_api_field  claim_fields[] = {
    WHO,
    { "seconds", CX_API_INT, offsetof(decision, seconds), 1, CLAIM_MAX_S,
      false, NULL, NULL },
};


/* --- reviews ------------------------------------------------------------- */

static cx_err
check_words(cx_api_request *req, const char *const *words, const char *list)
{
    cx_err   err;
    cx_str  *word = CX_NEW(req->arena, cx_str);

    if (word == NULL) {
        return CX_NOMEM;
    }

    err = cx_api_query(req, "state", word);
    if (err != CX_OK) {
        return err;
    }

    req->state = word;

    if (word->p == NULL) {
        *word = cx_strz(words[0]);
        return CX_OK;
    }

    for (size_t i = 0; words[i] != NULL; i++) {
        if (cx_str_eq(*word, cx_strz(words[i]))) {
            return CX_OK;
        }
    }

    return cx_api_refuse(req, CX_INVALID, "", "state must be %s", list);
}


static cx_err
check_reviews(cx_api_request *req)
{
    static const char *const  words[] = {
        "waiting", "approved", "edited", "rejected", NULL
    };
    cx_err  err;

    err = check_words(req, words, "waiting, approved, edited or rejected");
    return err == CX_OK ? cx_api_page(req, "rv") : err;
}


static cx_err
list_reviews(cx_api_request *req, cx_store *s)
{
    cx_err          err;
    const cx_str   *state = req->state;
    cx_review_list  list = { 0 };

    err = cx_store_reviews(s, *state, req->limit, req->arena, &list);
    if (err != CX_OK) {
        return err;
    }

    cx_out_list_begin(req);

    for (size_t i = 0; i < list.n; i++) {
        cx_out_review(req, &list.items[i]);
    }

    cx_out_list_end(req, "rv", 0);
    return CX_OK;
}


static cx_err
check_review(cx_api_request *req)
{
    return cx_api_id(req, "rv");
}


static cx_err
get_review(cx_api_request *req, cx_store *s)
{
    cx_err         err;
    cx_review_row  row;

    err = cx_store_review(s, req->id, req->arena, &row);
    if (err != CX_OK) {
        return err;
    }

    cx_out_begin(req, 200);
    cx_out_review(req, &row);
    return CX_OK;
}


static cx_err
check_decision(cx_api_request *req, const cx_api_field *fields, size_t n)
{
    cx_err     err;
    uint32_t   given;
    decision  *d = CX_NEW(req->arena, decision);

    if (d == NULL) {
        return CX_NOMEM;
    }

    err = cx_api_fields(req, fields, n, true, d, &given);
    if (err != CX_OK) {
        return err;
    }

    for (size_t i = 0; i < CX_API_PARTS; i++) {
        d->ids[i] = cx_worker_new_id(req->worker);
    }

    if (d->who.len == 0) {
        d->who = req->as.who;
    }

    req->state = d;
    return cx_api_id(req, "rv");
}


static cx_err
check_approve(cx_api_request *req)
{
    return check_decision(req, approve_fields, 2);
}


static cx_err
check_edit(cx_api_request *req)
{
    return check_decision(req, edit_fields, 2);
}


static cx_err
check_reject(cx_api_request *req)
{
    return check_decision(req, reject_fields, 2);
}


static cx_err
check_claim(cx_api_request *req)
{
    return check_decision(req, claim_fields, 2);
}


/* Two steps of a person at once: one of them was late. */
static cx_err
refuse_late(cx_api_request *req, cx_store *s, cx_err err)
{
    cx_review_row  row;

    if (err == CX_CONFLICT && req->detail.len == 0) {
        return cx_api_refuse(req, err, "", "the review is decided already");
    }

    if (err != CX_STALE) {
        return err;
    }

    err = cx_store_review(s, req->id, req->arena, &row);

    return err != CX_OK ? err
           : cx_api_refuse(req, CX_CONFLICT, "", "%.*s has claimed it until "
                           "%lld", CX_ARG(row.claimed_by),
                           (long long) row.claimed_until);
}


static cx_err
claim(cx_api_request *req, cx_store *s)
{
    const decision  *d = req->state;
    const int64_t    s_long = d->seconds > 0 ? d->seconds : CLAIM_S;
    cx_err           err;

    err = cx_store_review_claim(s, req->id, d->who,
                                req->now_ms + 1000 * s_long, req->now_ms);

    if (err == CX_OK) {
        err = cx_api_audit(req, s, "review.claim", "rv", req->id);
    }

    return err == CX_OK ? get_review(req, s) : refuse_late(req, s, err);
}


static cx_err
release(cx_api_request *req, cx_store *s)
{
    const decision  *d = req->state;
    cx_err           err;

    err = cx_store_review_release(s, req->id, d->who, req->now_ms);

    if (err == CX_OK) {
        err = cx_api_audit(req, s, "review.release", "rv", req->id);
    }

    return err == CX_OK ? get_review(req, s) : refuse_late(req, s, err);
}


/* As many texts as the channel's limit asks for. */
static cx_err
split(cx_api_request *req, cx_store *s,
    cx_str channel, cx_str text, decision *d)
{
    cx_err             err;
    cx_channel_row     row;
    const cx_channel  *type;
    const cx_caps     *caps;

    err = cx_api_channel(req, s, channel, &row);
    if (err != CX_OK) {
        return err == CX_NOT_FOUND ? CX_INTERNAL : err;
    }

    type = cx_channel_sender(row.type);
    if (type == NULL) {
        return cx_api_refuse(req, CX_CONFLICT, "",
                             "this worker does not know the channel's type");
    }

    caps = cx_channel_caps(type, row.account);
    text = cx_str_trim(text);

    for (d->nparts = 0; d->nparts < CX_API_PARTS; d->nparts++) {
        if (!cx_text_split(&text, caps->unit, caps->text_max,
                           &d->parts[d->nparts]))
        {
            break;
        }
    }

    if (d->nparts == 0) {
        return cx_api_refuse(req, CX_INVALID, "/text",
                             "there is no text to send");
    }

    if (cx_str_trim(text).len > 0) {
        return cx_api_refuse(req, CX_INVALID, "/text",
                             "text is longer than %d messages",
                             CX_API_PARTS);
    }

    return CX_OK;
}


/* The draft answers what was asked then. */
static cx_err
check_stale(cx_api_request *req, const cx_review_row *row)
{
    const char  *why = cx_api_review_stale(req, row);

    return why == NULL ? CX_OK
           : cx_api_refuse(req, CX_CONFLICT, "/even_if_stale", "the "
                           "conversation has moved on (%s): say "
                           "\"even_if_stale\": true to send it all the same",
                           why);
}


/* The store writes the audit row of what people decide. */
static cx_err
decide(cx_api_request *req, cx_store *s,
    cx_str verdict, bool sends)
{
    cx_err         err;
    decision      *d = req->state;
    cx_review_row  row;

    err = cx_store_review(s, req->id, req->arena, &row);
    if (err != CX_OK) {
        return err;
    }

    if (CX_STR_IS(verdict, "approved") && !d->even_if_stale
        && CX_STR_IS(row.state, "waiting"))
    {
        err = check_stale(req, &row);
    }

    if (err == CX_OK && sends) {
        err = split(req, s, row.channel,
                    d->text.len > 0 ? d->text : row.draft, d);
    }

    if (err == CX_OK) {
        err = cx_store_review_decide(s, req->id, verdict, d->parts, d->ids,
                                     d->nparts, d->who, d->reason,
                                     req->now_ms);
    }

    return err == CX_OK ? get_review(req, s) : refuse_late(req, s, err);
}


static cx_err
approve(cx_api_request *req, cx_store *s)
{
    return decide(req, s, CX_STR("approved"), true);
}


static cx_err
edit(cx_api_request *req, cx_store *s)
{
    return decide(req, s, CX_STR("edited"), true);
}


static cx_err
reject(cx_api_request *req, cx_store *s)
{
    return decide(req, s, CX_STR("rejected"), false);
}


static cx_err
kick(cx_api_request *req)
{
    cx_worker_kick(req->worker);
    return CX_OK;
}


/* --- dead letters -------------------------------------------------------- */

static cx_err
check_dead_letters(cx_api_request *req)
{
    static const char *const  words[] = {
        "dead", "retried", "dropped", NULL
    };
    cx_err  err;

    err = check_words(req, words, "dead, retried or dropped");
    return err == CX_OK ? cx_api_page(req, "dl") : err;
}


static cx_err
list_dead(cx_api_request *req, cx_store *s)
{
    cx_err         err;
    const cx_str  *state = req->state;
    cx_dead_list   list = { 0 };

    err = cx_store_dead_letters(s, *state, req->limit, req->arena, &list);
    if (err != CX_OK) {
        return err;
    }

    cx_out_list_begin(req);

    for (size_t i = 0; i < list.n; i++) {
        cx_out_dead(req, &list.items[i]);
    }

    cx_out_list_end(req, "dl", 0);
    return CX_OK;
}


static cx_err
check_dead(cx_api_request *req)
{
    return cx_api_id(req, "dl");
}


static cx_err
get_dead(cx_api_request *req, cx_store *s)
{
    cx_err       err;
    cx_dead_row  row;

    err = cx_store_dead_letter(s, req->id, req->arena, &row);
    if (err != CX_OK) {
        return err;
    }

    cx_out_begin(req, 200);
    cx_out_dead(req, &row);
    return CX_OK;
}


static cx_err
settle(cx_api_request *req, cx_store *s, bool drop)
{
    cx_err  err;

    err = cx_store_dead_retry(s, req->id, drop, req->as.who, req->now_ms);

    if (err == CX_CONFLICT) {
        return cx_api_refuse(req, err, "",
                             "the dead letter is settled already");
    }

    return err == CX_OK ? get_dead(req, s) : err;
}


static cx_err
drop_dead(cx_api_request *req, cx_store *s)
{
    return settle(req, s, true);
}


static cx_err
retry_dead(cx_api_request *req, cx_store *s)
{
    return settle(req, s, false);
}


static cx_err
check_settle(cx_api_request *req)
{
    uint32_t  given;
    cx_err    err = cx_api_fields(req, NULL, 0, false, NULL, &given);

    return err == CX_OK ? cx_api_id(req, "dl") : err;
}


/*
 * An event goes back into the queue before its letter is marked: a crash in
 * between enqueues it twice, and a worker takes an event once.
 */
static cx_err
look_dead(cx_api_request *req, cx_store *s)
{
    cx_dead_row  *row = CX_NEW(req->arena, cx_dead_row);

    if (row == NULL) {
        return CX_NOMEM;
    }

    req->state = row;
    return cx_store_dead_letter(s, req->id, req->arena, row);
}


static void
enqueued(void *ctx, bool ok)
{
    cx_api_request  *req = ctx;

    if (!ok) {
        cx_api_resume(req, cx_api_refuse(req, CX_REDIS_ERROR, "",
                                         "Redis did not take the event"));
        return;
    }

    cx_api_then(req, CX_API_WRITE, retry_dead, kick);
}


static cx_err
retry_seen(cx_api_request *req)
{
    const cx_dead_row  *row = req->state;

    if (!cx_str_eq(row->state, CX_STR("dead"))) {
        return cx_api_refuse(req, CX_CONFLICT, "",
                             "the dead letter is settled already");
    }

    if (!cx_str_eq(row->kind, CX_STR("event"))) {
        cx_api_then(req, CX_API_WRITE, retry_dead, kick);
        return CX_OK;
    }

    (void) cx_api_pause(req);
    cx_worker_enqueue(req->worker, (unsigned) row->partition, row->body,
                      enqueued, req);
    return CX_OK;
}


const cx_api_route  cx_api_people_routes[] = {
    { "GET", "/api/v1/reviews", "state limit", CX_API_NO_BODY, CX_API_READ,
      check_reviews, list_reviews, NULL, "reviews:read" },
    { "GET", "/api/v1/reviews/{}", "", CX_API_NO_BODY, CX_API_READ,
      check_review, get_review, NULL, "reviews:read" },
    { "POST", "/api/v1/reviews/{}/approve", "", CX_API_JSON, CX_API_WRITE,
      check_approve, approve, kick, "reviews:write" },
    { "POST", "/api/v1/reviews/{}/edit", "", CX_API_JSON, CX_API_WRITE,
      check_edit, edit, kick, "reviews:write" },
    { "POST", "/api/v1/reviews/{}/reject", "", CX_API_JSON, CX_API_WRITE,
      check_reject, reject, kick, "reviews:write" },
    { "POST", "/api/v1/reviews/{}/claim", "", CX_API_JSON, CX_API_WRITE,
      check_claim, claim, NULL, "reviews:write" },
    { "POST", "/api/v1/reviews/{}/release", "", CX_API_JSON, CX_API_WRITE,
      check_claim, release, NULL, "reviews:write" },
    { "GET", "/api/v1/dead-letters", "state limit", CX_API_NO_BODY,
      CX_API_READ, check_dead_letters, list_dead, NULL, "conversations:read" },
    { "GET", "/api/v1/dead-letters/{}", "", CX_API_NO_BODY, CX_API_READ,
      check_dead, get_dead, NULL, "conversations:read" },
    { "POST", "/api/v1/dead-letters/{}/retry", "", CX_API_JSON, CX_API_READ,
      check_settle, look_dead, retry_seen, "conversations:write" },
    { "POST", "/api/v1/dead-letters/{}/drop", "", CX_API_JSON, CX_API_WRITE,
      check_settle, drop_dead, NULL, "conversations:write" },
    { NULL, NULL, NULL, CX_API_NO_BODY, CX_API_LOOP, NULL, NULL, NULL,
      NULL },
};
