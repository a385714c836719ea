/*
 * What Redis says to those who keep streams open.
 */

#include "edge/hub.h"


static void ngx_http_connext_hub_subscribed(ngx_http_connext_topic_t *topic);
static void ngx_http_connext_hub_answer(ngx_http_connext_stream_t *stream,
    redisReply *reply);
static void ngx_http_connext_hub_ticket(ngx_http_connext_stream_t *stream,
    redisReply *reply);
static ngx_int_t ngx_http_connext_hub_base(ngx_http_connext_stream_t *stream,
    redisReply *reply);
static void ngx_http_connext_hub_entries(ngx_http_connext_stream_t *stream,
    redisReply *reply);
static ngx_int_t ngx_http_connext_hub_check(ngx_http_connext_stream_t *stream,
    redisReply *reply);
static ngx_uint_t ngx_http_connext_hub_id(redisReply *entry,
    ngx_http_connext_entry_id_t *id);
static ngx_int_t ngx_http_connext_hub_entry(ngx_http_connext_stream_t *stream,
    redisReply *entry);
static void ngx_http_connext_hub_published(ngx_http_connext_topic_t *topic,
    cx_str text);


/* --- connections --- */

void
ngx_http_connext_hub_up(void *data)
{
    ngx_http_connext_hub_t  *hub = data;

    hub->pings = 0;
    ngx_http_connext_hub_all_next(hub);
}


/* What is published from now on is missed: each stream is read again when
 * the subscription is back. */

void
ngx_http_connext_hub_sub_down(void *data)
{
    ngx_queue_t                *q;
    ngx_http_connext_hub_t     *hub = data;
    ngx_http_connext_stream_t  *stream;

    for (q = ngx_queue_head(&hub->idle);
         q != ngx_queue_sentinel(&hub->idle);
         q = ngx_queue_next(q))
    {
        stream = ngx_queue_data(q, ngx_http_connext_stream_t, idle);

        stream->topic->asked = 0;
        stream->topic->subscribed = 0;

        if (stream->state >= NGX_HTTP_CONNEXT_STREAM_CATCHUP) {
            stream->state = NGX_HTTP_CONNEXT_STREAM_SUB;
        }
    }
}


void
ngx_http_connext_hub_ask_down(void *data)
{
    ngx_queue_t             *q;
    ngx_http_connext_ask_t  *ask;
    ngx_http_connext_hub_t  *hub = data;

    while (!ngx_queue_empty(&hub->asks)) {
        q = ngx_queue_head(&hub->asks);
        ask = ngx_queue_data(q, ngx_http_connext_ask_t, queue);
        ngx_queue_remove(q);

        if (ask->stream != NULL) {
            ask->stream->ask = NULL;
        }

        if (ask->history != NULL) {
            ngx_http_connext_history_reply(ask->history, NULL);
        }

        ngx_free(ask);
    }
}


/* --- what Redis says --- */

void
ngx_http_connext_hub_sub_reply(void *data, redisReply *reply)
{
    const redisReply           *word;
    ngx_http_connext_hub_t     *hub = data;
    ngx_http_connext_topic_t   *topic;

    if (reply->type != REDIS_REPLY_ARRAY || reply->elements < 2
        || reply->element[0]->type != REDIS_REPLY_STRING)
    {
        return;
    }

    word = reply->element[0];

    if (ngx_strcmp(word->str, "pong") == 0) {
        hub->pings = 0;
        return;
    }

    topic = ngx_http_connext_hub_find(hub, reply->element[1]);

    if (topic == NULL || reply->elements < 3) {
        return;
    }

    if (ngx_strcmp(word->str, "message") == 0) {

        if (reply->element[2]->type == REDIS_REPLY_STRING) {
            ngx_http_connext_hub_published(topic,
                               (cx_str) { (size_t) reply->element[2]->len,
                                          reply->element[2]->str });
        }

        return;
    }

    if (ngx_strcmp(word->str, "subscribe") != 0) {
        return;
    }

    ngx_http_connext_hub_subscribed(topic);
}


static void
ngx_http_connext_hub_subscribed(ngx_http_connext_topic_t *topic)
{
    ngx_queue_t  *q, *next;

    topic->asked = 0;
    topic->subscribed = 1;

    for (q = ngx_queue_head(&topic->streams);
         q != ngx_queue_sentinel(&topic->streams);
         q = next)
    {
        next = ngx_queue_next(q);
        ngx_http_connext_hub_next(ngx_queue_data(q, ngx_http_connext_stream_t,
                                                 queue));
    }
}


void
ngx_http_connext_hub_ask_reply(void *data, redisReply *reply)
{
    ngx_queue_t                *q;
    ngx_http_connext_ask_t     *ask;
    ngx_http_connext_hub_t     *hub = data;
    ngx_http_connext_stream_t  *stream;
    ngx_http_connext_history_t *history;

    if (ngx_queue_empty(&hub->asks)) {
        return;
    }

    q = ngx_queue_head(&hub->asks);
    ask = ngx_queue_data(q, ngx_http_connext_ask_t, queue);
    ngx_queue_remove(q);

    stream = ask->stream;
    history = ask->history;
    ngx_free(ask);

    if (history != NULL) {
        ngx_http_connext_history_reply(history, reply);

    } else if (stream != NULL) {
        stream->ask = NULL;
        ngx_http_connext_hub_answer(stream, reply);
    }
}


static void
ngx_http_connext_hub_answer(ngx_http_connext_stream_t *stream,
    redisReply *reply)
{
    switch (stream->state) {

    case NGX_HTTP_CONNEXT_STREAM_TICKET:
        ngx_http_connext_hub_ticket(stream, reply);
        return;

    case NGX_HTTP_CONNEXT_STREAM_BASE:

        if (ngx_http_connext_hub_base(stream, reply) != NGX_OK) {
            return;
        }

        stream->state = NGX_HTTP_CONNEXT_STREAM_SUB;
        break;

    case NGX_HTTP_CONNEXT_STREAM_CATCHUP:
        ngx_http_connext_hub_entries(stream, reply);
        return;

    default:
        break;
    }

    ngx_http_connext_hub_next(stream);
}


/* Nil: it was used before. */

static void
ngx_http_connext_hub_ticket(ngx_http_connext_stream_t *stream,
    redisReply *reply)
{
    if (reply->type != REDIS_REPLY_STATUS) {
        ngx_http_connext_sse_end(stream, reply->type == REDIS_REPLY_NIL
                                         ? NGX_HTTP_UNAUTHORIZED
                                         : NGX_HTTP_SERVICE_UNAVAILABLE);
        return;
    }

    if (ngx_http_connext_sse_start(stream) != NGX_OK) {
        return;
    }

    stream->state = stream->check ? NGX_HTTP_CONNEXT_STREAM_SUB
                                  : NGX_HTTP_CONNEXT_STREAM_BASE;

    ngx_http_connext_hub_next(stream);
}


/* Here the stream begins.  The page is told, so that it has an id to come
 * back with before the first event. */

static ngx_int_t
ngx_http_connext_hub_base(ngx_http_connext_stream_t *stream,
    redisReply *reply)
{
    cx_str  parts[3];
    u_char  id[2 * NGX_INT64_LEN + 2];

    if (reply->type != REDIS_REPLY_ARRAY) {
        ngx_http_connext_sse_end(stream, NGX_ERROR);
        return NGX_ERROR;
    }

    if (reply->elements > 0) {
        (void) ngx_http_connext_hub_id(reply->element[0], &stream->last);
    }

    parts[0] = CX_STR("id: ");
    parts[1].p = (const char *) id;
    parts[1].len = (size_t) (ngx_sprintf(id, "%uL-%uL", stream->last.ms,
                                         stream->last.seq) - id);
    parts[2] = CX_STR("\nevent: ready\ndata: {}\n\n");

    return ngx_http_connext_sse_send(stream, parts, 3);
}


static void
ngx_http_connext_hub_entries(ngx_http_connext_stream_t *stream,
    redisReply *reply)
{
    size_t  i;

    if (reply->type != REDIS_REPLY_ARRAY) {
        ngx_http_connext_sse_end(stream, NGX_ERROR);
        return;
    }

    if (ngx_http_connext_hub_check(stream, reply) != NGX_OK) {
        return;
    }

    for (i = 0; i < reply->elements; i++) {
        if (ngx_http_connext_hub_entry(stream, reply->element[i]) != NGX_OK) {
            return;
        }
    }

    if (reply->elements < NGX_HTTP_CONNEXT_PUSH_PAGE && !stream->again) {
        stream->state = NGX_HTTP_CONNEXT_STREAM_LIVE;
        return;
    }

    ngx_http_connext_hub_next(stream);
}


/* The client's last one must be there still, or some of what came behind it
 * may be gone; unless nothing did. */

static ngx_int_t
ngx_http_connext_hub_check(ngx_http_connext_stream_t *stream,
    redisReply *reply)
{
    static const cx_str  reset[] = {
        CX_STR_INIT("event: reset\ndata: {}\n\n")
    };

    ngx_http_connext_entry_id_t  first;

    if (!stream->check) {
        return NGX_OK;
    }

    stream->check = 0;

    if (stream->last.ms == 0
        || reply->elements == 0
        || (ngx_http_connext_hub_id(reply->element[0], &first)
            && first.ms == stream->last.ms && first.seq == stream->last.seq))
    {
        return NGX_OK;
    }

    return ngx_http_connext_sse_send(stream, reset, 1);
}


static ngx_uint_t
ngx_http_connext_hub_id(redisReply *entry, ngx_http_connext_entry_id_t *id)
{
    return entry->type == REDIS_REPLY_ARRAY
           && entry->elements == 2
           && entry->element[0]->type == REDIS_REPLY_STRING
           && ngx_http_connext_entry_id(
                              (cx_str) { (size_t) entry->element[0]->len,
                                         entry->element[0]->str }, id);
}


/* NGX_ERROR: the stream is gone. */

static ngx_int_t
ngx_http_connext_hub_event(ngx_http_connext_stream_t *stream, cx_str id,
    cx_str event, cx_str json)
{
    ngx_http_connext_entry_id_t  at;

    const cx_str  parts[] = {
        CX_STR("id: "), id, CX_STR("\nevent: "), event, CX_STR("\ndata: "),
        json, CX_STR("\n\n"),
    };
    const cx_str  passing[] = {
        CX_STR("event: "), event, CX_STR("\ndata: "), json, CX_STR("\n\n"),
    };

    if (!ngx_http_connext_entry_id(id, &at)) {

        /* Of no stream: for who listens now. */

        return stream->state == NGX_HTTP_CONNEXT_STREAM_LIVE
               ? ngx_http_connext_sse_send(stream, passing, 5) : NGX_OK;
    }

    if (at.ms < stream->last.ms
        || (at.ms == stream->last.ms && at.seq <= stream->last.seq))
    {
        return NGX_OK;
    }

    stream->last = at;

    return ngx_http_connext_sse_send(stream, parts,
                                     sizeof(parts) / sizeof(parts[0]));
}


static ngx_int_t
ngx_http_connext_hub_entry(ngx_http_connext_stream_t *stream,
    redisReply *entry)
{
    cx_str  id, event, json;

    if (!ngx_http_connext_hub_fields(entry, &id, &event, &json)) {
        return NGX_OK;
    }

    /* The page's own words. */

    if (cx_str_eq(event, CX_STR(CX_PUSH_SAID))) {
        (void) ngx_http_connext_entry_id(id, &stream->last);
        return NGX_OK;
    }

    return ngx_http_connext_hub_event(stream, id, event, json);
}


cx_str
ngx_http_connext_hub_text(const redisReply *reply)
{
    return reply->type == REDIS_REPLY_STRING
           ? (cx_str) { (size_t) reply->len, reply->str } : CX_NOSTR;
}


ngx_uint_t
ngx_http_connext_hub_fields(const redisReply *entry, cx_str *id,
    cx_str *event, cx_str *json)
{
    size_t             i;
    cx_str             name, value;
    const redisReply  *fields;

    if (entry->type != REDIS_REPLY_ARRAY || entry->elements != 2
        || entry->element[1]->type != REDIS_REPLY_ARRAY)
    {
        return 0;
    }

    fields = entry->element[1];
    *id = ngx_http_connext_hub_text(entry->element[0]);
    *event = CX_STR("message");
    *json = CX_STR("{}");

    for (i = 0; i + 1 < fields->elements; i += 2) {
        name = ngx_http_connext_hub_text(fields->element[i]);
        value = ngx_http_connext_hub_text(fields->element[i + 1]);

        if (cx_str_eq(name, CX_STR(CX_PUSH_FIELD_EVENT))) {
            *event = value;

        } else if (cx_str_eq(name, CX_STR(CX_PUSH_FIELD_JSON))) {
            *json = value;
        }
    }

    return 1;
}


/* "<id> <event> <JSON>".  Who is still reading the stream will find it
 * there. */

static void
ngx_http_connext_hub_published(ngx_http_connext_topic_t *topic, cx_str text)
{
    cx_str                      id, event;
    ngx_queue_t                *q, *next;
    ngx_http_connext_stream_t  *stream;

    if (!cx_str_split(&text, ' ', &id) || !cx_str_split(&text, ' ', &event)
        || text.len == 0 || memchr(text.p, '\n', text.len) != NULL)
    {
        return;
    }

    for (q = ngx_queue_head(&topic->streams);
         q != ngx_queue_sentinel(&topic->streams);
         q = next)
    {
        /* The topic goes with its last stream. */

        next = ngx_queue_next(q);
        stream = ngx_queue_data(q, ngx_http_connext_stream_t, queue);

        if (stream->state == NGX_HTTP_CONNEXT_STREAM_LIVE) {

            if (topic->n == 1) {
                (void) ngx_http_connext_hub_event(stream, id, event, text);
                return;
            }

            (void) ngx_http_connext_hub_event(stream, id, event, text);

        } else {
            stream->again = 1;
        }
    }
}


ngx_uint_t
ngx_http_connext_entry_id(cx_str text, ngx_http_connext_entry_id_t *id)
{
    cx_str   part;
    int64_t  ms, seq;

    if (!cx_str_split(&text, '-', &part) || !cx_str_to_i64(part, &ms)
        || !cx_str_to_i64(text, &seq) || ms < 0 || seq < 0)
    {
        return 0;
    }

    id->ms = (uint64_t) ms;
    id->seq = (uint64_t) seq;

    return 1;
}
