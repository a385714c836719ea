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

#include "channel/out.h"
#include "channel/template.h"
#include "core/http.h"
#include "core/mac.h"
#include "core/msg.h"
#include "core/proof.h"
#include "core/pubkey.h"

/* --- inbound ------------------------------------------------------------- */

#define CX_SECRETS_MAX  4

/* What a secret file of this channel holds; which array of the account has
 * it. */
typedef enum {
    CX_KEY_MAC,         /* bytes of a MAC's key: secrets */
    CX_KEY_PUBLIC,      /* a public key or certificate: pubkeys */
    CX_KEY_TEXT         /* a text to be compared, "user:password": texts */
} cx_key_kind;

/* Our side of a channel at the edge.  Owned by whoever configured it. */
typedef struct {
    cx_str         name;                       /* slug */
    /* Current first, then previous; one of the three, by the type's key. */
    cx_mac        *secrets[CX_SECRETS_MAX];
    cx_pubkey     *pubkeys[CX_SECRETS_MAX];
    cx_str         texts[CX_SECRETS_MAX];
    size_t         nsecrets;
    cx_str         verify_token;
    /* webchat: any of them proves who a visitor is. */
    cx_mac        *identity[CX_SECRETS_MAX];
    size_t         nidentity;
    /* The URL under which the world reaches us: scheme and host, then the
     * request's own target follows, or with a path, then only its query.
     * From configuration, never from a client's headers. */
    cx_str         public_url;
    cx_str         topic;                      /* ses: the SNS TopicArn */
    int64_t        tolerance_ms;               /* age of a signed time */
    int64_t        now_ms;                     /* by the caller, per request */
} cx_account;

/* What verify proved: the very bytes the sender signed. */
typedef struct {
    cx_str    bytes;
    cx_str    query;                     /* when it was signed as well */
    unsigned  secret;                    /* index of the secret that matched */
    /* Whom it proved to be the sender, where a token tells (webchat). */
    cx_str    who;
    cx_str    name;
    cx_str    email;
    cx_str    locale;
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

/* A setting of a channel in the worker: its name and value. */
typedef struct {
    cx_str  name;
    cx_str  value;
} cx_setting;

/* Which settings a type has: what the API accepts in "settings". */
typedef struct {
    const char  *name;
    bool         required;
    const char  *what;           /* for people: "SID of the account, AC..." */
    /* May be NULL: any text without control characters.  False: not so. */
    bool       (*check)(cx_str value);
} cx_setting_def;

#define CX_SETTING_MAX  2048     /* bytes of a value */

/* Our side of a channel at the sender. */
typedef struct {
    cx_str             account;      /* provider's id of our side */
    cx_str             token;        /* content of token_file, or what login
                                      * brought when the type has one */
    cx_str             base_url;     /* no trailing slash; empty: provider's */
    const cx_setting  *settings;
    size_t             nsettings;
    int64_t            now_ms;
} cx_sender;

/* Empty when it is not set. */
cx_str cx_setting_get(const cx_sender *from, const char *name);
/* How long a channel of these settings keeps messages, in ms; 0: for ever. */
int64_t cx_settings_keep_ms(const cx_setting *list, size_t n,
    int64_t general_ms);
/* The record's JSON object; empty: none.  CX_MALFORMED, CX_NOMEM. */
cx_err cx_settings_decode(cx_str json, cx_arena *a, const cx_setting **list,
    size_t *n);

/* How the bytes of a send leave. */
typedef enum {
    CX_VIA_HTTP,        /* the request of build, as it is */
    CX_VIA_SMTP,        /* url smtp(s)://host:port, one "MAIL FROM" header, a
                         * "RCPT TO" header each, "user" and "password" if
                         * any; body: the message.  judge gets the SMTP reply
                         * code as status */
    CX_VIA_PUSH         /* to the browser: url is the session, body the event's
                         * JSON; judge is never called: Redis' yes is it */
} cx_via;

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

/* What the worker gives to a type that logs in before it sends. */
typedef struct {
    cx_str   token;
    int64_t  expires_ms;         /* absolute */
} cx_login;

/* A customer's attachment, as the event named it. */
typedef struct {
    cx_str  id;
    cx_str  url;
} cx_media_ref;

typedef struct {
    const char  *name;           /* "whatsapp": the type in nginx.conf */
    /* The type of the channel in the API and the worker, when several
     * providers feed one ("email" of mailgun); NULL: name. */
    const char  *family;
    /* The provider has ended the service: what to say of it.  Events are
     * recorded, nothing is sent. */
    const char  *closed;

    /* --- at the edge; verify NULL: this one only sends --- */
    cx_key_kind  key;
    cx_mac_alg   mac;            /* CX_KEY_MAC */
    bool         needs_token;    /* a verify token is required */
    bool         needs_url;      /* a public_url is required */
    bool         needs_topic;    /* a topic is required */
    /* The handshake may come as a POST too: then handshake is asked first,
     * and CX_NOT_FOUND means that it is none. */
    bool         post_handshake;
    size_t       max_body;       /* bytes the provider may send */
    /* Body of the answer to an accepted delivery; NULL: an empty one. */
    const char  *ack_type;
    const char  *ack_body;

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

    /* --- at the sender; build NULL: this one only receives --- */
    const cx_caps         *caps;
    /* May be NULL.  When accounts of one type differ in what they can
     * (Twilio: SMS and WhatsApp).  Ask cx_channel_caps. */
    const cx_caps *(*caps_of)(cx_str account);
    cx_via                 via;
    const cx_setting_def  *settings;     /* ends with a NULL name; or NULL */
    /* May be NULL: any account of 1 to 128 characters. */
    bool (*check_account)(cx_str account);
    const char            *account_what; /* "the phone_number_id: digits" */

    /* Builds the request of one send.  CX_INVALID: this kind cannot be. */
    cx_err (*build)(const cx_sender *from, const cx_out *out, cx_arena *a,
        cx_http_req *req);
    /* May be NULL.  What is wrong with what passed cx_out_fit, as a message of
     * this account: a word for people that begins with the member it speaks
     * of; NULL: nothing that could be named. */
    const char *(*check)(const cx_sender *from, const cx_out *out,
        cx_arena *a);
    /* Classifies an answer.  res->status 0 never comes here. */
    void (*judge)(const cx_http_res *res, cx_arena *a, cx_judgement *j);
    /* May be NULL.  What an answer takes over from the message it answers:
     * meta is what the record keeps of that one, id its provider's id. */
    void (*thread)(cx_str meta, cx_str id, cx_arena *a, cx_out *out);
    /* A repeat of the same intent is harmless at the provider: an ambiguous
     * send is simply sent again. */
    bool          repeatable;
    /* What its events prove of who wrote, beside the peer: CX_PROOF_BIT()s,
     * see channel/proofs.h.  Only what a customer cannot choose. */
    unsigned      proves;

    /* All below may be NULL.  login: from->token is the credential; logged
     * reads the answer: CX_OK, or CX_INVALID (refused), CX_IO (later). */
    cx_err (*login)(const cx_sender *from, cx_arena *a, cx_http_req *req);
    cx_err (*logged)(const cx_http_res *res, int64_t now_ms, cx_arena *a,
        cx_login *out);

    /* The request that fetches an attachment.  When its answer only names
     * the place (Graph), fetched gives the second request; else it is NULL
     * and the answer's body is the attachment. */
    cx_err (*fetch)(const cx_sender *from, const cx_media_ref *media,
        cx_arena *a, cx_http_req *req);
    cx_err (*fetched)(const cx_sender *from, const cx_http_res *res,
        cx_arena *a, cx_http_req *req);
    /* With fetched: whether this one has to be asked for; NULL: all. */
    bool (*asks)(const cx_media_ref *media);

    /* What came in since then, for providers that retry little: a page of
     * events; next is the request of the next page, url empty at the end. */
    cx_err (*list)(const cx_sender *from, int64_t since_ms, cx_arena *a,
        cx_http_req *req);
    cx_err (*listed)(const cx_sender *from, const cx_http_res *res,
        cx_arena *a, cx_msgs *msgs, cx_http_req *next);

    /* Templates that the provider approves, where the setting templates_of
     * says whose: the request of a page, and what it answered, appended to
     * list (CX_INVALID: refused, CX_IO: later).  template_changed: whether an
     * account update tells of one, and what; its account is the setting's. */
    const char *templates_of;
    cx_err (*templates)(const cx_sender *from, cx_str after, cx_arena *a,
        cx_http_req *req);
    cx_err (*templates_read)(const cx_http_res *res, cx_arena *a,
        cx_templates *list);
    bool (*template_changed)(const cx_msg *m, cx_arena *a, cx_template *t);
} cx_channel;

/* By the type in nginx.conf; NULL when there is none that receives. */
const cx_channel *cx_channel_find(cx_str type);
/* By the type in the API; NULL when there is none that sends. */
const cx_channel *cx_channel_sender(cx_str type);
/* What an account of that type can; never NULL for a type that sends. */
const cx_caps *cx_channel_caps(const cx_channel *ch, cx_str account);
/* What is wrong with the settings of a channel of that type, and which one;
 * NULL: nothing. */
const char *cx_settings_check(const cx_channel *ch, const cx_setting *list,
    size_t n, cx_str *name);
/* Whether build will make a request of it: CX_INVALID with *error for people,
 * which begins with the member it speaks of.  from needs no token, out no
 * intent. */
cx_err cx_channel_check(const cx_channel *ch, const cx_sender *from,
    const cx_out *out, cx_arena *a, const char **error);
/* Names of all of either kind, comma separated: for error messages. */
const char *cx_channel_names(void);
const char *cx_channel_sender_names(void);

/*
 * The only driver: handshake for GET; verify, then parse for POST; nobody
 * else calls those.  Fills event, channel, type, recv_ms of every message:
 * event_id is the ULID text with its prefix.
 */
cx_err cx_receive(const cx_channel *ch, const cx_account *acct,
    const cx_http_req *req, cx_str event_id, cx_arena *a, cx_received *in);

#endif /* CX_CHANNEL_CHANNEL_H */
