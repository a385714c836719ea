#include "double.h"

#include <stdlib.h>
#include <string.h>

/* What can go wrong, by name.  A rule's own members override. */
static const struct {
    const char  *name;
    int          accept;       /* into the ledger */
    int          status;       /* 0: as it would be */
    td_end       end;
    bool         no_id;
    bool         bad_json;
} acts[] = {
    /* name                 accept status end              no_id  bad_json */
    { "ok",                 1,     0,     TD_END_ANSWER,   false, false },
    { "accept_then_close",  1,     0,     TD_END_CLOSE,    false, false },
    { "accept_then_reset",  1,     0,     TD_END_RESET,    false, false },
    { "accept_then_hang",   1,     0,     TD_END_HANG,     false, false },
    { "close_before",       0,     0,     TD_END_CLOSE,    false, false },
    { "reset_before",       0,     0,     TD_END_RESET,    false, false },
    { "hang_before",        0,     0,     TD_END_HANG,     false, false },
    { "error_after",        1,     500,   TD_END_ANSWER,   false, false },
    { "error_before",       0,     500,   TD_END_ANSWER,   false, false },
    { "rate_limited",       0,     429,   TD_END_ANSWER,   false, false },
    { "truncated",          1,     0,     TD_END_TRUNCATE, false, false },
    { "half_then_hang",     1,     0,     TD_END_HALF,     false, false },
    { "no_id",              1,     0,     TD_END_ANSWER,   true,  false },
    { "bad_json",           1,     0,     TD_END_ANSWER,   false, true  },
    { "drip",               1,     0,     TD_END_DRIP,     false, false },
    { "ended_early",        1,     0,     TD_END_EARLY,    false, false },
    { "reset_midway",       1,     0,     TD_END_BREAK,    false, false }
};

static const struct {
    const char  *name;
    td_kind      kind;
} kinds[] = {
    { "graph",      TD_KIND_SEND },
    { "receipt",    TD_KIND_RECEIPT },
    { "model",      TD_KIND_MODEL },
    { "embedding",  TD_KIND_EMBED },
    { "transcript", TD_KIND_TRANSCRIBE },
    { "other",      TD_KIND_OTHER }
};

static const char *const  match_keys[] = { "path", "kind", "to", "text",
                                           NULL };
static const char *const  do_keys[] = { "act", "accept", "status", "body",
    "headers", "delay_ms", "drip_ms", "code", "statuses", "statuses_first",
    "text", "first_ms", "pause_ms", "after", "stamp", "error", "tools",
    "finish", "thoughts", "usage", "cost", NULL };
static const char *const  rule_keys[] = { "match", "times", "do", NULL };

typedef struct rule_s  rule;

struct rule_s {
    rule    *next;
    json_t  *json;
    int64_t  left;             /* -1: for ever */
    int64_t  hits;
};

static rule  *rules;


static bool
known(const json_t *o, const char *const *keys)
{
    size_t       i;
    json_t      *v;
    const char  *k;

    json_object_foreach((json_t *) (uintptr_t) o, k, v) {
        for (i = 0; keys[i] != NULL && strcmp(keys[i], k) != 0; i++) {
            /* void */
        }

        if (keys[i] == NULL) {
            return false;
        }
    }

    return true;
}


static size_t
act_index(const char *name)
{
    size_t i;

    for (i = 0; i < sizeof(acts) / sizeof(acts[0]); i++) {
        if (strcmp(acts[i].name, name) == 0) {
            break;
        }
    }

    return i;
}


static const char *
string(const json_t *o, const char *key)
{
    return json_string_value(json_object_get(o, key));
}


static const char *
refuse(const json_t *r)
{
    json_t *what = json_object_get(r, "do");

    if (!json_is_object(r) || !known(r, rule_keys)) {
        return "a rule has match, times, do";
    }

    if (!json_is_object(what) || !known(what, do_keys)) {
        return "do: unknown member";
    }

    if (!known(json_object_get(r, "match"), match_keys)) {
        return "match: unknown member";
    }

    if (string(what, "act") != NULL
        && act_index(string(what, "act")) == sizeof(acts) / sizeof(acts[0]))
    {
        return "act: unknown name";
    }

    return NULL;
}


bool
td_script_kind(const char *name, td_kind *kind)
{
    size_t i;

    for (i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        if (strcmp(kinds[i].name, name) == 0) {
            *kind = kinds[i].kind;
            return true;
        }
    }

    return false;
}


bool
td_script_add(json_t *json, const char **error)
{
    rule    *r, **p;
    json_t  *times = json_object_get(json, "times");

    *error = refuse(json);
    if (*error != NULL) {
        return false;
    }

    r = td_alloc(sizeof(*r));
    r->json = json_incref(json);
    r->left = json_is_integer(times) ? json_integer_value(times) : 1;

    for (p = &rules; *p != NULL; p = &(*p)->next) { /* void */ }

    *p = r;
    return true;
}


void
td_script_reset(void)
{
    rule *r;

    while (rules != NULL) {
        r = rules;
        rules = r->next;
        json_decref(r->json);
        free(r);
    }
}


json_t *
td_script_list(void)
{
    rule    *r;
    json_t  *list = json_array();

    for (r = rules; r != NULL; r = r->next) {
        json_array_append_new(list,
                              json_pack("{s:O, s:I, s:I}", "rule", r->json,
                                        "left", (json_int_t) r->left,
                                        "hits", (json_int_t) r->hits));
    }

    return list;
}


static bool
has(const json_t *match, const char *key, const char *value)
{
    const char *want = string(match, key);

    return want == NULL || strstr(value, want) != NULL;
}


static bool
matches(const rule *r, const td_req *req, td_kind kind, const char *to,
    const char *text)
{
    size_t       i;
    json_t      *m = json_object_get(r->json, "match");
    const char  *want = string(m, "kind");

    for (i = 0; want != NULL && i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        if (kinds[i].kind == kind && strcmp(kinds[i].name, want) != 0) {
            return false;
        }
    }

    want = string(m, "path");
    return r->left != 0
           && (want == NULL || td_str_has(req->path, want))
           && has(m, "to", to) && has(m, "text", text);
}


static int64_t
integer(const json_t *o, const char *key)
{
    return json_integer_value(json_object_get(o, key));
}


static void
fill(json_t *what, td_act *act)
{
    size_t       i;
    json_t      *accept = json_object_get(what, "accept");
    const char  *name = string(what, "act");

    act->what = what;
    act->status = (int) integer(what, "status");
    act->code = integer(what, "code");
    act->delay_ms = integer(what, "delay_ms");
    act->drip_ms = integer(what, "drip_ms");
    act->body = json_object_get(what, "body");
    act->headers = json_object_get(what, "headers");
    act->statuses = json_object_get(what, "statuses");
    act->text = json_object_get(what, "text");
    act->statuses_first = json_is_true(json_object_get(what,
                                                       "statuses_first"));

    /* A rule that brings its own answer stands for a refusal. */
    act->accept = act->status == 0 && act->code == 0 && act->body == NULL;

    i = name != NULL ? act_index(name) : 0;
    if (name != NULL) {
        act->accept = acts[i].accept;
        act->end = acts[i].end;
        act->no_id = acts[i].no_id;
        act->bad_json = acts[i].bad_json;
        if (act->status == 0) {
            act->status = acts[i].status;
        }
    }

    if (accept != NULL) {
        act->accept = json_is_true(accept);
    }
}


bool
td_script_match(const td_req *req, td_kind kind, const char *to,
    const char *text, td_act *act)
{
    rule *r;

    *act = (td_act) { .accept = -1, .end = TD_END_ANSWER };

    for (r = rules; r != NULL; r = r->next) {
        if (!matches(r, req, kind, to, text)) {
            continue;
        }

        r->hits++;
        if (r->left > 0) {
            r->left--;
        }

        fill(json_object_get(r->json, "do"), act);
        return true;
    }

    return false;
}


static void
set_body(td_reply *r, const json_t *body)
{
    r->body.len = 0;
    if (json_is_string(body)) {
        td_buf_addz(&r->body, json_string_value(body));

    } else {
        td_buf_json(&r->body, body);
    }
}


void
td_script_apply(const td_act *act, td_reply *r)
{
    json_t      *v;
    const char  *k;

    r->end = act->end;
    r->drip_ms = act->drip_ms > 0 ? act->drip_ms : 5;

    if (act->code != 0) {
        td_graph_error(r, act->code, "scripted");
    }

    if (act->status != 0) {
        r->status = act->status;
        if (act->code == 0) {
            r->sse = false;
            r->body.len = 0;
            td_buf_addz(&r->body,
                        "{\"error\":{\"message\":\"scripted\","
                        "\"type\":\"server_error\"}}");
        }
    }

    if (act->body != NULL) {
        set_body(r, act->body);
    }

    if (act->bad_json) {
        r->body.len = 0;
        td_buf_addz(&r->body, "{\"messages\":[{\"id\":\"wamid.cut");
    }

    json_object_foreach(act->headers, k, v) {
        td_buf_printf(&r->headers, "%s: %s\r\n", k, json_string_value(v));
    }

    if (r->status == 429 && (act->status == 429 || act->code != 0)
        && r->headers.len == 0)
    {
        td_buf_addz(&r->headers, "Retry-After: 1\r\n");
    }
}
