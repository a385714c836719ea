#include "double.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/*
 * The RCS for Business API and the token endpoint.  A message id that was
 * there before is ignored, as Google says: the ledger shows it once.
 */

static struct {
    char    **items;
    size_t    n;
    size_t    room;
} seen;


static bool
seen_before(const char *id)
{
    size_t i;

    for (i = 0; i < seen.n; i++) {
        if (strcmp(seen.items[i], id) == 0) {
            return true;
        }
    }

    if (seen.n == seen.room) {
        seen.room = seen.room > 0 ? 2 * seen.room : 64;
        seen.items = realloc(seen.items, seen.room * sizeof(*seen.items));
        if (seen.items == NULL) {
            abort();
        }
    }

    seen.items[seen.n++] = td_dup(id, strlen(id));
    return false;
}


/* The part of the path after "/phones/", without its percent signs. */
static char *
phone_of(td_str path)
{
    size_t       n = 0;
    const char  *p = memmem(path.p, path.len, "/phones/", 8);
    const char  *end = path.p + path.len;
    char        *out = td_alloc(path.len + 1);

    for (p = p != NULL ? p + 8 : end; p < end && *p != '/'; p++) {
        if (end - p > 2 && p[0] == '%' && p[1] == '2' && p[2] == 'B') {
            out[n++] = '+';
            p += 2;

        } else {
            out[n++] = *p;
        }
    }

    out[n] = '\0';
    return out;
}


static char *
parameter(td_str query, const char *name)
{
    size_t       len = strlen(name);
    const char  *p = query.p, *end = query.p + query.len, *stop;

    while (p < end) {
        stop = memchr(p, '&', (size_t) (end - p));
        stop = stop != NULL ? stop : end;

        if ((size_t) (stop - p) > len && memcmp(p, name, len) == 0
            && p[len] == '=')
        {
            return td_dup(p + len + 1, (size_t) (stop - p) - len - 1);
        }

        p = stop + 1;
    }

    return td_dup("", 0);
}


static void
error(td_reply *r, int status, const char *word, const char *message)
{
    r->status = status;
    td_buf_printf(&r->body, "{\"error\":{\"code\":%d,\"message\":\"%s\","
                  "\"status\":\"%s\"}}", status, message, word);
}


static void
answer(void *ctx)
{
    td_conn_answer(ctx);
}


static const char *
text_of(const json_t *body)
{
    const char *s = "";

    if (json_unpack((json_t *) (uintptr_t) body, "{s:{s:s}}",
                    "contentMessage", "text", &s) != 0)
    {
        (void) json_unpack((json_t *) (uintptr_t) body,
                           "{s:{s:{s:{s:{s:s}}}}}", "contentMessage",
                           "richCard", "standaloneCard", "cardContent",
                           "description", &s);
    }

    return s;
}


static void
message(td_conn *c, const td_act *act, const json_t *body, const char *phone)
{
    char      *agent = parameter(td_conn_req(c)->query, "agentId");
    char      *id = parameter(td_conn_req(c)->query, "messageId");
    td_reply  *r = td_conn_reply(c);

    if (*id == '\0' || *agent == '\0'
        || json_object_get(body, "contentMessage") == NULL)
    {
        error(r, 400, "INVALID_ARGUMENT", "no message");
        td_conn_answer(c);

    } else if (seen_before(id)) {
        td_buf_printf(&r->body, "{\"name\":\"phones/%s/agentMessages/%s\"}",
                      phone, id);
        td_conn_answer(c);

    } else {
        td_buf_printf(&r->body, "{\"name\":\"phones/%s/agentMessages/%s\"}",
                      phone, id);
        td.count.accepted++;
        td_ledger_add("text", agent, phone, text_of(body), id, "", answer, c);
        td_script_apply(act, r);
    }

    free(agent);
    free(id);
}


void
td_google(td_conn *c, td_kind kind, json_t *body)
{
    bool       scripted;
    char      *phone = phone_of(td_conn_req(c)->path);
    td_act     act = { 0 };
    td_reply  *r = td_conn_reply(c);

    scripted = td_script_match(td_conn_req(c), kind, phone, text_of(body),
                               &act);
    r->delay_ms = act.delay_ms;

    if (kind == TD_KIND_SEND) {
        td.count.sends++;

    } else {
        td.count.receipts++;
    }

    if (!td_str_is(td_conn_req(c)->auth, "Bearer ya29.double")) {
        error(r, 401, "UNAUTHENTICATED", "no valid token");
        td_conn_answer(c);

    } else if (kind == TD_KIND_SEND && (!scripted || act.accept == 1)) {
        message(c, &act, body, phone);

    } else {
        td_buf_addz(&r->body, "{}");
        td_script_apply(&act, r);
        td_conn_answer(c);
    }

    free(phone);
}


/* The assertion's form is checked, not its signature: the double has no key.
 */
void
td_google_token(td_conn *c)
{
    td_act     act;
    td_req    *req = td_conn_req(c);
    td_reply  *r = td_conn_reply(c);

    if (td_script_match(req, TD_KIND_OTHER, "", "", &act)) {
        r->delay_ms = act.delay_ms;
        td_script_apply(&act, r);

    } else if (!td_str_has(req->body, "jwt-bearer&assertion=eyJ")) {
        r->status = 400;
        td_buf_addz(&r->body, "{\"error\":\"invalid_grant\"}");

    } else {
        td_buf_addz(&r->body, "{\"access_token\":\"ya29.double\","
                    "\"expires_in\":3599,\"token_type\":\"Bearer\"}");
    }

    td_conn_answer(c);
}
