/*
 * Bodies that are handed out as they come.  libcurl's callback only notes
 * them: they leave when libcurl has returned, so that whoever gets them may
 * do anything with the client.
 *
 * And the patience with those that do not come, which libcurl knows only in
 * seconds and bytes per second.
 */

#include "worker/http_call.h"


void
cx_feed_prepare(cx_call *c, const cx_http_opts *opts)
{
    c->on_data = opts->on_data;
    c->first_ms = opts->first_byte_ms;
    c->idle_ms = opts->idle_ms;
    c->handed = 0;
    c->streamed = false;
    c->patience = 0;
    c->late = NULL;
}


static bool
watched(const cx_call *c)
{
    return c->first_ms > 0 || c->idle_ms > 0;
}


void
cx_feed_run(cx_call *c)
{
    c->http->watched += watched(c);
    c->patience = c->first_ms > 0
                  ? uv_now(c->http->loop) + (uint64_t) c->first_ms : 0;
}


void
cx_feed_leave(cx_call *c)
{
    cx_call  **at = &c->http->fed;

    c->http->watched -= watched(c);

    while (c->fed && *at != c) {
        at = &(*at)->fed_next;
    }

    if (c->fed) {
        *at = c->fed_next;
        c->fed = false;
    }
}


/* --- what has come ------------------------------------------------------- */

static bool
is_stream(const cx_call *c)
{
    long    status = 0;
    cx_str  rest = { c->head.len, c->head.p };
    cx_str  line, name;

    (void) curl_easy_getinfo(c->easy, CURLINFO_RESPONSE_CODE, &status);

    while (status == 200 && cx_str_split(&rest, '\n', &line)) {
        if (!cx_str_split(&line, ':', &name)
            || !cx_str_eq_nocase(cx_str_trim(name), CX_STR("content-type")))
        {
            continue;
        }

        (void) cx_str_split(&line, ';', &name);
        return cx_str_eq_nocase(cx_str_trim(name),
                                CX_STR("text/event-stream"));
    }

    return false;
}


void
cx_feed_came(cx_call *c, bool first)
{
    cx_http  *h = c->http;

    if (first) {
        c->streamed = c->on_data != NULL && is_stream(c);
    }

    c->patience = c->idle_ms > 0 ? uv_now(h->loop) + (uint64_t) c->idle_ms
                                 : 0;

    if (c->streamed && !c->fed) {
        c->fed = true;
        c->fed_next = h->fed;
        h->fed = c;
    }
}


void
cx_feed_hand_out(cx_http *h)
{
    cx_call  *c;

    while ((c = h->fed) != NULL) {
        h->fed = c->fed_next;
        c->fed = false;
        c->state = CX_CALL_FEEDING;
        c->on_data(c->ctx, (cx_str) { c->in.len, c->in.p });

        if (c->state == CX_CALL_DROPPED) {
            cx_call_give_back(c);
            continue;
        }

        c->state = CX_CALL_RUNNING;
        c->handed += c->in.len;
        c->in.len = 0;
    }
}


/* --- what has not -------------------------------------------------------- */

void
cx_feed_check(cx_http *h)
{
    cx_call         *c, *next;
    const uint64_t   now = uv_now(h->loop);

    if (h->watched == 0) {
        return;
    }

    for (c = h->active.next; !h->closing && c != &h->active; c = next) {
        next = c->next;

        if (c->patience == 0 || c->patience > now) {
            continue;
        }

        c->late = c->handed + c->in.len == 0
                  ? "no byte of the answer came in time"
                  : "the answer came to a standstill";
        cx_call_end_with(c, CURLE_OPERATION_TIMEDOUT);
        next = h->active.next;        /* that callback may have cancelled */
    }
}
