#include "worker/http.h"

#include "worker/http_call.h"

#include <assert.h>
#include <stdlib.h>

#define LIKE_ME         8           /* free handles looked at for a like one */
#define TICK_MS         50
#define SHARD_CALLS     64          /* per multi handle */

static void start_queued(cx_http *h);
static void on_net_closed(cx_http_loop *net);


static void
ring_add(cx_call *ring, cx_call *c)
{
    c->prev = ring->prev;
    c->next = ring;
    ring->prev->next = c;
    ring->prev = c;
}


static void
ring_remove(cx_call *c)
{
    c->prev->next = c->next;
    c->next->prev = c->prev;
}


/* A free handle, best one whose last call looked like this one. */
static cx_call *
take(cx_http *h, uint64_t shape)
{
    size_t     n;
    cx_call  **at, *c;

    for (at = &h->free, n = 0; *at != NULL && n < LIKE_ME; n++) {
        if ((*at)->shape == shape) {
            break;
        }

        at = &(*at)->next;
    }

    if (*at == NULL || n == LIKE_ME) {
        at = &h->free;
    }

    c = *at;
    if (c == NULL) {
        return cx_call_new(h, h->share);
    }

    *at = c->next;
    return c;
}


void
cx_call_give_back(cx_call *c)
{
    cx_http  *h = c->http;

    /* One of a mail has options that no request may inherit. */
    if (h->closing || c->mail) {
        cx_call_free(c);
        return;
    }

    cx_call_reset(c);
    c->state = CX_CALL_FREE;
    c->next = h->free;
    h->free = c;
}


/* --- running and ending -------------------------------------------------- */

/* The callback, and the handle is free again. */
static void
tell(cx_call *c, cx_call_end end, const cx_http_res *res, const char *error)
{
    c->state = CX_CALL_TELLING;
    c->fn(c->ctx, end, res, error);
    cx_call_give_back(c);
}


static void
leave(cx_call *c)
{
    (void) curl_multi_remove_handle(c->net->multi, c->easy);
    c->net->calls--;
    c->http->running--;
    ring_remove(c);
    cx_feed_leave(c);
}


void
cx_call_end_with(cx_call *c, CURLcode rc)
{
    cx_header    headers[CX_CALL_HEADERS];
    const char  *error = "";
    cx_call_end  end = c->mail ? cx_mail_call_judge(c, rc)
                               : cx_call_judge(c, rc);
    cx_http_res  res = { 0 };

    if (end == CX_CALL_DONE && c->mail) {
        cx_mail_call_response(c, headers, &res);

    } else if (end == CX_CALL_DONE) {
        cx_call_response(c, headers, &res);

    } else {
        error = cx_call_error(c, rc);
    }

    leave(c);
    tell(c, end, &res, error);
}


static void
on_ended(cx_http_loop *net)
{
    int       left;
    cx_call  *c;
    CURLMsg  *msg;
    cx_http  *h = net->owner;

    cx_feed_hand_out(h);

    while (!h->closing
           && (msg = curl_multi_info_read(net->multi, &left)) != NULL)
    {
        if (msg->msg != CURLMSG_DONE) {
            continue;
        }

        c = NULL;
        (void) curl_easy_getinfo(msg->easy_handle, CURLINFO_PRIVATE,
                                 (char **) &c);
        cx_call_end_with(c, msg->data.result);
    }

    if (!h->closing && h->queued > 0) {
        start_queued(h);
    }
}


/* The first with room, opened when it is needed first. */
static cx_http_loop *
shard(cx_http *h)
{
    size_t         i = 0;
    cx_http_loop  *net;

    while (h->nets[i].calls >= SHARD_CALLS) {
        i++;
        assert(i < h->nnets);
    }

    net = &h->nets[i];

    if (net->multi != NULL) {
        return net;
    }

    net->owner = h;
    net->ended = on_ended;
    net->closed = on_net_closed;
    net->guarded = h->guarded;

    if (!cx_http_loop_open(net, h->loop, SHARD_CALLS)) {
        return NULL;
    }

    h->open++;
    return net;
}


static bool
run(cx_call *c)
{
    cx_http       *h = c->http;
    cx_http_loop  *net = shard(h);

    if (net == NULL) {
        return false;
    }

    if (net != c->net) {
        cx_http_loop_use(net, c->easy);
        c->net = net;
    }

    curl_easy_setopt(c->easy, CURLOPT_TIMEOUT_MS,
                     (long) (c->deadline - uv_now(h->loop)));

    if (curl_multi_add_handle(net->multi, c->easy) != CURLM_OK) {
        return false;
    }

    c->state = CX_CALL_RUNNING;
    ring_add(&h->active, c);
    net->calls++;
    h->running++;
    cx_feed_run(c);
    return true;
}


static void
refuse(cx_call *c, const char *why)
{
    cx_http_res  none = { 0 };

    tell(c, CX_CALL_NOT_SENT, &none, why);
}


static void
start_queued(cx_http *h)
{
    cx_call  *c;

    while (!h->closing && h->queue.next != &h->queue
           && h->running < h->max_calls)
    {
        c = h->queue.next;
        ring_remove(c);
        h->queued--;

        if (c->deadline <= uv_now(h->loop)) {
            refuse(c, "the deadline passed while waiting for a connection");

        } else if (!run(c)) {
            refuse(c, "out of memory");
        }
    }
}


static void
queue_check(cx_http *h)
{
    cx_call   *c, *next;
    uint64_t   now = uv_now(h->loop);

    for (c = h->queue.next; c != &h->queue; c = next) {
        next = c->next;

        if (c->deadline > now) {
            continue;
        }

        ring_remove(c);
        h->queued--;
        refuse(c, "the deadline passed while waiting for a connection");

        if (h->closing) {
            return;
        }

        next = h->queue.next;         /* that callback may have cancelled */
    }
}


static void
on_tick(uv_timer_t *timer)
{
    cx_http  *h = timer->data;

    queue_check(h);
    cx_feed_check(h);

    if (!h->closing && h->queued > 0) {
        start_queued(h);
    }

    if (!h->closing && h->queued == 0 && h->watched == 0) {
        (void) uv_timer_stop(timer);
    }
}


static void
prepare(cx_call *c, const cx_http_opts *opts, cx_http_fn fn, void *ctx)
{
    c->fn = fn;
    c->ctx = ctx;
    c->deadline = uv_now(c->http->loop) + (uint64_t) opts->total_ms;
    cx_feed_prepare(c, opts);
}


static void
tick(cx_http *h)
{
    if (!uv_is_active((uv_handle_t *) &h->tick)) {
        (void) uv_timer_start(&h->tick, on_tick, TICK_MS, TICK_MS);
    }
}


/* Runs it, or lets it wait for its turn. */
static cx_call *
begin(cx_call *c)
{
    cx_http  *h = c->http;

    if (h->running < h->max_calls && h->queued == 0) {
        if (!run(c)) {
            cx_call_give_back(c);
            return NULL;
        }

        if (h->watched > 0) {
            tick(h);
        }

        return c;
    }

    c->state = CX_CALL_QUEUED;
    ring_add(&h->queue, c);
    h->queued++;
    tick(h);
    return c;
}


cx_call *
cx_http_start(cx_http *h, const cx_http_req *req, const cx_http_opts *opts,
    cx_http_fn fn, void *ctx)
{
    cx_call   *c;
    uint64_t   shape;

    if (h->closing || !cx_call_acceptable(req)) {
        return NULL;
    }

    shape = cx_call_shape(req);
    c = take(h, shape);

    if (c == NULL) {
        return NULL;
    }

    c->shape = shape;
    prepare(c, opts, fn, ctx);

    if (!cx_call_set(c, req, opts)) {
        cx_call_give_back(c);
        return NULL;
    }

    return begin(c);
}


cx_call *
cx_http_start_mail(cx_http *h, const cx_http_req *req,
    const cx_http_opts *opts, cx_http_fn fn, void *ctx)
{
    cx_call  *c;

    if (h->closing || !cx_mail_call_acceptable(req)) {
        return NULL;
    }

    c = cx_call_new(h, h->share);
    if (c == NULL) {
        return NULL;
    }

    c->mail = true;
    prepare(c, opts, fn, ctx);

    if (!cx_mail_call_set(c, req, opts)) {
        cx_call_give_back(c);
        return NULL;
    }

    return begin(c);
}


/* Inside its own callback a call is over already. */
void
cx_call_cancel(cx_call *c)
{
    cx_http  *h;

    if (c == NULL
        || (c->state != CX_CALL_RUNNING && c->state != CX_CALL_QUEUED
            && c->state != CX_CALL_FEEDING))
    {
        return;
    }

    h = c->http;

    if (c->state == CX_CALL_QUEUED) {
        ring_remove(c);
        h->queued--;

    } else {
        leave(c);
    }

    if (c->state == CX_CALL_FEEDING) {
        c->state = CX_CALL_DROPPED;      /* given back behind on_data */
        return;
    }

    cx_call_give_back(c);
}


size_t
cx_http_active(const cx_http *h)
{
    return h->running + h->queued;
}


/* --- life ---------------------------------------------------------------- */

static void
closed(cx_http *h)
{
    if (--h->open > 0) {
        return;
    }

    (void) curl_share_cleanup(h->share);
    free(h->nets);
    free(h);
}


static void
on_tick_closed(uv_handle_t *handle)
{
    closed(handle->data);
}


static void
on_net_closed(cx_http_loop *net)
{
    closed(net->owner);
}


cx_http *
cx_http_new_public(uv_loop_t *loop, long max_calls)
{
    cx_http  *h = cx_http_new(loop, max_calls);

    if (h != NULL) {
        h->guarded = true;
    }

    return h;
}


cx_http *
cx_http_new(uv_loop_t *loop, long max_calls)
{
    cx_http  *h;

    assert(max_calls > 0);

    h = calloc(1, sizeof(*h));
    if (h == NULL) {
        return NULL;
    }

    h->loop = loop;
    h->max_calls = (size_t) max_calls;
    h->nnets = (h->max_calls + SHARD_CALLS - 1) / SHARD_CALLS;
    h->active.next = h->active.prev = &h->active;
    h->queue.next = h->queue.prev = &h->queue;

    (void) uv_timer_init(loop, &h->tick);
    h->tick.data = h;
    h->open = 1;

    h->nets = calloc(h->nnets, sizeof(*h->nets));
    h->share = curl_share_init();

    if (h->nets == NULL || h->share == NULL) {
        cx_http_free(h);
        return NULL;
    }

    curl_share_setopt(h->share, CURLSHOPT_SHARE, CURL_LOCK_DATA_DNS);
    curl_share_setopt(h->share, CURLSHOPT_SHARE, CURL_LOCK_DATA_SSL_SESSION);
    return h;
}


void
cx_http_free(cx_http *h)
{
    cx_call  *c;

    if (h == NULL) {
        return;
    }

    h->closing = true;

    while (h->active.next != &h->active) {
        cx_call_cancel(h->active.next);
    }

    while (h->queue.next != &h->queue) {
        cx_call_cancel(h->queue.next);
    }

    while (h->free != NULL) {
        c = h->free;
        h->free = c->next;
        cx_call_free(c);
    }

    for (size_t i = 0; h->nets != NULL && i < h->nnets; i++) {
        if (h->nets[i].multi != NULL) {
            cx_http_loop_close(&h->nets[i]);
        }
    }

    uv_close((uv_handle_t *) &h->tick, on_tick_closed);
}
