#include "double.h"

#include <stdlib.h>
#include <string.h>


static void
refuse(td_conn *c, const char *why)
{
    td_reply *r = td_conn_reply(c);

    r->status = 400;
    r->body.len = 0;
    td_buf_printf(&r->body, "{\"error\":\"%s\"}\n", why);
}


/* One rule, or an array of them. */
static void
script(td_conn *c, json_t *body)
{
    size_t       i, n = json_is_array(body) ? json_array_size(body) : 1;
    json_t      *rule;
    const char  *error;

    for (i = 0; i < n; i++) {
        rule = json_is_array(body) ? json_array_get(body, i) : body;
        if (!td_script_add(rule, &error)) {
            refuse(c, error);
            return;
        }
    }

    td_buf_printf(&td_conn_reply(c)->body, "{\"rules\":%zu}\n", n);
}


static void
rules(td_conn *c, json_t *body)
{
    json_t *list = td_script_list();

    (void) body;
    td_buf_json(&td_conn_reply(c)->body, list);
    json_decref(list);
}


static void
requests(td_conn *c, json_t *body)
{
    (void) body;
    td_record_dump(&td_conn_reply(c)->body, td_conn_req(c)->query);
}


static void
ledger(td_conn *c, json_t *body)
{
    size_t   i, n = td_ledger_count();
    td_buf  *out = &td_conn_reply(c)->body;

    (void) body;
    td_buf_addz(out, "{\"ledger\":[");
    for (i = 0; i < n; i++) {
        td_buf_addz(out, i > 0 ? ",\n" : "");
        td_buf_addz(out, td_ledger_at(i)->line);
    }

    td_buf_addz(out, "]}\n");
}


static void
reset(td_conn *c, json_t *body)
{
    (void) body;
    td_script_reset();
    td_record_reset();
    td_ledger_reset();
    td_twilio_reset();
    /* Those that are being answered still are. */
    td.count = (td_counters) { .answering = td.count.answering };
    td_buf_addz(&td_conn_reply(c)->body, "{}\n");
}


static bool
wanted(const td_entry *e, const json_t *body)
{
    const char  *wamid, *to;

    wamid = json_string_value(json_object_get(body, "wamid"));
    to = json_string_value(json_object_get(body, "to"));
    return (wamid == NULL || strcmp(wamid, e->wamid) == 0)
           && (to == NULL || strstr(e->to, to) != NULL);
}


/* A fair order of all pairs, from a seed: tests must be repeatable. */
static void
shuffle(size_t *order, size_t n, uint64_t seed)
{
    size_t i, j, t;

    for (i = n; i > 1; i--) {
        seed = seed * 6364136223846793005ULL + 1442695040888963407ULL;
        j = (size_t) ((seed >> 33) % i);
        t = order[i - 1];
        order[i - 1] = order[j];
        order[j] = t;
    }
}


static void
statuses(td_conn *c, json_t *body)
{
    size_t       i, k, posted = 0, n = td_ledger_count();
    size_t       nwords, *order;
    json_t      *words = json_object_get(body, "statuses");
    json_t      *seed = json_object_get(body, "shuffle");
    json_t      *three = json_pack("[s,s,s]", "sent", "delivered", "read");

    words = json_is_array(words) ? words : three;
    nwords = json_array_size(words);
    order = td_alloc((n * nwords + 1) * sizeof(*order));
    for (i = 0; i < n; i++) {
        for (k = 0; k < nwords && wanted(td_ledger_at(i), body); k++) {
            order[posted++] = i * nwords + k;
        }
    }

    if (json_is_integer(seed)) {
        shuffle(order, posted, (uint64_t) json_integer_value(seed));
    }

    for (i = 0; i < posted; i++) {
        td_hook_status(td_ledger_at(order[i] / nwords),
                       json_string_value(json_array_get(words,
                                                        order[i] % nwords)),
                       NULL, NULL);
    }

    free(order);
    json_decref(three);
    td_buf_printf(&td_conn_reply(c)->body, "{\"posted\":%zu}\n", posted);
}


static void
counts(td_conn *c, json_t *body)
{
    json_t *j;

    (void) body;
    j = json_pack("{s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I}",
                  "requests", (json_int_t) td.count.requests,
                  "sends", (json_int_t) td.count.sends,
                  "receipts", (json_int_t) td.count.receipts,
                  "models", (json_int_t) td.count.models,
                  "embeddings", (json_int_t) td.count.embeddings,
                  "transcripts", (json_int_t) td.count.transcripts,
                  "answering", (json_int_t) td.count.answering,
                  "accepted", (json_int_t) td.count.accepted,
                  "connections", (json_int_t) td.count.connections);
    td_hook_counts(j);
    td_buf_json(&td_conn_reply(c)->body, j);
    json_decref(j);
}


static const struct {
    const char  *method;
    const char  *path;
    void       (*run)(td_conn *c, json_t *body);
} routes[] = {
    { "POST", "/_/script",   script },
    { "GET",  "/_/script",   rules },
    { "GET",  "/_/requests", requests },
    { "GET",  "/_/ledger",   ledger },
    { "GET",  "/_/counts",   counts },
    { "POST", "/_/reset",    reset },
    { "POST", "/_/statuses", statuses },
    { "POST", "/_/twilio",   td_twilio_inbound }
};


void
td_control(td_conn *c)
{
    size_t   i;
    json_t  *body;
    td_req  *req = td_conn_req(c);

    for (i = 0; i < sizeof(routes) / sizeof(routes[0]); i++) {
        if (td_str_is(req->method, routes[i].method)
            && td_str_is(req->path, routes[i].path))
        {
            break;
        }
    }

    if (i == sizeof(routes) / sizeof(routes[0])) {
        refuse(c, "no such control route");
        td_conn_reply(c)->status = 404;
        td_conn_answer(c);
        return;
    }

    body = json_loadb(req->body.len > 0 ? req->body.p : "{}",
                      req->body.len > 0 ? req->body.len : 2, 0, NULL);
    if (body == NULL) {
        refuse(c, "the body is not JSON");

    } else {
        routes[i].run(c, body);
    }

    json_decref(body);
    td_conn_answer(c);
}
