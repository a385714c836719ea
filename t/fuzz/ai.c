/*
 * One AI provider, CX_FUZZ_PROVIDER.  Any bytes are its answer, in a whole and
 * in pieces: read or refused, and read alike however they are cut.
 */

#include "ai/stream.h"
#include "core/utf8.h"

#include <stdlib.h>
#include <string.h>


#define ARENA_MAX  (64 * 1024 * 1024)

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t len);


static void
check(bool ok)
{
    if (!ok) {
        abort();
    }
}


static void
check_reply(const cx_ai_outcome *o, const cx_ai_reply *r)
{
    check(o->result == CX_AI_OK || o->error.len > 0);
    check(o->wait_ms >= 0 && r->tokens_in >= 0 && r->tokens_out >= 0
          && r->tokens_cached >= 0 && r->cost >= 0);
    check(r->ncalls <= CX_AI_CALLS_MAX);
    check(cx_utf8_valid(r->text));

    if (o->result == CX_AI_OK && r->finish == CX_FINISH_TOOLS) {
        check(r->ncalls > 0);
    }

    for (size_t i = 0; o->result == CX_AI_OK && i < r->ncalls; i++) {
        check(r->calls[i].name.len > 0);
    }
}


static void
check_whole(const cx_ai *ai, cx_str body, cx_arena *a)
{
    static const int  statuses[] = { 200, 400, 429, 500 };
    cx_ai_reply       r;
    cx_ai_outcome     o;
    cx_http_res       res = { .body = body };

    for (size_t i = 0; i < sizeof(statuses) / sizeof(statuses[0]); i++) {
        res.status = statuses[i];
        o = ai->parse(&res, a, &r);
        check(o.result != CX_AI_OK || res.status == 200);
        check_reply(&o, &r);
    }
}


/* In pieces of at most step bytes. */
static cx_ai_outcome
stream(const cx_ai *ai, cx_str body, size_t step, cx_arena *a,
    cx_ai_reply *out)
{
    cx_str              said = CX_NOSTR;
    cx_ai_stream        s;
    const cx_http_res   res = { .status = 200 };

    cx_ai_stream_init(&s, ai, a);

    for (size_t at = 0; at < body.len; at += step) {
        cx_ai_stream_feed(&s, cx_str_sub(body, at, step));
        check(cx_str_starts(cx_ai_stream_said(&s), said));
        said = cx_ai_stream_said(&s);
    }

    return cx_ai_stream_end(&s, &res, out);
}


static void
check_alike(const cx_ai_outcome *o, const cx_ai_reply *x,
    const cx_ai_outcome *p, const cx_ai_reply *y)
{
    check(o->result == p->result && o->too_long == p->too_long
          && o->wait_ms == p->wait_ms && cx_str_eq(o->error, p->error));
    check(cx_str_eq(x->text, y->text) && x->finish == y->finish
          && x->ncalls == y->ncalls && x->tokens_in == y->tokens_in
          && x->tokens_out == y->tokens_out && cx_str_eq(x->id, y->id)
          && cx_str_eq(x->model, y->model));

    for (size_t i = 0; i < x->ncalls; i++) {
        check(cx_str_eq(x->calls[i].id, y->calls[i].id)
              && cx_str_eq(x->calls[i].name, y->calls[i].name)
              && cx_str_eq(x->calls[i].arguments, y->calls[i].arguments)
              && cx_str_eq(x->calls[i].extra, y->calls[i].extra));
    }
}


int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t len)
{
    cx_arena      *a = cx_arena_new(ARENA_MAX);
    const cx_str   body = { len, (const char *) p };
    const cx_ai   *ai = cx_ai_find(CX_STR(CX_FUZZ_PROVIDER));
    cx_ai_reply    whole, cut;
    cx_ai_outcome  o, of_cut;

    check(ai != NULL);
    check_whole(ai, body, a);

    if (ai->event != NULL) {
        o = stream(ai, body, len + 1, a, &whole);
        check_reply(&o, &whole);
        of_cut = stream(ai, body, 1 + len % 5, a, &cut);
        check_alike(&o, &whole, &of_cut, &cut);
    }

    cx_arena_free(a);
    return 0;
}
