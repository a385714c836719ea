/*
 * What `connextctl simulate TYPE` knows of a channel's provider: the
 * deliveries it makes, how it signs them, how it asks for the handshake.
 *
 * To add a type:
 *
 * 1. A line in CTL_TYPES: name, and what its help says.
 * 2. A file sample_NAME.c with `const ctl_type ctl_type_NAME` and the flags
 *    `const ctl_flag ctl_flags_NAME[]`: CTL_SAMPLE_FLAGS, then its own.
 * 3. body makes the document, sign adds the headers (and may change body or
 *    query); sign also runs over a body that --file gave.
 * 4. A block in t/e2e/ctl.t: every --type is accepted with the right secret
 *    and by nobody with a wrong one; a line in docs/connextctl.md.
 */

#ifndef CX_CTL_SAMPLE_H
#define CX_CTL_SAMPLE_H

#include "core/mac.h"
#include "ctl/deliver.h"

/* An identifier, which is also the type in nginx.conf. */
#define CTL_TYPES(X)                                                         \
    X(whatsapp, "post a signed webhook to an edge, as Meta would")            \
    X(twilio, "the same, as Twilio would: SMS, or WhatsApp by --account")    \
    X(instagram, "the same, for Instagram")                                  \
    X(messenger, "the same, for a Facebook page")                            \
    X(rcs, "the same, as Google would for RCS for Business")                 \
    X(google_business, "the same, as Google did for Business Messages")      \
    X(mailgun, "the same, for e-mail by Mailgun")                            \
    X(sendgrid, "the same, for e-mail by SendGrid")                          \
    X(postmark, "the same, for e-mail by Postmark")                          \
    X(ses, "the same, for e-mail by Amazon SES and SNS")                     \
    X(webchat, "write to a website chat, as its page would")

typedef struct {
    cx_str   slug;          /* the channel's name at the edge */
    cx_str   account;       /* provider's id of our side */
    cx_str   from;          /* the customer; may be empty */
    size_t   customer;      /* which of many (--count); else 0 */
    cx_str   type;          /* of the message, one of the type's kinds */
    cx_str   status;        /* empty: a message */
    cx_str   text;          /* body, caption, title; empty: a made-up one */
    cx_str   serial;        /* unlike any other: to make ids of */
    cx_str   of;            /* message it answers, or a status speaks of */
    cx_str   tag;           /* our own data that a status brings back */
    int64_t  error;         /* code of a failed status, 0: the usual one */
    int64_t  now_s;
    /* What the provider calls: --public-url, if it has a path, else with the
     * target; without the flag the edge's own.  No query. */
    cx_str   url;
} ctl_sample;

typedef struct {
    cx_str   secret;        /* content of --secret-file */
    cx_mac  *mac;           /* keyed with it, unless the type is no_mac */
} ctl_key;

typedef struct {
    const char  *name;
    const char  *family;        /* type in the API; NULL: name */

    /* --type number i, NULL behind the last; the first is the usual one. */
    const char *(*kind)(size_t i);

    cx_mac_alg   mac;
    bool         no_mac;        /* the secret is no key of a MAC */
    const char  *wrong;         /* secret for --bad-signature; NULL: a text */
    long         refused;       /* HTTP status of a bad one; 0: 401 */

    /* The target is folder, slug, leaf; NULL: "/hooks/" and none. */
    const char  *folder;
    const char  *leaf;
    const char  *content_type;  /* NULL: application/json */
    const char  *from;          /* the usual customer */

    /* May be NULL: flags of its own, --from.  Prints its error; may rewrite
     * the sample. */
    ctl_exit   (*check)(ctl *c, ctl_sample *s);
    /* The body, malloc'd.  NULL: a value is not UTF-8. */
    char      *(*body)(ctl *c, const ctl_sample *s);
    /* May be NULL.  Query and headers also of one that is not signed. */
    void       (*target)(ctl *c, const ctl_sample *s, ctl_post *post);
    /* MUST.  post->body is there; adds to headers and query. */
    bool       (*sign)(ctl *c, const ctl_sample *s, const ctl_key *key,
        ctl_post *post);
    /* May be NULL.  The request (post->url is not set) and the body that a
     * 200 must have; word is to come back. */
    bool       (*handshake)(ctl *c, cx_str token, cx_str word,
        ctl_post *post, cx_str *answer);
} ctl_type;

#define X(name, help)  extern const ctl_type  ctl_type_##name;               \
                       extern const ctl_flag  ctl_flags_##name[];
CTL_TYPES(X)
#undef X

/* The type of `simulate NAME`; never NULL for a command of the table. */
const ctl_type *ctl_type_of(const ctl *c);
bool ctl_type_has(const ctl_type *t, cx_str kind);
void ctl_type_print_kinds(const ctl_type *t);

/* --- what the types share ------------------------------------------------ */

/* "Name: " and the text, as a header line; false: no room left. */
bool ctl_post_header(ctl *c, ctl_post *post, const char *name, cx_str value);
/* Customer n of many, as from is the first: digits at the end count on, before
 * an '@' or at the end others get a number. */
cx_str ctl_sample_other(ctl *c, cx_str from, size_t n);
/* A header with the MAC of those bytes, in base64. */
bool ctl_post_mac(ctl *c, ctl_post *post, const char *name, cx_str bytes,
    cx_mac *mac);
/* Google's POST; the client token is the verify token. */
bool ctl_google_handshake(ctl *c, cx_str token, cx_str word, ctl_post *post,
    cx_str *answer);
/* As one line of JSON in ASCII, malloc'd; takes doc over, NULL stays NULL. */
char *ctl_sample_dump(json_t *doc);
/* Left out when it is empty. */
void ctl_sample_set(ctl *c, json_t *object, const char *key, cx_str value);

/* --- flags --------------------------------------------------------------- */

#define CTL_FLAGS_END  { NULL, 0, CTL_SWITCH, CTL_OWN, NULL, NULL }

/* Of all types. */
#define CTL_SAMPLE_FLAGS                                                     \
    { "edge", 0, CTL_TEXT, CTL_OWN, "URL",                                   \
      "default http://127.0.0.1:8080 (CONNEXT_EDGE); needs --yes when it "   \
      "is not this machine" },                                               \
    { "channel", 0, CTL_TEXT, CTL_OWN, "SLUG",                               \
      "default: the only channel of that type" },                            \
    { "account", 0, CTL_TEXT, CTL_OWN, "ID",                                 \
      "the provider's id of our side; default: the channel's" },             \
    { "secret-file", 0, CTL_TEXT, CTL_OWN, "FILE",                           \
      "the secret that signs (CONNEXT_SECRET_FILE)" },                       \
    { "text", 0, CTL_TEXT, CTL_OWN, "TEXT", "what the customer writes" },    \
    { "type", 0, CTL_TEXT, CTL_OWN, "TYPE",                                  \
      "of the message; --list names them" },                                 \
    { "list", 0, CTL_SWITCH, CTL_OWN, NULL, "the message types" },           \
    { "file", 0, CTL_TEXT, CTL_OWN, "FILE", "send this body instead" },      \
    { "bad-signature", 0, CTL_SWITCH, CTL_OWN, NULL,                         \
      "signed with a wrong key: done when the edge says 401" },              \
    { "no-signature", 0, CTL_SWITCH, CTL_OWN, NULL,                          \
      "not signed: done when the edge says 401" },                           \
    { "duplicate", 0, CTL_INT, CTL_OWN, "1..100",                            \
      "post each delivery that many more times" },                           \
    { "burst", 0, CTL_INT, CTL_OWN, "1..1000",                               \
      "that many messages of one customer, in order" },                      \
    { "count", 0, CTL_INT, CTL_OWN, "1..10000",                              \
      "that many messages, each of another customer" },                      \
    { "concurrency", 0, CTL_INT, CTL_OWN, "1..256",                          \
      "connections for --count, default 1" },                                \
    { "wait", 0, CTL_MAYBE, CTL_OWN, "reply|queued",                         \
      "until it is answered; prints the timeline (20s, see --timeout)" }

/* Of those that have them. */
#define CTL_FLAG_FROM(value, help)                                           \
    { "from", 0, CTL_TEXT, CTL_OWN, value, help }
#define CTL_FLAG_STATUS(statuses)                                            \
    { "status", 0, CTL_CHOICE, CTL_OWN, statuses,                            \
      "a delivery status instead, of --of" }
#define CTL_FLAG_OF                                                          \
    { "of", 0, CTL_TEXT, CTL_OWN, "ID",                                      \
      "the message a status, reply or reaction speaks of" }
#define CTL_FLAG_ERROR(help)                                                 \
    { "error", 0, CTL_INT, CTL_OWN, "CODE", help }
#define CTL_FLAG_TAG(help)                                                   \
    { "tag", 0, CTL_TEXT, CTL_OWN, "TAG", help }
#define CTL_FLAG_HANDSHAKE                                                   \
    { "verify-token-file", 0, CTL_TEXT, CTL_OWN, "FILE",                     \
      "does the handshake instead" }
#define CTL_FLAG_PUBLIC_URL                                                  \
    { "public-url", 0, CTL_TEXT, CTL_OWN, "URL",                             \
      "as in nginx.conf (CONNEXT_PUBLIC_URL); default: the edge's own" }

#endif /* CX_CTL_SAMPLE_H */
