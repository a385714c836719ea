#include "edge/hub.h"

#define NGX_HTTP_CONNEXT_TICK        1000
#define NGX_HTTP_CONNEXT_LINK_PING   15      /* ticks between two */
#define NGX_HTTP_CONNEXT_TICKET_TTL  60      /* s, beyond a ticket's life */


static u_char *ngx_http_connext_hub_ask(ngx_http_connext_stream_t *stream);
static void ngx_http_connext_hub_subscribe(ngx_http_connext_hub_t *hub,
    ngx_http_connext_topic_t *topic, const char *word);
static ngx_http_connext_topic_t *ngx_http_connext_hub_topic(
    ngx_http_connext_hub_t *hub, ngx_str_t *prefix, const u_char *tag);
static void ngx_http_connext_hub_tick(ngx_event_t *ev);


ngx_int_t
ngx_http_connext_hub_start(ngx_http_connext_redis_t *redis)
{
    ngx_http_connext_hub_t  *hub;

    hub = ngx_calloc(sizeof(ngx_http_connext_hub_t), ngx_cycle->log);
    if (hub == NULL) {
        return NGX_ERROR;
    }

    ngx_rbtree_init(&hub->topics, &hub->sentinel, ngx_str_rbtree_insert_value);
    ngx_queue_init(&hub->idle);
    ngx_queue_init(&hub->asks);
    hub->shared = redis->shared;

    hub->sub.redis = redis;
    hub->sub.data = hub;
    hub->sub.up = ngx_http_connext_hub_up;
    hub->sub.down = ngx_http_connext_hub_sub_down;
    hub->sub.reply = ngx_http_connext_hub_sub_reply;

    hub->ask.redis = redis;
    hub->ask.data = hub;
    hub->ask.up = ngx_http_connext_hub_up;
    hub->ask.down = ngx_http_connext_hub_ask_down;
    hub->ask.reply = ngx_http_connext_hub_ask_reply;

    hub->tick.handler = ngx_http_connext_hub_tick;
    hub->tick.data = hub;
    hub->tick.log = ngx_cycle->log;

    redis->hub = hub;

    ngx_http_connext_link_start(&hub->sub);
    ngx_http_connext_link_start(&hub->ask);

    return NGX_OK;
}


/* At the end of the process: its requests are gone. */

void
ngx_http_connext_hub_stop(ngx_http_connext_redis_t *redis)
{
    ngx_queue_t             *q;
    ngx_http_connext_hub_t  *hub;

    hub = redis->hub;

    if (hub == NULL) {
        return;
    }

    redis->hub = NULL;

    ngx_http_connext_link_stop(&hub->sub);
    ngx_http_connext_link_stop(&hub->ask);

    if (hub->tick.timer_set) {
        ngx_del_timer(&hub->tick);
    }

    while (!ngx_queue_empty(&hub->idle)) {
        q = ngx_queue_head(&hub->idle);
        ngx_http_connext_hub_remove(ngx_queue_data(q,
                                         ngx_http_connext_stream_t, idle));
    }

    while (!ngx_queue_empty(&hub->asks)) {
        q = ngx_queue_head(&hub->asks);
        ngx_queue_remove(q);
        ngx_free(ngx_queue_data(q, ngx_http_connext_ask_t, queue));
    }

    ngx_free(hub);
}


/* --- who listens --- */

ngx_int_t
ngx_http_connext_hub_add(ngx_http_connext_redis_t *redis, ngx_str_t *prefix,
    const u_char *tag, ngx_http_connext_stream_t *stream)
{
    ngx_http_connext_hub_t    *hub;
    ngx_http_connext_topic_t  *topic;

    hub = redis->hub;

    if (hub == NULL) {
        return NGX_ERROR;
    }

    topic = ngx_http_connext_hub_topic(hub, prefix, tag);
    if (topic == NULL) {
        return NGX_ERROR;
    }

    if (topic->n == NGX_HTTP_CONNEXT_STREAMS) {
        return NGX_DECLINED;
    }

    stream->hub = hub;
    stream->topic = topic;
    stream->written = ngx_current_msec;

    topic->n++;
    ngx_queue_insert_tail(&topic->streams, &stream->queue);
    ngx_queue_insert_tail(&hub->idle, &stream->idle);

    (void) ngx_http_connext_streams_add(hub->shared, 1);

    /* Not cancelable: it ends the streams of a worker that shuts down. */

    if (!hub->tick.timer_set) {
        ngx_add_timer(&hub->tick, NGX_HTTP_CONNEXT_TICK);
    }

    ngx_http_connext_hub_next(stream);

    return NGX_OK;
}


void
ngx_http_connext_hub_touch(ngx_http_connext_stream_t *stream)
{
    stream->written = ngx_current_msec;

    ngx_queue_remove(&stream->idle);
    ngx_queue_insert_tail(&stream->hub->idle, &stream->idle);
}


void
ngx_http_connext_hub_remove(ngx_http_connext_stream_t *stream)
{
    ngx_http_connext_hub_t    *hub;
    ngx_http_connext_topic_t  *topic;

    topic = stream->topic;

    if (topic == NULL) {
        return;
    }

    hub = stream->hub;
    stream->topic = NULL;

    if (stream->ask != NULL) {
        ((ngx_http_connext_ask_t *) stream->ask)->stream = NULL;
        stream->ask = NULL;
    }

    ngx_queue_remove(&stream->queue);
    ngx_queue_remove(&stream->idle);
    topic->n--;

    (void) ngx_http_connext_streams_add(hub->shared, -1);

    if (topic->n > 0) {
        return;
    }

    if (topic->asked || topic->subscribed) {
        ngx_http_connext_hub_subscribe(hub, topic, "UNSUBSCRIBE");
    }

    ngx_rbtree_delete(&hub->topics, &topic->node.node);
    ngx_free(topic);

    if (ngx_queue_empty(&hub->idle) && hub->tick.timer_set) {
        ngx_del_timer(&hub->tick);
    }
}


static ngx_http_connext_topic_t *
ngx_http_connext_hub_topic(ngx_http_connext_hub_t *hub, ngx_str_t *prefix,
    const u_char *tag)
{
    uint32_t                   hash;
    ngx_str_t                  name;
    ngx_str_node_t            *node;
    ngx_http_connext_topic_t  *topic;

    name.len = CX_PUSH_TAG_LEN;
    name.data = (u_char *) tag;
    hash = ngx_crc32_short(name.data, name.len);

    node = ngx_str_rbtree_lookup(&hub->topics, &name, hash);

    if (node != NULL) {
        return (ngx_http_connext_topic_t *) node;
    }

    topic = ngx_calloc(sizeof(ngx_http_connext_topic_t), ngx_cycle->log);
    if (topic == NULL) {
        return NULL;
    }

    ngx_memcpy(topic->tag, tag, CX_PUSH_TAG_LEN);
    topic->node.node.key = hash;
    topic->node.str.len = CX_PUSH_TAG_LEN;
    topic->node.str.data = topic->tag;
    ngx_queue_init(&topic->streams);

    topic->stream_len = cx_push_stream((char *) topic->stream,
                                       ngx_http_connext_view(prefix),
                                       ngx_http_connext_view(&name));
    topic->channel_len = cx_push_channel((char *) topic->channel,
                                         ngx_http_connext_view(prefix),
                                         ngx_http_connext_view(&name));

    ngx_rbtree_insert(&hub->topics, &topic->node.node);

    return topic;
}


ngx_http_connext_topic_t *
ngx_http_connext_hub_find(ngx_http_connext_hub_t *hub,
    const redisReply *channel)
{
    ngx_str_t                  tag;
    ngx_http_connext_topic_t  *topic;

    if (channel->type != REDIS_REPLY_STRING
        || (size_t) channel->len < CX_PUSH_TAG_LEN)
    {
        return NULL;
    }

    tag.len = CX_PUSH_TAG_LEN;
    tag.data = (u_char *) channel->str + channel->len - CX_PUSH_TAG_LEN;

    topic = (ngx_http_connext_topic_t *)
                ngx_str_rbtree_lookup(&hub->topics, &tag,
                                      ngx_crc32_short(tag.data, tag.len));

    /* Two prefixes may share a target. */

    return topic != NULL
           && topic->channel_len == (size_t) channel->len
           && ngx_memcmp(topic->channel, channel->str, channel->len) == 0
           ? topic : NULL;
}


/* --- the next step of a stream --- */

void
ngx_http_connext_hub_next(ngx_http_connext_stream_t *stream)
{
    ngx_http_connext_hub_t    *hub;
    ngx_http_connext_topic_t  *topic;

    hub = stream->hub;
    topic = stream->topic;

    if (stream->ask != NULL
        || stream->state == NGX_HTTP_CONNEXT_STREAM_LIVE)
    {
        return;
    }

    if (stream->state == NGX_HTTP_CONNEXT_STREAM_SUB) {

        if (!topic->subscribed) {

            if (!topic->asked && hub->sub.is_up) {
                topic->asked = 1;
                ngx_http_connext_hub_subscribe(hub, topic, "SUBSCRIBE");
            }

            return;
        }

        stream->state = NGX_HTTP_CONNEXT_STREAM_CATCHUP;
    }

    stream->again = 0;

    (void) ngx_http_connext_hub_ask(stream);
}


void
ngx_http_connext_hub_all_next(ngx_http_connext_hub_t *hub)
{
    ngx_queue_t  *q, *next;

    for (q = ngx_queue_head(&hub->idle);
         q != ngx_queue_sentinel(&hub->idle);
         q = next)
    {
        next = ngx_queue_next(q);
        ngx_http_connext_hub_next(ngx_queue_data(q, ngx_http_connext_stream_t,
                                                 idle));
    }
}


/* NULL: not now; it is tried again when the connection is up. */

static u_char *
ngx_http_connext_hub_ask(ngx_http_connext_stream_t *stream)
{
    u_char                    *p, id[2 * NGX_INT64_LEN + 2];
    size_t                     len;
    ngx_http_connext_hub_t    *hub;
    ngx_http_connext_ask_t    *ask;
    ngx_http_connext_topic_t  *topic;

    hub = stream->hub;
    topic = stream->topic;

    p = ngx_http_connext_hub_ask_begin(hub, CX_PUSH_KEY_MAX
                                            + NGX_HTTP_CONNEXT_NONCE_MAX
                                            + 10 * NGX_HTTP_CONNEXT_ARG
                                            + sizeof(id));
    if (p == NULL) {
        return NULL;
    }

    switch (stream->state) {

    case NGX_HTTP_CONNEXT_STREAM_TICKET:
        p = ngx_http_connext_put_array(p, 6);
        p = ngx_http_connext_put_text(p, "SET");
        len = topic->stream_len;
        p = ngx_sprintf(p, "$%uz\r\n%*s:%*s\r\n", len + 1 + stream->nonce_len,
                        len, topic->stream, (size_t) stream->nonce_len,
                        stream->nonce);
        p = ngx_http_connext_put_text(p, "1");
        p = ngx_http_connext_put_text(p, "NX");
        p = ngx_http_connext_put_text(p, "EX");
        p = ngx_http_connext_put_number(p, NGX_HTTP_CONNEXT_TICKET_TTL);
        break;

    case NGX_HTTP_CONNEXT_STREAM_BASE:
        p = ngx_http_connext_put_array(p, 6);
        p = ngx_http_connext_put_text(p, "XREVRANGE");
        p = ngx_http_connext_put(p, topic->stream, topic->stream_len);
        p = ngx_http_connext_put_text(p, "+");
        p = ngx_http_connext_put_text(p, "-");
        p = ngx_http_connext_put_text(p, "COUNT");
        p = ngx_http_connext_put_text(p, "1");
        break;

    default: /* NGX_HTTP_CONNEXT_STREAM_CATCHUP */
        len = (size_t) (ngx_sprintf(id, "%s%uL-%uL",
                                    stream->check ? "" : "(",
                                    stream->last.ms, stream->last.seq) - id);

        p = ngx_http_connext_put_array(p, 6);
        p = ngx_http_connext_put_text(p, "XRANGE");
        p = ngx_http_connext_put(p, topic->stream, topic->stream_len);
        p = ngx_http_connext_put(p, id, len);
        p = ngx_http_connext_put_text(p, "+");
        p = ngx_http_connext_put_text(p, "COUNT");
        p = ngx_http_connext_put_number(p, NGX_HTTP_CONNEXT_PUSH_PAGE);
        break;
    }

    ask = ngx_http_connext_hub_ask_end(hub, p, 1);

    if (ask == NULL) {
        return NULL;
    }

    ask->stream = stream;
    stream->ask = ask;

    return p;
}


u_char *
ngx_http_connext_hub_ask_begin(ngx_http_connext_hub_t *hub, size_t size)
{
    return ngx_http_connext_link_begin(&hub->ask, size);
}


/* Nothing leaves without a place for its replies. */

ngx_http_connext_ask_t *
ngx_http_connext_hub_ask_end(ngx_http_connext_hub_t *hub, u_char *last,
    ngx_uint_t n)
{
    ngx_uint_t               i;
    ngx_http_connext_ask_t  *ask[2];

    for (i = 0; i < n; i++) {
        ask[i] = ngx_calloc(sizeof(ngx_http_connext_ask_t), ngx_cycle->log);

        if (ask[i] == NULL) {
            while (i > 0) {
                ngx_free(ask[--i]);
            }

            return NULL;
        }
    }

    for (i = 0; i < n; i++) {
        ngx_queue_insert_tail(&hub->asks, &ask[i]->queue);
    }

    ngx_http_connext_link_end(&hub->ask, last);

    return ask[n - 1];
}


static void
ngx_http_connext_hub_subscribe(ngx_http_connext_hub_t *hub,
    ngx_http_connext_topic_t *topic, const char *word)
{
    u_char  *p;

    p = ngx_http_connext_link_begin(&hub->sub, topic->channel_len
                                               + 4 * NGX_HTTP_CONNEXT_ARG);
    if (p == NULL) {
        return;
    }

    p = ngx_http_connext_put_array(p, 2);
    p = ngx_http_connext_put(p, word, ngx_strlen(word));
    p = ngx_http_connext_put(p, topic->channel, topic->channel_len);

    ngx_http_connext_link_end(&hub->sub, p);
}


/* --- time --- */

static void
ngx_http_connext_hub_tick(ngx_event_t *ev)
{
    static const cx_str  ping[] = { CX_STR_INIT(": \n\n") };

    u_char                     *p;
    ngx_queue_t                *q;
    ngx_http_connext_hub_t     *hub;
    ngx_http_connext_stream_t  *stream;

    hub = ev->data;

    /* Whoever is cut off comes back, to another worker. */

    while (ngx_exiting && !ngx_queue_empty(&hub->idle)) {
        q = ngx_queue_head(&hub->idle);
        ngx_http_connext_sse_end(ngx_queue_data(q, ngx_http_connext_stream_t,
                                                idle),
                                 NGX_HTTP_SERVICE_UNAVAILABLE);
    }

    while (!ngx_queue_empty(&hub->idle)) {
        q = ngx_queue_head(&hub->idle);
        stream = ngx_queue_data(q, ngx_http_connext_stream_t, idle);

        if (ngx_current_msec - stream->written < NGX_HTTP_CONNEXT_PING) {
            break;
        }

        /* One that waits for its ticket has nothing to be kept alive. */

        if (!stream->started) {
            ngx_http_connext_sse_end(stream, NGX_HTTP_SERVICE_UNAVAILABLE);

        } else {
            (void) ngx_http_connext_sse_send(stream, ping, 1);
        }
    }

    if (++hub->ticks % NGX_HTTP_CONNEXT_LINK_PING == 0 && hub->sub.is_up) {

        if (hub->pings++ > 0) {
            ngx_http_connext_link_restart(&hub->sub);
            hub->pings = 0;

        } else {
            p = ngx_http_connext_link_begin(&hub->sub, NGX_HTTP_CONNEXT_ARG);

            if (p != NULL) {
                p = ngx_http_connext_put_array(p, 1);
                p = ngx_http_connext_put_text(p, "PING");
                ngx_http_connext_link_end(&hub->sub, p);
            }
        }
    }

    if (!ngx_queue_empty(&hub->idle) && !hub->tick.timer_set) {
        ngx_add_timer(&hub->tick, NGX_HTTP_CONNEXT_TICK);
    }
}
