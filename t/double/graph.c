#include "double.h"

#include <stdlib.h>
#include <string.h>

/* Codes the Graph API answers with another status than 400. */
static const struct {
    int64_t      code;
    int          http;
    const char  *message;
} errors[] = {
    /* code     http  message */
    { 0,        401, "AuthException" },
    { 1,        503, "API Unknown" },
    { 2,        503, "API Service" },
    { 3,        500, "API Method" },
    { 4,        400, "API Too Many Calls" },
    { 10,       403, "Permission Denied" },
    { 33,       400, "Parameter value is not valid" },
    { 100,      400, "Invalid parameter" },
    { 190,      401, "Access token has expired" },
    { 200,      403, "Permission Denied" },
    { 551,      400, "This person isn't available right now" },
    { 613,      400, "Calls to this api have exceeded the rate limit" },
    { 1200,     400, "Temporary send message failure" },
    { 368,      403, "Temporarily blocked for policies violations" },
    { 80007,    400, "Rate limit issues" },
    { 130429,   400, "Rate limit hit" },
    { 130472,   400, "User's number is part of an experiment" },
    { 130497,   403, "Business account is restricted" },
    { 131000,   500, "Something went wrong" },
    { 131005,   403, "Access denied" },
    { 131008,   400, "Required parameter is missing" },
    { 131009,   400, "Parameter value is not valid" },
    { 131016,   500, "Service unavailable" },
    { 131021,   400, "Recipient cannot be sender" },
    { 131026,   400, "Message undeliverable" },
    { 131030,   400, "Recipient phone number not in allowed list" },
    { 131031,   403, "Account has been locked" },
    { 131042,   400, "Business eligibility payment issue" },
    { 131047,   400, "Re-engagement message" },
    { 131048,   400, "Spam rate limit hit" },
    { 131049,   400, "Meta chose not to deliver" },
    { 131050,   400, "User stopped marketing messages" },
    { 131051,   400, "Unsupported message type" },
    { 131056,   400, "Pair rate limit hit" },
    { 131057,   500, "Account in maintenance mode" },
    { 132001,   404, "Template does not exist" },
    { 133004,   503, "Server temporarily unavailable" },
    { 133016,   400, "Account register limit exceeded" }
};

typedef struct {
    td_conn         *c;
    const td_entry  *entry;
    json_t          *statuses;     /* words, to be posted first */
    size_t           posted;
} pending;


void
td_graph_error(td_reply *r, int64_t code, const char *details)
{
    size_t       i;
    json_t      *body;
    const char  *message = "Error";

    r->status = 400;
    for (i = 0; i < sizeof(errors) / sizeof(errors[0]); i++) {
        if (errors[i].code == code) {
            r->status = errors[i].http;
            message = errors[i].message;
        }
    }

    body = json_pack("{s:{s:s, s:s, s:I, s:{s:s, s:s}, s:s}}",
                     "error", "message", message, "type", "OAuthException",
                     "code", (json_int_t) code, "error_data",
                     "messaging_product", "whatsapp", "details", details,
                     "fbtrace_id", "A_double");
    r->body.len = 0;
    td_buf_json(&r->body, body);
    json_decref(body);
}


/* What a person would read of it, by type. */
static const char *
text_of(const json_t *body, const char *type)
{
    static const struct {
        const char  *type;
        const char  *path[3];
    } texts[] = {
        { "text",        { "body" } },
        { "interactive", { "body", "text" } },
        { "template",    { "name" } },
        { "reaction",    { "emoji" } },
        { "location",    { "name" } },
    };

    size_t         i, k;
    const char    *const caption[] = { "caption", NULL };
    const char    *const *path = caption;
    const json_t  *v = json_object_get(body, type);

    for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        if (strcmp(texts[i].type, type) == 0) {
            path = texts[i].path;
        }
    }

    for (k = 0; path[k] != NULL; k++) {
        v = json_object_get(v, path[k]);
    }

    return json_is_string(v) ? json_string_value(v) : "";
}


static const char *
string(const json_t *o, const char *key)
{
    const char *s = json_string_value(json_object_get(o, key));

    return s != NULL ? s : "";
}


/* The phone number id stands before "/messages". */
static char *
account_of(td_str path)
{
    size_t end = path.len - (sizeof("/messages") - 1), p = end;

    while (p > 0 && path.p[p - 1] != '/') {
        p--;
    }

    return td_dup(path.p + p, end - p);
}


static void
accepted_body(td_reply *r, const td_send *s, const td_entry *e)
{
    json_t      *body;
    const char  *wa_id = e->to[0] == '+' ? e->to + 1 : e->to;

    if (s->object != NULL) {
        body = json_pack("{s:s, s:s}", "recipient_id", e->to, "message_id",
                         e->wamid);

    } else {
        body = json_pack("{s:s, s:[{s:s, s:s}], s:[{s:s}]}",
                         "messaging_product", "whatsapp", "contacts",
                         "input", e->to, "wa_id", wa_id,
                         "messages", "id", e->wamid);
    }

    td_buf_json(&r->body, body);
    json_decref(body);
}


void
td_post_statuses(const td_entry *e, const json_t *words)
{
    size_t       i, n = json_array_size(words);
    const char  *p, *end;
    char        *word;

    for (i = 0; i < n; i++) {
        td_hook_status(e, json_string_value(json_array_get(words, i)), NULL,
                       NULL);
    }

    if (words != NULL || strcmp(td.statuses, "none") == 0) {
        return;
    }

    for (p = td.statuses; *p != '\0'; p = *end == ',' ? end + 1 : end) {
        end = p + strcspn(p, ",");
        word = td_dup(p, (size_t) (end - p));
        td_hook_status(e, word, NULL, NULL);
        free(word);
    }
}


static void
finish(pending *p)
{
    td_conn_answer(p->c);
    if (p->posted == 0) {
        td_post_statuses(p->entry, p->statuses);
    }

    json_decref(p->statuses);
    free(p);
}


/* One status after the other, then the answer. */
static void
statuses_first(void *ctx)
{
    pending     *p = ctx;
    const char  *word;

    if (p->posted == json_array_size(p->statuses)) {
        finish(p);
        return;
    }

    word = json_string_value(json_array_get(p->statuses, p->posted));
    p->posted++;
    td_hook_status(p->entry, word, statuses_first, p);
}


static void
on_disk(void *ctx)
{
    finish(ctx);
}


static void
accept_send(td_conn *c, const td_act *act, const td_send *s)
{
    td_fn         fn = on_disk;
    char         *account = account_of(td_conn_req(c)->path);
    pending      *p = td_alloc(sizeof(*p));
    td_reply     *r = td_conn_reply(c);

    p->c = c;
    p->statuses = json_incref(act->statuses);
    if (act->statuses_first) {
        fn = statuses_first;
    }

    p->entry = td_ledger_add(s->kind, account, s->to, s->text, s->intent,
                             s->reply_to, fn, p);
    td_ledger_object(p->entry, s->object);
    free(account);
    td.count.accepted++;

    accepted_body(r, s, p->entry);
    if (act->no_id) {
        r->body.len = 0;
        td_buf_addz(&r->body, "{\"messaging_product\":\"whatsapp\"}");
    }

    td_script_apply(act, r);
}


static void
whatsapp_read(const json_t *body, td_send *s)
{
    s->kind = string(body, "type");
    s->to = string(body, "to");
    s->text = text_of(body, s->kind);
    s->intent = string(body, "biz_opaque_callback_data");

    if (*s->to == '\0') {
        s->to = string(body, "recipient");
    }

    (void) json_unpack((json_t *) (uintptr_t) body, "{s:{s:s}}", "context",
                       "message_id", &s->reply_to);

    if (strcmp(string(body, "messaging_product"), "whatsapp") != 0
        || *s->kind == '\0' || *s->to == '\0')
    {
        s->wrong = "not a message";
    }
}


void
td_graph(td_conn *c, td_kind kind, json_t *body)
{
    bool         scripted;
    td_act       act;
    td_send      s = { .kind = "", .to = "", .text = "", .intent = "",
                       .reply_to = "" };
    td_reply    *r = td_conn_reply(c);

    if (kind == TD_KIND_SEND) {
        td.count.sends++;

    } else {
        td.count.receipts++;
    }

    if (json_is_object(json_object_get(body, "recipient"))) {
        td_page_read(td_conn_req(c), body, &s);

    } else {
        whatsapp_read(body, &s);
    }

    scripted = td_script_match(td_conn_req(c), kind, s.to, s.text, &act);
    r->delay_ms = act.delay_ms;

    if (td_conn_req(c)->auth.len == 0) {
        td_graph_error(r, 0, "no access token");

    } else if (s.wrong != NULL && (kind == TD_KIND_SEND || s.object != NULL))
    {
        td_graph_error(r, 100, s.wrong);

    } else if (kind == TD_KIND_SEND && (!scripted || act.accept == 1)) {
        accept_send(c, &act, &s);
        return;

    } else if (s.object != NULL) {
        td_buf_printf(&r->body, "{\"recipient_id\":\"%s\"}", s.to);
        td_script_apply(&act, r);

    } else {
        td_buf_addz(&r->body, "{\"success\":true}");
        td_script_apply(&act, r);
    }

    td_conn_answer(c);
}
