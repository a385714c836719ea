/* The commands that show more than one answer of the API as it is. */

#include "ctl/client.h"

#include "core/http.h"

#include <stdio.h>
#include <string.h>


/* --- channels ------------------------------------------------------------ */

ctl_exit
ctl_run_channel_url(ctl *c)
{
    const ctl_value  *base = ctl_value_of(c, "base");
    json_t           *channel;
    cx_str            url = base->text;
    ctl_exit          rc = ctl_get(c, ctl_path(c), &channel);

    if (rc != CTL_OK) {
        return rc;
    }

    while (cx_str_ends(url, CX_STR("/"))) {
        url.len--;
    }

    printf("%.*s%s\n", CX_ARG(url), ctl_text(channel, "webhook_path"));

    if (!base->set) {
        ctl_hint(c, "this is the path at the edge: --base "
                 "https://edge.example.com makes it a URL");
    }

    json_decref(channel);
    return CTL_OK;
}


/* --- conversations ------------------------------------------------------- */

static void
print_line(ctl *c, json_t *m)
{
    cx_str  at = ctl_cell(c, m, "received_at");
    bool    ours = strcmp(ctl_text(m, "direction"), "outbound") == 0
                   || strcmp(ctl_text(m, "direction"), "out") == 0;

    if (cx_str_eq(at, CX_STR("-"))) {
        at = ctl_cell(c, m, "created_at");
    }

    printf("%.*s  %-9.*s %-10.*s %.*s\n", CX_ARG(at),
           CX_ARG(ctl_cell(c, m, "author")),
           CX_ARG(ours ? ctl_cell(c, m, "state")
                       : ctl_cell(c, m, "content")),
           CX_ARG(ctl_cell(c, m, "text")));
}


static void
print_conversation(ctl *c, json_t *conversation, json_t *messages)
{
    json_t  *both, *m;
    size_t   i;

    if (c->output == CTL_OUT_NAME) {
        ctl_print_object(c, conversation);
        return;
    }

    if (c->output != CTL_OUT_TABLE) {
        both = json_pack("{s:O,s:O}", "conversation", conversation, "messages",
                         json_object_get(messages, "data"));
        ctl_print_json(c, both);
        json_decref(both);
        return;
    }

    printf("%s  %s  %s  %s\n\n", ctl_text(conversation, "id"),
           ctl_text(conversation, "channel"),
           ctl_text(conversation, "display"),
           ctl_text(conversation, "state"));

    json_array_foreach(json_object_get(messages, "data"), i, m) {
        print_line(c, m);
    }

    if (ctl_text(messages, "next_cursor")[0] != '\0') {
        ctl_hint(c, "there is more: --cursor %s",
                 ctl_text(messages, "next_cursor"));
    }
}


ctl_exit
ctl_run_conversation_show(ctl *c)
{
    json_t    *conversation, *messages;
    cx_str     page = ctl_path(c), path, id;
    ctl_exit   rc;

    id = cx_url_encode(c->arena, c->args[0]);
    path = cx_printf(c->arena, "/api/v1/conversations/%.*s", CX_ARG(id));
    page = cx_str_sub(page, path.len, page.len);

    rc = ctl_get(c, path, &conversation);
    if (rc != CTL_OK) {
        return rc;
    }

    path = cx_printf(c->arena, "%.*s/messages%.*s", CX_ARG(path),
                     CX_ARG(page));
    rc = ctl_get(c, path, &messages);

    if (rc == CTL_OK) {
        print_conversation(c, conversation, messages);
        json_decref(messages);
    }

    json_decref(conversation);
    return rc;
}


/* --- version ------------------------------------------------------------- */

ctl_exit
ctl_run_version(ctl *c)
{
    json_t      *doc = NULL, *both;
    const char  *worker = NULL;

    if (ctl_try(c, CX_STR("/api/v1/status"), &doc) == 200) {
        worker = ctl_text(doc, "version");
    }

    if (c->output == CTL_OUT_TABLE || c->output == CTL_OUT_NAME) {
        printf("connextctl %s\n", CTL_VERSION);
        printf("connext-worker %s\n",
               worker != NULL ? worker : "(not reached)");

    } else {
        both = json_pack("{s:s,s:s?}", "connextctl", CTL_VERSION,
                         "connext_worker", worker);
        ctl_print_json(c, both);
        json_decref(both);
    }

    json_decref(doc);
    return CTL_OK;
}
