/*
 * What was said in a chat, for a page that is loaded anew.  A visitor's stream
 * has the answers; what the visitor writes is put beside them when it was
 * accepted, so that one reading tells the whole talk.  It is not published:
 * the page that wrote it knows, and no stream repeats it.
 */

#include "edge/hub.h"

#include "channel/webchat.h"
#include "core/json.h"

/* What the JSON of an entry may grow to, beside what Redis has of it. */
#define NGX_HTTP_CONNEXT_HISTORY_MAX  (32 * 1024 * 1024)


struct ngx_http_connext_history_s {
    ngx_http_request_t         *request;
    ngx_http_connext_ask_t     *ask;
};


static ngx_int_t ngx_http_connext_history_whose(ngx_http_request_t *r,
    ngx_http_connext_loc_conf_t *conf, cx_arena *a, u_char *key, size_t *len,
    cx_err *err);
static void ngx_http_connext_history_forget(void *data);
static ngx_int_t ngx_http_connext_history_send(ngx_http_request_t *r,
    redisReply *reply);
static void ngx_http_connext_history_entry(cx_json_writer *w,
    const redisReply *entry);


/* --- what the visitor writes --- */

/* Nothing waits for it: a Redis that is away has not accepted the message
 * either. */

void
ngx_http_connext_history_keep(ngx_http_request_t *r,
    ngx_http_connext_loc_conf_t *conf, cx_arena *a)
{
    cx_err                    err;
    cx_str                    body, json;
    size_t                    len;
    u_char                   *p, key[CX_PUSH_KEY_MAX];
    ngx_http_connext_hub_t   *hub;

    hub = conf->redis->hub;

    if (hub == NULL
        || ngx_http_connext_body(r, a, &body) != CX_OK
        || cx_webchat_said(body, (int64_t) ngx_time() * 1000, a, &json)
           != CX_OK
        || ngx_http_connext_history_whose(r, conf, a, key, &len, &err)
           != NGX_OK)
    {
        return;
    }

    p = ngx_http_connext_hub_ask_begin(hub, 2 * len + json.len
                                       + 20 * NGX_HTTP_CONNEXT_ARG);
    if (p == NULL) {
        return;
    }

    p = ngx_http_connext_put_array(p, 12);
    p = ngx_http_connext_put_text(p, "XADD");
    p = ngx_http_connext_put(p, key, len);
    p = ngx_http_connext_put_text(p, "MAXLEN");
    p = ngx_http_connext_put_text(p, "~");
    p = ngx_http_connext_put_number(p, CX_PUSH_KEPT);
    p = ngx_http_connext_put_text(p, "*");
    p = ngx_http_connext_put_text(p, CX_PUSH_FIELD_ID);
    p = ngx_http_connext_put_text(p, "");
    p = ngx_http_connext_put_text(p, CX_PUSH_FIELD_EVENT);
    p = ngx_http_connext_put_text(p, CX_PUSH_SAID);
    p = ngx_http_connext_put_text(p, CX_PUSH_FIELD_JSON);
    p = ngx_http_connext_put(p, json.p, json.len);

    p = ngx_http_connext_put_array(p, 3);
    p = ngx_http_connext_put_text(p, "EXPIRE");
    p = ngx_http_connext_put(p, key, len);
    p = ngx_http_connext_put_number(p, CX_PUSH_TTL_S);

    (void) ngx_http_connext_hub_ask_end(hub, p, 2);
}


/* --- what a page asks for --- */

ngx_int_t
ngx_http_connext_history_get(ngx_http_request_t *r,
    ngx_http_connext_loc_conf_t *conf, cx_arena *a, cx_str after,
    cx_err *err)
{
    size_t                           len, n;
    u_char                          *p, key[CX_PUSH_KEY_MAX];
    u_char                           id[2 * NGX_INT64_LEN + 2];
    ngx_http_cleanup_t              *cln;
    ngx_http_connext_hub_t          *hub;
    ngx_http_connext_history_t      *h;
    ngx_http_connext_entry_id_t      from;

    if (ngx_http_connext_history_whose(r, conf, a, key, &len, err)
        != NGX_OK)
    {
        return NGX_DECLINED;
    }

    *err = CX_REDIS_CONNECT;
    hub = conf->redis->hub;

    p = hub != NULL ? ngx_http_connext_hub_ask_begin(hub, len + sizeof(id)
                                                + 8 * NGX_HTTP_CONNEXT_ARG)
                    : NULL;
    if (p == NULL) {
        return NGX_DECLINED;
    }

    h = ngx_pcalloc(r->pool, sizeof(ngx_http_connext_history_t));
    cln = ngx_http_cleanup_add(r, 0);

    if (h == NULL || cln == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    n = ngx_http_connext_entry_id(after, &from)
        ? (size_t) (ngx_sprintf(id, "(%uL-%uL", from.ms, from.seq) - id)
        : (size_t) (ngx_sprintf(id, "-") - id);

    p = ngx_http_connext_put_array(p, 6);
    p = ngx_http_connext_put_text(p, "XRANGE");
    p = ngx_http_connext_put(p, key, len);
    p = ngx_http_connext_put(p, id, n);
    p = ngx_http_connext_put_text(p, "+");
    p = ngx_http_connext_put_text(p, "COUNT");
    p = ngx_http_connext_put_number(p, NGX_HTTP_CONNEXT_PUSH_PAGE);

    h->ask = ngx_http_connext_hub_ask_end(hub, p, 1);

    if (h->ask == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    h->ask->history = h;
    h->request = r;
    cln->handler = ngx_http_connext_history_forget;
    cln->data = h;

    r->main->count++;
    r->read_event_handler = ngx_http_test_reading;
    r->write_event_handler = ngx_http_request_empty_handler;

    return NGX_DONE;
}


/* The key of the stream of whoever has the token; NGX_DECLINED: *err. */

static ngx_int_t
ngx_http_connext_history_whose(ngx_http_request_t *r,
    ngx_http_connext_loc_conf_t *conf, cx_arena *a, u_char *key, size_t *len,
    cx_err *err)
{
    char        tag[CX_PUSH_TAG_LEN];
    cx_session  s;

    *err = cx_webchat_listener(ngx_http_connext_chat_account(conf),
                               ngx_http_connext_chat_header(r,
                                              "Authorization",
                                              sizeof("Authorization") - 1),
                               CX_NOSTR, a, &s);
    if (*err != CX_OK) {
        return NGX_DECLINED;
    }

    if (!cx_push_tag(conf->channel->account.name, s.peer, tag)) {
        *err = CX_NOMEM;
        return NGX_DECLINED;
    }

    *len = cx_push_stream((char *) key, ngx_http_connext_view(&conf->prefix),
                          (cx_str) { sizeof(tag), tag });

    return NGX_OK;
}


static void
ngx_http_connext_history_forget(void *data)
{
    ngx_http_connext_history_t  *h = data;

    if (h->ask != NULL) {
        h->ask->history = NULL;
    }
}


/* --- what Redis says --- */

/* NULL: it is away. */

void
ngx_http_connext_history_reply(ngx_http_connext_history_t *h,
    redisReply *reply)
{
    ngx_connection_t    *c;
    ngx_http_request_t  *r;

    h->ask = NULL;
    r = h->request;
    c = r->connection;

    ngx_http_finalize_request(r,
              reply != NULL && reply->type == REDIS_REPLY_ARRAY
              ? ngx_http_connext_history_send(r, reply)
              : ngx_http_connext_send_status(r,
                                             NGX_HTTP_SERVICE_UNAVAILABLE));
    ngx_http_run_posted_requests(c);
}


/* {"data":[{"id","event","data"}],"next":"id" or null} */

static ngx_int_t
ngx_http_connext_history_send(ngx_http_request_t *r, redisReply *reply)
{
    size_t           i;
    cx_buf           b;
    cx_arena        *a;
    ngx_int_t        rc;
    redisReply      *last;
    cx_json_writer   w;

    a = cx_arena_new(NGX_HTTP_CONNEXT_HISTORY_MAX);
    if (a == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    cx_buf_init(&b, a, 4096, NGX_HTTP_CONNEXT_HISTORY_MAX / 2);
    cx_json_write_init(&w, &b);
    cx_json_begin(&w, '{');
    cx_json_name(&w, CX_STR("data"));
    cx_json_begin(&w, '[');

    for (i = 0; i < reply->elements; i++) {
        ngx_http_connext_history_entry(&w, reply->element[i]);
    }

    cx_json_end(&w, ']');
    cx_json_name(&w, CX_STR("next"));

    last = reply->elements >= NGX_HTTP_CONNEXT_PUSH_PAGE
           ? reply->element[reply->elements - 1] : NULL;

    if (last != NULL && last->type == REDIS_REPLY_ARRAY && last->elements > 0)
    {
        cx_json_put_str(&w, ngx_http_connext_hub_text(last->element[0]));

    } else {
        cx_json_put_raw(&w, CX_STR("null"));
    }

    cx_json_end(&w, '}');

    rc = b.failed ? NGX_HTTP_INTERNAL_SERVER_ERROR
                  : ngx_http_connext_chat_json(r, cx_buf_str(&b));
    cx_arena_free(a);

    return rc;
}


static void
ngx_http_connext_history_entry(cx_json_writer *w, const redisReply *entry)
{
    cx_str  id, event, json;

    if (!ngx_http_connext_hub_fields(entry, &id, &event, &json)) {
        return;
    }

    cx_json_begin(w, '{');
    cx_json_name(w, CX_STR("id"));
    cx_json_put_str(w, id);
    cx_json_name(w, CX_STR("event"));
    cx_json_put_str(w, event);
    cx_json_name(w, CX_STR("data"));
    cx_json_put_raw(w, json);
    cx_json_end(w, '}');
}
