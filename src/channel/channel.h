/*
 * A channel is a table of pure functions from bytes to structs and back: no
 * socket, clock, file, environment, nginx or curl.  One object file serves
 * nginx and the worker.  A new channel is one file with one cx_channel, a
 * line in registry.c, its folder in t/cases and its page in docs.
 *
 * All views an adapter returns point into its input or into the arena given.
 */

#ifndef CX_CHANNEL_CHANNEL_H
#define CX_CHANNEL_CHANNEL_H

#include "core/http.h"
#include "core/mac.h"
#include "core/msg.h"

/* --- inbound ------------------------------------------------------------- */

#define CX_SECRETS_MAX  4

/* Our side of a channel at the edge.  Owned by whoever configured it. */
typedef struct {
    cx_str   name;                       /* slug */
    cx_mac  *secrets[CX_SECRETS_MAX];    /* current first, then previous */
    size_t   nsecrets;
    cx_str   verify_token;
    int64_t  now_ms;                     /* set by the caller, per request */
} cx_account;

/* What verify proved: the very bytes the sender signed. */
typedef struct {
    cx_str    bytes;
    unsigned  secret;                    /* index of the secret that matched */
} cx_proven;

typedef enum {
    CX_RECEIVED_CHALLENGE,               /* answer 200 with `challenge` */
    CX_RECEIVED_EVENTS
} cx_received_kind;

typedef struct {
    cx_received_kind  kind;
    cx_str            challenge;
    cx_msgs           msgs;              /* may be empty: nothing to do */
    unsigned          secret;
    /* Some item was unreadable: the good ones are in msgs, the whole body
     * belongs into quarantine as well. */
    bool              partial;
} cx_received;

/* --- outbound ------------------------------------------------------------ */

/* What is to be said.  kind: "text", or "read" (receipt, with typing). */
typedef struct {
    cx_str  kind;
    cx_str  to;             /* the peer the message came from */
    cx_str  to_alt;
    cx_str  text;
    cx_str  reply_to;       /* provider's message id; also what "read" marks */
    cx_str  intent;         /* ours; comes back as evidence of the send */
    bool    typing;
} cx_out;

/* Our side of a channel at the sender. */
typedef struct {
    cx_str  account;        /* provider's id of our side */
    cx_str  token;          /* access token */
    cx_str  base_url;       /* without trailing slash; empty: the provider's */
} cx_sender;

/*    name             what it means, what the worker does                    */
#define CX_VERDICTS(X)                                                         \
    X(ACCEPTED,    "accepted")     /* has the provider's id                  */ \
    X(REFUSED,     "refused")      /* permanent: dead letter                 */ \
    X(RETRY,       "retry")        /* proved not accepted, transient         */ \
    X(RATE_LIMIT,  "rate_limited") /* proved not accepted, wait              */ \
    X(REAUTHORIZE, "reauthorize")  /* token or permission: stop the channel  */ \
    X(AMBIGUOUS,   "ambiguous")    /* may have been accepted: reconcile      */

typedef enum {
#define X(name, word)  CX_VERDICT_##name,
    CX_VERDICTS(X)
#undef X
    CX_VERDICT_COUNT
} cx_verdict;

const char *cx_verdict_word(cx_verdict v);

typedef struct {
    cx_verdict  verdict;
    cx_str      provider_id;     /* ACCEPTED */
    int64_t     code;            /* provider's error code, 0 if none */
    cx_str      text;            /* provider's error text, never the message */
    int64_t     wait_ms;         /* RATE_LIMIT, RETRY: hint, 0 if none */
} cx_judgement;

/* --- the adapter --------------------------------------------------------- */

typedef struct {
    const char  *name;           /* "whatsapp": the type in nginx.conf, API */
    cx_mac_alg   mac;
    bool         needs_token;    /* a verify token is required */
    size_t       max_body;       /* bytes the provider may send */
    size_t       max_text;       /* code points of one outbound text */

    /* Request headers verify needs, NULL-terminated, lower case. */
    const char *const  *headers;

    /* May be NULL: no challenge.  CX_OK: *answer is the body of a 200. */
    cx_err (*handshake)(const cx_account *acct, const cx_http_req *req,
        cx_arena *a, cx_str *answer);
    /* MUST.  Writes *proven only on CX_OK. */
    cx_err (*verify)(const cx_account *acct, const cx_http_req *req,
        cx_arena *a, cx_proven *proven);
    /* MUST.  CX_MALFORMED: nothing readable.  Sets in->msgs, in->partial. */
    cx_err (*parse)(const cx_account *acct, cx_proven proven, cx_arena *a,
        cx_received *in);

    /* Builds the request of one send.  CX_INVALID: this kind cannot be. */
    cx_err (*build)(const cx_sender *from, const cx_out *out, cx_arena *a,
        cx_http_req *req);
    /* Classifies an answer.  res->status 0 never comes here. */
    void (*judge)(const cx_http_res *res, cx_arena *a, cx_judgement *j);
} cx_channel;

/* NULL when there is no such type. */
const cx_channel *cx_channel_find(cx_str type);
/* Names of all types, comma separated: for error messages. */
const char *cx_channel_names(void);

/*
 * The only driver: handshake for GET; verify, then parse for POST; nobody
 * else calls those.  Fills event, channel, type, recv_ms of every message:
 * event_id is the ULID text with its prefix.
 */
cx_err cx_receive(const cx_channel *ch, const cx_account *acct,
    const cx_http_req *req, cx_str event_id, cx_arena *a, cx_received *in);

#endif /* CX_CHANNEL_CHANNEL_H */
