#include "conn.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/*
 * Replies to bytes.  A body without pieces leaves with its length; one with
 * pieces is chunked, a piece a chunk, and its tokens take their time.
 */

#define STAMP_DIGITS  16       /* of the microseconds in TD_STAMP */

typedef struct {
    uv_write_t  req;
    td_conn    *c;
    bool        last;
    char        p[];
} write_job;

static void flow_again(uv_timer_t *t);

static void
written(uv_write_t *req, int status)
{
    write_job  *job = (write_job *) req;
    td_conn    *c = job->c;

    if (status != 0 || job->last) {
        td_conn_close(c, false);
    }

    free(job);
    td_conn_unref(c);
}


void
td_conn_push(td_conn *c, const char *p, size_t len, bool last)
{
    int        n;
    uv_buf_t   buf = uv_buf_init((char *) (uintptr_t) p, (unsigned) len);
    write_job *job;

    n = uv_try_write(&c->u.stream, &buf, 1);
    if (n < 0 && n != UV_EAGAIN) {
        td_conn_close(c, false);
        return;
    }

    n = n < 0 ? 0 : n;
    if ((size_t) n == len) {
        if (last) {
            td_conn_close(c, false);
        }

        return;
    }

    len -= (size_t) n;
    job = td_alloc(sizeof(*job) + len);
    memcpy(job->p, p + n, len);
    job->c = c;
    job->last = last;
    c->open++;
    buf = uv_buf_init(job->p, (unsigned) len);
    if (uv_write(&job->req, &c->u.stream, &buf, 1, written) != 0) {
        written(&job->req, -1);
    }
}


static const char *
reason(int status)
{
    return status < 300 ? "OK" : status < 500 ? "Refused" : "Failed";
}


static void
format(td_conn *c)
{
    td_reply *r = &c->reply;
    size_t    n = r->end == TD_END_EARLY ? r->body.len / 2 : r->body.len;

    c->out.len = 0;
    td_buf_printf(&c->out, "HTTP/1.1 %d %s\r\nContent-Type: %s\r\n%s",
                  r->status, reason(r->status),
                  r->sse ? "text/event-stream" : "application/json",
                  c->req.keepalive ? "" : "Connection: close\r\n");
    td_buf_add(&c->out, r->headers.p, r->headers.len);
    if (r->npieces > 0) {
        td_buf_addz(&c->out, "Transfer-Encoding: chunked\r\n\r\n");
        return;
    }

    td_buf_printf(&c->out, "Content-Length: %zu\r\n\r\n", n);
    td_buf_add(&c->out, r->body.p, n);
}


/* --- pieces -------------------------------------------------------------- */

void
td_reply_piece(td_reply *r, bool token)
{
    if (r->npieces == r->room) {
        r->room = r->room > 0 ? 2 * r->room : 64;
        r->pieces = realloc(r->pieces, r->room * sizeof(*r->pieces));
        if (r->pieces == NULL) {
            abort();
        }
    }

    r->pieces[r->npieces++] = (td_piece) { r->body.len, token };
}


/* The time goes where the placeholder stands. */
static void
stamp(char *p, size_t len, int64_t at_us)
{
    char         digits[STAMP_DIGITS + 8];
    const char  *found;

    found = memmem(p, len, TD_STAMP, sizeof(TD_STAMP) - 1);
    if (found != NULL) {
        (void) snprintf(digits, sizeof(digits), "%0*lld", STAMP_DIGITS,
                        (long long) at_us);
        memcpy(p + (found - p) + 1, digits, STAMP_DIGITS);
    }
}


static void
push_chunk(td_conn *c, char *p, size_t len)
{
    c->out.len = 0;
    td_buf_printf(&c->out, "%zx\r\n", len);
    td_buf_add(&c->out, p, len);
    td_buf_addz(&c->out, "\r\n");
    td_conn_push(c, c->out.p, c->out.len, false);
}


static void
push_piece(td_conn *c)
{
    char           *p;
    size_t          from;
    int64_t         now;
    td_reply       *r = &c->reply;
    const td_piece *k = &r->pieces[c->piece];

    from = c->piece > 0 ? k[-1].end : 0;
    p = r->body.p + from;
    if (k->token) {
        now = td_now_us();
        c->tokens++;
        td_record_token(c->record, now);
        if (r->stamp) {
            stamp(p, k->end - from, now);
        }
    }

    c->piece++;
    push_chunk(c, p, k->end - from);
}


static int64_t
tokens_of(const td_reply *r)
{
    size_t   i;
    int64_t  n = 0;

    for (i = 0; i < r->npieces; i++) {
        n += r->pieces[i].token;
    }

    return r->after < 0 ? n / 2 : r->after < n ? r->after : n;
}


/* What was to go wrong does. */
static void
break_off(td_conn *c)
{
    size_t     from;
    td_reply  *r = &c->reply;

    switch (r->end) {

    case TD_END_TRUNCATE:
        /* In the middle of an event, and of a chunk. */
        from = c->piece > 0 ? r->pieces[c->piece - 1].end : 0;
        td_conn_push(c, "400\r\n", 5, false);
        td_conn_push(c, r->body.p + from,
                     (r->pieces[c->piece].end - from) / 2, true);
        return;

    case TD_END_BREAK:
        td_conn_close(c, true);
        return;

    case TD_END_EARLY:
        td_conn_push(c, "0\r\n\r\n", 5, true);
        return;

    default:
        c->state = SILENT;
    }
}


/* Sends what needs no waiting; a token that does starts the timer. */
static void
flow(td_conn *c)
{
    int64_t          wait;
    td_reply        *r = &c->reply;
    const int64_t    stop = r->end == TD_END_ANSWER ? -1 : tokens_of(r);
    const td_piece  *p;

    while (!c->closing && c->piece < r->npieces) {
        p = &r->pieces[c->piece];
        if (c->tokens == stop && (p->token || stop > 0)) {
            break_off(c);
            return;
        }

        wait = !p->token ? 0 : c->tokens == 0 ? r->first_ms : r->pause_ms;
        if (wait > 0 && !c->waited) {
            c->waited = true;
            uv_timer_start(&c->timer, flow_again, (uint64_t) wait, 0);
            return;
        }

        c->waited = false;
        push_piece(c);
    }

    if (!c->closing) {
        td_conn_push(c, "0\r\n\r\n", 5, !c->req.keepalive);
    }

    if (!c->closing) {
        td_conn_next(c);
    }
}


static void
flow_again(uv_timer_t *t)
{
    flow(t->data);
    td_conn_parse(t->data);
}


/* --- whole --------------------------------------------------------------- */

static void
drip(uv_timer_t *t)
{
    td_conn *c = t->data;

    td_conn_push(c, c->out.p + c->dripped, 1, false);
    c->dripped++;
    if (c->closing || c->dripped < c->out.len) {
        return;
    }

    uv_timer_stop(t);
    td_conn_next(c);
    td_conn_parse(c);
}


static void
deliver(td_conn *c)
{
    size_t    half;
    td_reply *r = &c->reply;

    if (r->end == TD_END_DRIP) {
        r->npieces = 0;
    }

    format(c);
    if (r->npieces > 0 && r->end != TD_END_CLOSE && r->end != TD_END_RESET
        && r->end != TD_END_HANG)
    {
        td_conn_push(c, c->out.p, c->out.len, false);
        flow(c);
        return;
    }

    half = c->out.len - (r->body.len - r->body.len / 2);

    switch (r->end) {

    case TD_END_ANSWER:
    case TD_END_EARLY:
        td_conn_push(c, c->out.p, c->out.len, !c->req.keepalive);
        if (!c->closing) {
            td_conn_next(c);
        }

        return;

    case TD_END_CLOSE:
    case TD_END_RESET:
        td_conn_close(c, r->end == TD_END_RESET);
        return;

    case TD_END_HANG:
        c->state = SILENT;
        return;

    case TD_END_TRUNCATE:
        td_conn_push(c, c->out.p, half, true);
        return;

    case TD_END_HALF:
        td_conn_push(c, c->out.p, half, false);
        c->state = SILENT;
        return;

    case TD_END_BREAK:
        td_conn_push(c, c->out.p, half, false);
        td_conn_close(c, true);
        return;

    case TD_END_DRIP:
        c->dripped = 0;
        uv_timer_start(&c->timer, drip, 0, (uint64_t) r->drip_ms);
        return;
    }
}


static void
delayed(uv_timer_t *t)
{
    deliver(t->data);
    td_conn_parse(t->data);
}


void
td_conn_answer(td_conn *c)
{
    if (c->closing) {
        /* The client did not wait. */

    } else if (c->reply.delay_ms > 0) {
        uv_timer_start(&c->timer, delayed, (uint64_t) c->reply.delay_ms, 0);

    } else {
        deliver(c);
        td_conn_parse(c);
    }

    td_conn_unref(c);              /* the answer owed: see begin() */
}


