/* The website chat: what a visitor's page posts.  The channel's secret makes
 * the visitor's token, so that no session has to be opened first. */

#include "ctl/sample.h"

#include "core/session.h"
#include "ctl/plan.h"

#include <stdlib.h>
#include <string.h>

#define FROM      "00000000000000000000000000000001"
#define STATUSES  "read"
#define LIFE_S    300


static const struct {
    const char  *name;        /* --type */
    const char  *text;        /* when --text is left out */
    const char  *payload;
} types[] = {
    { "text",   "Hello",       NULL },
    { "button", "Yes, please", "yes-1" },
    { "typing", NULL,          NULL },
};

#define NTYPES  (sizeof(types) / sizeof(types[0]))


static const char *
kind(size_t i)
{
    return i < NTYPES ? types[i].name : NULL;
}


static char *
body(ctl *c, const ctl_sample *s)
{
    json_t  *doc = json_object();

    if (s->status.len > 0) {
        ctl_sample_set(c, doc, "type", s->status);
        ctl_sample_set(c, doc, "id", s->of);
        return ctl_sample_dump(doc);
    }

    for (size_t i = 0; i < NTYPES; i++) {
        if (!cx_str_eq(cx_strz(types[i].name), s->type)) {
            continue;
        }

        if (types[i].text == NULL) {
            ctl_sample_set(c, doc, "type", s->type);
            continue;
        }

        ctl_sample_set(c, doc, "id", cx_concat(c->arena, CX_STR("sim-"),
                                               s->serial));
        ctl_sample_set(c, doc, "text", s->text.len > 0
                                       ? s->text : cx_strz(types[i].text));
        ctl_sample_set(c, doc, "payload", cx_strz(types[i].payload));
        ctl_sample_set(c, doc, "reply_to", s->of);
    }

    return ctl_sample_dump(doc);
}


/* The session's id, or "u:" and the user's. */
static ctl_exit
check(ctl *c, ctl_sample *s)
{
    uint8_t  id[CX_SESSION_ID_LEN / 2];

    if ((cx_str_starts(s->from, CX_STR("u:")) && s->from.len > 2
         && s->from.len <= CX_SESSION_PEER_MAX)
        || cx_hex_decode(s->from, id, sizeof(id)))
    {
        return CTL_OK;
    }

    return ctl_fail(c, CTL_USAGE, NULL, "--from wants u:ID of a known "
                    "visitor, or the 32 hex digits of a session");
}


/* The page's origin, as a browser would say it: scheme, host, port. */
static cx_str
origin_of(ctl *c, const ctl_sample *s)
{
    const size_t  at = cx_str_find(s->url, CX_STR("://"));
    const cx_str  rest = cx_str_sub(s->url, at != SIZE_MAX ? at + 3 : 0,
                                    s->url.len);
    const size_t  host = cx_str_find_byte(rest, '/');

    return ctl_own(c, "origin",
                   cx_str_sub(s->url, 0, s->url.len - rest.len
                              + (host != SIZE_MAX ? host : rest.len)));
}


static void
target(ctl *c, const ctl_sample *s, ctl_post *post)
{
    (void) ctl_post_header(c, post, "Origin", origin_of(c, s));
}


static bool
sign(ctl *c, const ctl_sample *s, const ctl_key *key, ctl_post *post)
{
    const cx_session  who = {
        .channel = s->slug,
        .peer = s->from,
        .scope = CX_STR("chat"),
        .issued_s = s->now_s,
        .expires_s = s->now_s + LIFE_S,
    };
    const cx_str      token = cx_session_issue(key->mac, &who, c->arena);

    return token.len > 0
           && ctl_post_header(c, post, "Authorization",
                              cx_concat(c->arena, CX_STR("Bearer "), token));
}


const ctl_flag  ctl_flags_webchat[] = {
    CTL_SAMPLE_FLAGS,
    CTL_FLAG_FROM("ID", "a session's 32 hex digits, or u:ID of a visitor "
                  "that the site knows"),
    { "origin", 0, CTL_TEXT, CTL_OWN, "URL",
      "of the page, as in allow_origin; default: the edge's own" },
    CTL_FLAG_STATUS(STATUSES),
    CTL_FLAG_OF,
    CTL_FLAGS_END
};

const ctl_type  ctl_type_webchat = {
    .name = "webchat",
    .kind = kind,
    .mac = CX_MAC_SHA256,
    .folder = "/chat/",
    .leaf = "/messages",
    .from = FROM,
    .check = check,
    .body = body,
    .target = target,
    .sign = sign,
};
