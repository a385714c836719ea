#include "double.h"

#include <string.h>


static bool
starts(td_str s, const char *z)
{
    size_t n = strlen(z);

    return s.len >= n && memcmp(s.p, z, n) == 0;
}


static bool
ends(td_str s, const char *z)
{
    size_t n = strlen(z);

    return s.len >= n && memcmp(s.p + s.len - n, z, n) == 0;
}


td_kind
td_kind_of(const td_req *req, const json_t *body)
{
    if (td_model_path(req->path)) {
        return TD_KIND_MODEL;
    }

    if (ends(req->path, "/embeddings")) {
        return TD_KIND_EMBED;
    }

    if (ends(req->path, "/audio/transcriptions")) {
        return TD_KIND_TRANSCRIBE;
    }

    if (ends(req->path, "/Messages.json")) {
        return td_str_is(req->method, "POST") ? TD_KIND_SEND : TD_KIND_OTHER;
    }

    if (ends(req->path, "/Indicators/Typing.json")) {
        return TD_KIND_RECEIPT;
    }

    if (ends(req->path, "/agentMessages")) {
        return TD_KIND_SEND;
    }

    if (ends(req->path, "/agentEvents")) {
        return TD_KIND_RECEIPT;
    }

    if (ends(req->path, "/messages")) {
        return json_object_get(body, "status") != NULL
               || json_object_get(body, "sender_action") != NULL
               ? TD_KIND_RECEIPT : TD_KIND_SEND;
    }

    return TD_KIND_OTHER;
}


/* What a client may ask to see whether we are there. */
static void
other(td_conn *c)
{
    td_req   *req = td_conn_req(c);
    td_reply *r = td_conn_reply(c);
    td_act    act;

    if (td_script_match(req, TD_KIND_OTHER, "", "", &act)) {
        r->delay_ms = act.delay_ms;
        td_script_apply(&act, r);

    } else if (ends(req->path, "/models")) {
        td_buf_addz(&r->body, "{\"object\":\"list\",\"data\":["
                              "{\"id\":\"double\",\"object\":\"model\"}]}");

    } else if (starts(req->path, "/v") && td_str_is(req->method, "GET")) {
        td_buf_addz(&r->body, "{\"id\":\"0\",\"verified_name\":\"Double\","
                              "\"quality_rating\":\"GREEN\"}");

    } else {
        td_graph_error(r, 100, "the double knows no such path");
        r->status = 404;
    }

    td_conn_answer(c);
}


void
td_route(td_conn *c)
{
    td_req  *req = td_conn_req(c);
    td_kind  kind;
    json_t  *body;

    if (starts(req->path, "/_/")) {
        td_control(c);
        return;
    }

    body = json_loadb(req->body.p, req->body.len, 0, NULL);
    kind = td_kind_of(req, body);
    td_conn_record(c, td_record(req, kind, body));

    if (td_twilio(c, kind)) {
        json_decref(body);
        return;
    }

    if (ends(req->path, "/oauth2/token")) {
        td_google_token(c);
        json_decref(body);
        return;
    }

    if (starts(req->path, "/v1/phones/")) {
        td_google(c, kind, body);
        json_decref(body);
        return;
    }

    switch (kind) {

    case TD_KIND_SEND:
    case TD_KIND_RECEIPT:
        td_graph(c, kind, body);
        break;

    case TD_KIND_MODEL:
        td_model(c, body);
        break;

    case TD_KIND_EMBED:
        td_embed(c, body);
        break;

    case TD_KIND_TRANSCRIBE:
        td_transcribe(c);
        break;

    case TD_KIND_OTHER:
        other(c);
        break;
    }

    json_decref(body);
}
