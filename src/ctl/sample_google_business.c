/* Business Messages, as Google posted them until it closed the service on 31
 * July 2024: "UserMessage", "Receipts", signed over the raw body. */

#include "ctl/sample.h"

#include "ctl/plan.h"

#define FROM      "sim-conversation-1"
#define NAME      "Sim"
#define STATUSES  "delivered|read"


static const struct {
    const char  *name;        /* --type */
    const char  *text;        /* when --text is left out */
} types[] = {
    { "text",       "Hello" },
    { "suggestion", "Yes, please" },
    { "typing",     "" },
};

#define NTYPES  (sizeof(types) / sizeof(types[0]))


static const char *
kind(size_t i)
{
    return i < NTYPES ? types[i].name : NULL;
}


static cx_str
text_of(const ctl_sample *s)
{
    for (size_t i = 0; i < NTYPES; i++) {
        if (s->text.len == 0 && cx_str_eq(cx_strz(types[i].name), s->type)) {
            return cx_strz(types[i].text);
        }
    }

    return s->text;
}


/* "conversations/<id>/messages/<id>", as messages are named. */
static cx_str
name_of(ctl *c, const ctl_sample *s, cx_str message)
{
    return cx_printf(c->arena, "conversations/%.*s/messages/%.*s",
                     CX_ARG(s->from), CX_ARG(message));
}


static json_t *
message(ctl *c, const ctl_sample *s)
{
    json_t        *m = json_object();
    const cx_str   id = cx_concat(c->arena, CX_STR("SIM"), s->serial);

    if (cx_str_eq(s->type, CX_STR("typing"))) {
        json_object_set_new(m, "isTyping", json_true());

    } else if (cx_str_eq(s->type, CX_STR("suggestion"))) {
        ctl_sample_set(c, m, "message", name_of(c, s, s->of.len > 0 ? s->of
                                                                    : id));
        ctl_sample_set(c, m, "postbackData", CX_STR("yes-1"));
        ctl_sample_set(c, m, "text", text_of(s));
        ctl_sample_set(c, m, "type", CX_STR("REPLY"));

    } else {
        ctl_sample_set(c, m, "messageId", id);
        ctl_sample_set(c, m, "name", name_of(c, s, id));
        ctl_sample_set(c, m, "text", text_of(s));
    }

    return m;
}


static json_t *
receipt(ctl *c, const ctl_sample *s)
{
    json_t  *one = json_object();

    ctl_sample_set(c, one, "message", name_of(c, s, s->of));
    ctl_sample_set(c, one, "receiptType",
                   cx_str_eq(s->status, CX_STR("read")) ? CX_STR("READ")
                                                        : CX_STR("DELIVERED"));

    return json_pack("{s:[o]}", "receipts", one);
}


static char *
body(ctl *c, const ctl_sample *s)
{
    json_t  *doc = json_pack("{s:{s:{s:s}}}", "context", "userInfo",
                             "displayName", NAME);

    ctl_sample_set(c, doc, "agent", s->account);
    ctl_sample_set(c, doc, "conversationId", s->from);
    ctl_sample_set(c, doc, "requestId", cx_concat(c->arena, CX_STR("SIMR"),
                                                  s->serial));

    if (s->status.len > 0) {
        json_object_set_new(doc, "receipts", receipt(c, s));

    } else {
        json_object_set_new(doc,
                            cx_str_eq(s->type, CX_STR("typing"))
                            ? "userStatus"
                            : cx_str_eq(s->type, CX_STR("suggestion"))
                            ? "suggestionResponse" : "message",
                            message(c, s));
    }

    return ctl_sample_dump(doc);
}


static bool
sign(ctl *c, const ctl_sample *s, const ctl_key *key, ctl_post *post)
{
    (void) s;
    return ctl_post_mac(c, post, "X-Goog-Signature", cx_strz(post->body),
                        key->mac);
}


const ctl_flag  ctl_flags_google_business[] = {
    CTL_SAMPLE_FLAGS,
    CTL_FLAG_FROM("ID", "the conversation, " FROM " if nothing is said"),
    CTL_FLAG_STATUS(STATUSES),
    CTL_FLAG_OF,
    CTL_FLAG_HANDSHAKE,
    CTL_FLAGS_END
};

const ctl_type  ctl_type_google_business = {
    .name = "google_business",
    .kind = kind,
    .mac = CX_MAC_SHA512,
    .from = FROM,
    .body = body,
    .sign = sign,
    .handshake = ctl_google_handshake,
};
