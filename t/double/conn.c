#include "conn.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>


td_req *
td_conn_req(td_conn *c)
{
    return &c->req;
}


td_reply *
td_conn_reply(td_conn *c)
{
    return &c->reply;
}


void
td_conn_record(td_conn *c, size_t n)
{
    c->record = n;
}


void
td_conn_watch(td_conn *c)
{
    if (!c->closing) {
        c->watched = true;
        td.count.answering++;
    }
}


void
td_conn_unref(td_conn *c)
{
    c->open--;
    if (c->open > 0) {
        return;
    }

    td_buf_free(&c->in);
    td_buf_free(&c->joined);
    td_buf_free(&c->reply.headers);
    td_buf_free(&c->reply.body);
    free(c->reply.pieces);
    td_buf_free(&c->out);
    free(c);
}


static void
closed(uv_handle_t *h)
{
    td_conn_unref(h->data);
}


void
td_conn_close(td_conn *c, bool reset)
{
    if (c->closing) {
        return;
    }

    c->closing = true;
    if (c->watched) {
        c->watched = false;
        td.count.answering--;
    }

    uv_close((uv_handle_t *) &c->timer, closed);

    /* A pipe knows no RST. */
    if (!reset || c->u.handle.type != UV_TCP
        || uv_tcp_close_reset(&c->u.tcp, closed) != 0)
    {
        uv_close(&c->u.handle, closed);
    }
}


void
td_conn_next(td_conn *c)
{
    size_t left = c->in.len - c->used;

    if (left > 0) {
        memmove(c->in.p, c->in.p + c->used, left);
    }

    c->in.len = left;
    c->used = 0;
    c->joined.len = 0;
    c->out.len = 0;
    c->promised = false;
    c->piece = 0;
    c->tokens = 0;
    c->waited = false;
    c->record = 0;
    c->state = READING;
    if (c->watched) {
        c->watched = false;
        td.count.answering--;
    }
}


/* --- bytes to requests --------------------------------------------------- */

static void
fail(td_conn *c)
{
    static const char text[] = "HTTP/1.1 400 Refused\r\n"
                               "Content-Length: 0\r\n"
                               "Connection: close\r\n\r\n";

    td_conn_push(c, text, sizeof(text) - 1, true);
}


static td_str
header(td_str head, const char *name)
{
    size_t       n = strlen(name);
    const char  *p = head.p, *end = head.p + head.len, *eol;

    while (p < end) {
        eol = memmem(p, (size_t) (end - p), "\r\n", 2);
        if (eol == NULL) {
            eol = end;
        }

        if ((size_t) (eol - p) > n && p[n] == ':'
            && strncasecmp(p, name, n) == 0)
        {
            for (p += n + 1; p < eol && *p == ' '; p++) { /* void */ }

            return (td_str) { p, (size_t) (eol - p) };
        }

        p = eol + 2;
    }

    return (td_str) { NULL, 0 };
}


static bool
number(td_str s, int base, size_t *out)
{
    int     digit;
    size_t  i, n = 0;

    for (i = 0; i < s.len && s.p[i] != ';'; i++) {
        digit = s.p[i] >= '0' && s.p[i] <= '9' ? s.p[i] - '0'
                : s.p[i] >= 'a' && s.p[i] <= 'f' ? s.p[i] - 'a' + 10
                : s.p[i] >= 'A' && s.p[i] <= 'F' ? s.p[i] - 'A' + 10 : 99;
        if (digit >= base || n > TD_BODY_MAX) {
            return false;
        }

        n = n * (size_t) base + (size_t) digit;
    }

    *out = n;
    return i > 0;
}


/* 1: joined, 0: more to come, -1: broken. */
static int
chunks(td_conn *c, size_t at)
{
    size_t       size, left;
    const char  *eol, *p;

    c->joined.len = 0;
    for ( ;; ) {
        p = c->in.p + at;
        left = c->in.len - at;
        eol = left > 0 ? memmem(p, left, "\r\n", 2) : NULL;
        if (eol == NULL) {
            return 0;
        }

        if (!number((td_str) { p, (size_t) (eol - p) }, 16, &size)
            || c->joined.len + size > TD_BODY_MAX)
        {
            return -1;
        }

        at += (size_t) (eol - p) + 2;
        if (c->in.len - at < size + 2) {
            return 0;
        }

        td_buf_add(&c->joined, c->in.p + at, size);
        at += size + 2;
        if (size == 0) {
            c->used = at;
            c->req.body = (td_str) { c->joined.p, c->joined.len };
            return 1;
        }
    }
}


static bool
first_line(td_conn *c, td_str head, bool *http10)
{
    td_str       target;
    const char  *eol = memmem(head.p, head.len, "\r\n", 2);
    const char  *sp, *sp2, *q;

    if (eol == NULL) {
        return false;
    }

    sp = memchr(head.p, ' ', (size_t) (eol - head.p));
    if (sp == NULL) {
        return false;
    }

    sp2 = memchr(sp + 1, ' ', (size_t) (eol - sp - 1));
    if (sp2 == NULL || eol - sp2 != 9) {
        return false;
    }

    *http10 = eol[-1] == '0';
    target = (td_str) { sp + 1, (size_t) (sp2 - sp - 1) };
    c->req.method = (td_str) { head.p, (size_t) (sp - head.p) };
    q = target.len > 0 ? memchr(target.p, '?', target.len) : NULL;
    c->req.path = target;
    c->req.query = (td_str) { NULL, 0 };
    if (q != NULL) {
        c->req.path.len = (size_t) (q - target.p);
        c->req.query = (td_str) { q + 1, target.len - c->req.path.len - 1 };
    }

    return true;
}


static void
begin(td_conn *c)
{
    td_reply *r = &c->reply;

    r->headers.len = 0;
    r->body.len = 0;
    r->status = 200;
    r->sse = false;
    r->end = TD_END_ANSWER;
    r->delay_ms = 0;
    r->drip_ms = 0;
    r->npieces = 0;
    r->first_ms = 0;
    r->pause_ms = 0;
    r->after = -1;
    r->stamp = false;

    /* Whoever owes the answer keeps the connection's memory. */
    c->open++;
    c->state = WORKING;
    td.count.requests++;
    td_route(c);
}


/* True when a whole request is there. */
static bool
complete(td_conn *c)
{
    static const char *const  keys[] = { "x-api-key", "x-goog-api-key",
                                         "api-key" };

    int          rc;
    bool         http10;
    size_t       body = 0, at;
    td_str       head, v;
    const char  *end;

    end = c->in.len > 0 ? memmem(c->in.p, c->in.len, "\r\n\r\n", 4) : NULL;
    if (end == NULL) {
        if (c->in.len > TD_HEAD_MAX) {
            fail(c);
        }

        return false;
    }

    head = (td_str) { c->in.p, (size_t) (end - c->in.p) + 2 };
    at = head.len + 2;
    if (!first_line(c, head, &http10)) {
        fail(c);
        return false;
    }

    v = header(head, "Connection");
    c->req.keepalive = http10 ? td_str_has(v, "eep-") : !td_str_has(v, "lose");
    c->req.auth = header(head, "Authorization");
    for (size_t i = 0; c->req.auth.len == 0 && i < 3; i++) {
        c->req.auth = header(head, keys[i]);
    }

    c->req.type = header(head, "Content-Type");
    c->req.version = header(head, "Anthropic-Version");

    v = header(head, "Transfer-Encoding");
    if (v.len > 0) {
        rc = chunks(c, at);

    } else {
        v = header(head, "Content-Length");
        rc = v.len > 0 && (!number(v, 10, &body) || body > TD_BODY_MAX)
             ? -1 : c->in.len - at >= body;
        c->used = at + body;
        c->req.body = (td_str) { c->in.p + at, body };
    }

    if (rc < 0) {
        fail(c);
        return false;
    }

    if (rc == 0 && !c->promised && header(head, "Expect").len > 0) {
        c->promised = true;
        td_conn_push(c, "HTTP/1.1 100 Continue\r\n\r\n", 25, false);
    }

    return rc > 0;
}


void
td_conn_parse(td_conn *c)
{
    /* A request answered at once comes back here through td_conn_answer();
     * the loop, not that recursion, goes on with the next one. */
    static td_conn  *busy;

    if (busy == c) {
        return;
    }

    while (!c->closing && c->state == READING && complete(c)) {
        busy = c;
        begin(c);
        busy = NULL;
    }
}


/* --- sockets ------------------------------------------------------------- */

static void
alloc(uv_handle_t *h, size_t hint, uv_buf_t *buf)
{
    /* One loop, one thread: the bytes are copied before the next read. */
    static char  space[65536];

    (void) h;
    (void) hint;
    *buf = uv_buf_init(space, sizeof(space));
}


static void
on_read(uv_stream_t *s, ssize_t n, const uv_buf_t *buf)
{
    td_conn *c = s->data;

    if (n < 0) {
        if (c->watched) {
            td_record_gone(c->record);
        }

        td_conn_close(c, false);
        return;
    }

    td_buf_add(&c->in, buf->base, (size_t) n);
    if (c->in.len > TD_HEAD_MAX + TD_BODY_MAX) {
        td_conn_close(c, true);
        return;
    }

    td_conn_parse(c);
}


void
td_on_connection(uv_stream_t *server, int status)
{
    bool      tcp = server->type == UV_TCP;
    td_conn  *c;

    if (status != 0) {
        return;
    }

    c = td_alloc(sizeof(*c));
    c->open = 2;
    if (tcp) {
        uv_tcp_init(td.loop, &c->u.tcp);

    } else {
        uv_pipe_init(td.loop, &c->u.pipe, 0);
    }

    uv_timer_init(td.loop, &c->timer);
    c->u.handle.data = c;
    c->timer.data = c;
    if (uv_accept(server, &c->u.stream) != 0) {
        td_conn_close(c, false);
        return;
    }

    if (tcp) {
        uv_tcp_nodelay(&c->u.tcp, 1);
    }

    td.count.connections++;
    uv_read_start(&c->u.stream, alloc, on_read);
}
