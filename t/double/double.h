/*
 * The test double: one scriptable HTTP server that plays the Graph API and
 * the model APIs for the tests, the demo and the bench.  It is never linked
 * into the product.  README.md of this folder is its manual.
 *
 * One loop, one thread.  A connection works on one request at a time; what a
 * client pipelines waits in its buffer, so answers never change places.
 *
 *   conn.c      connections: bytes to requests
 *   reply.c     replies to bytes, a stream's token by token
 *   route.c     which request is for whom
 *   graph.c     the Graph API            model*.c    the model APIs (model.h)
 *   page.c      Messenger and Instagram, within the Graph API
 *   script.c    rules: what goes wrong   ledger.c    what was accepted
 *   record.c    what was asked           hook.c      delivery statuses
 *   control.c   the API under /_/
 */

#ifndef TD_DOUBLE_H
#define TD_DOUBLE_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <uv.h>

#define TD_HEAD_MAX  (64 * 1024)
#define TD_BODY_MAX  (16 * 1024 * 1024)

typedef struct {
    const char  *p;
    size_t       len;
} td_str;

/* A growing byte buffer; out of memory ends the process: this is a test. */
typedef struct {
    char    *p;
    size_t   len;
    size_t   room;
} td_buf;

typedef enum {
    TD_KIND_OTHER,
    TD_KIND_SEND,          /* a message to a customer */
    TD_KIND_RECEIPT,       /* mark as read, typing */
    TD_KIND_MODEL,
    TD_KIND_EMBED,
    TD_KIND_TRANSCRIBE
} td_kind;

/* How a reply ends. */
typedef enum {
    TD_END_ANSWER,         /* whole, as it should be */
    TD_END_CLOSE,          /* no byte, FIN */
    TD_END_RESET,          /* no byte, RST */
    TD_END_HANG,           /* no byte, connection stays open */
    TD_END_TRUNCATE,       /* half the body, then FIN */
    TD_END_HALF,           /* half the body, then silence */
    TD_END_DRIP,           /* whole, byte by byte */
    TD_END_EARLY,          /* half the body, as if that were all */
    TD_END_BREAK           /* half the body, then RST */
} td_end;

typedef struct {
    td_str   method;
    td_str   path;         /* without the query */
    td_str   query;
    td_str   auth;         /* value of Authorization, or of a key's header */
    td_str   type;         /* value of Content-Type */
    td_str   version;      /* value of Anthropic-Version */
    td_str   body;         /* chunks joined */
    bool     keepalive;
} td_req;

/* Where the time of leaving, in microseconds, goes into a token. */
#define TD_STAMP  "@0000000000000000"

/* Of a streamed body: it leaves as one chunk. */
typedef struct {
    size_t  end;           /* in the body */
    bool    token;         /* waits for its time; else it follows at once */
} td_piece;

typedef struct {
    int        status;
    td_buf     headers;    /* extra lines, each with its CRLF */
    td_buf     body;
    bool       sse;        /* text/event-stream instead of JSON */
    td_end     end;
    int64_t    delay_ms;   /* before the answer */
    int64_t    drip_ms;    /* between two bytes */
    td_piece  *pieces;     /* none: the body leaves whole */
    size_t     npieces;
    size_t     room;
    int64_t    first_ms;   /* between the head and the first token */
    int64_t    pause_ms;   /* between two tokens */
    int64_t    after;      /* tokens until `end` comes; -1: half of them */
    bool       stamp;      /* TD_STAMP in a token becomes its time */
} td_reply;

typedef struct td_conn_s  td_conn;

/* What was accepted: one line of the ledger. */
typedef struct {
    char    *line;         /* JSON, no newline */
    char    *wamid;
    char    *account;      /* phone number id: from the path */
    char    *to;
    char    *intent;
    const char  *object;   /* "page", "instagram"; NULL: WhatsApp */
} td_entry;

/* A send as it was understood; wrong: why it is none. */
typedef struct {
    const char  *kind;
    const char  *to;
    const char  *text;
    const char  *intent;
    const char  *reply_to;
    const char  *object;
    const char  *wrong;
} td_send;

typedef struct {
    uint64_t  requests;
    uint64_t  sends;       /* asked for */
    uint64_t  receipts;
    uint64_t  models;
    uint64_t  embeddings;  /* requests for some */
    uint64_t  transcripts;
    uint64_t  answering;   /* models: not answered to the end yet */
    uint64_t  accepted;    /* in the ledger */
    uint64_t  connections; /* ever */
} td_counters;

typedef struct {
    uv_loop_t    *loop;
    td_counters   count;
    bool          record;          /* keep requests for GET /_/requests */
    const char   *statuses;        /* "none", or a list: what "auto" means */
} td_double;

extern td_double  td;

/* --- conn.c -------------------------------------------------------------- */

void td_on_connection(uv_stream_t *server, int status);
bool td_listen_tcp(const char *host, int port, int *bound);
bool td_listen_unix(const char *path);
/* The request being worked on and the reply to be filled. */
td_req *td_conn_req(td_conn *c);
td_reply *td_conn_reply(td_conn *c);
/* Sends the reply, as it says, after its delay.  Once per request. */
void td_conn_answer(td_conn *c);
/* Its number in the record. */
void td_conn_record(td_conn *c, size_t n);
/* It is counted as being answered, and its tokens are noted in its record. */
void td_conn_watch(td_conn *c);
/* What was added to the body since the last one is a piece of its own. */
void td_reply_piece(td_reply *r, bool token);

/* --- route.c ------------------------------------------------------------- */

void td_route(td_conn *c);
td_kind td_kind_of(const td_req *req, const json_t *body);

/* --- graph.c, model.c ---------------------------------------------------- */

void td_graph(td_conn *c, td_kind kind, json_t *body);
void td_model(td_conn *c, json_t *body);
bool td_model_path(td_str path);
void td_embed(td_conn *c, json_t *body);
void td_transcribe(td_conn *c);
/* google.c: the RCS for Business API, and where it gives out tokens. */
void td_google(td_conn *c, td_kind kind, json_t *body);
void td_google_token(td_conn *c);
/* twilio.c: the Message resource.  False: the request is not for it. */
bool td_twilio(td_conn *c, td_kind kind);
/* POST /_/twilio: messages that came in, to be listed. */
void td_twilio_inbound(td_conn *c, json_t *body);
void td_twilio_reset(void);
/* graph.c: the words a rule asks for, or --statuses. */
void td_post_statuses(const td_entry *e, const json_t *words);
/* The Graph API's own error: HTTP status and body by code. */
void td_graph_error(td_reply *r, int64_t code, const char *details);
/* page.c: Messenger and Instagram.  NULL: there is no such event. */
void td_page_read(const td_req *req, const json_t *body, td_send *s);
json_t *td_page_event(const td_entry *e, const char *word);

/* --- script.c ------------------------------------------------------------ */

/* What a rule asks for; zero where it says nothing. */
typedef struct {
    int       accept;      /* -1 unsaid, else 0 or 1 */
    int       status;      /* 0 unsaid */
    int64_t   code;        /* Graph error code, 0 unsaid */
    td_end    end;
    int64_t   delay_ms;
    int64_t   drip_ms;
    bool      no_id;
    bool      bad_json;
    bool      statuses_first;
    json_t   *body;        /* borrowed, NULL unsaid */
    json_t   *headers;     /* borrowed, NULL unsaid */
    json_t   *statuses;    /* borrowed array of words, NULL unsaid */
    json_t   *text;        /* model: content of the answer, NULL unsaid */
    json_t   *what;        /* the whole "do", borrowed, NULL: no rule */
} td_act;

/* NULL with *error set when the rule is not understood; takes no reference. */
bool td_script_add(json_t *rule, const char **error);
void td_script_reset(void);
json_t *td_script_list(void);
/* The first rule that matches and is not used up; false: no rule. */
bool td_script_match(const td_req *req, td_kind kind, const char *to,
    const char *text, td_act *act);
bool td_script_kind(const char *name, td_kind *kind);
/* Status, headers, body and end of an act that overrides the default. */
void td_script_apply(const td_act *act, td_reply *r);

/* --- ledger.c ------------------------------------------------------------ */

typedef void (*td_fn)(void *ctx);

bool td_ledger_open(const char *path);       /* NULL: in memory only */
/* Appends; fn runs from the loop after the line is on the disk. */
const td_entry *td_ledger_add(const char *kind, const char *account,
    const char *to, const char *text, const char *intent,
    const char *reply_to, td_fn fn, void *ctx);
void td_ledger_object(const td_entry *e, const char *object);
/* The same with an id of the caller's instead of one as Meta's. */
const td_entry *td_ledger_add_id(const char *id, const char *kind,
    const char *account, const char *to, const char *text,
    const char *intent, const char *reply_to, td_fn fn, void *ctx);
size_t td_ledger_count(void);
const td_entry *td_ledger_at(size_t i);
void td_ledger_reset(void);

/* --- record.c ------------------------------------------------------------ */

/* body: its JSON, NULL when it is none.  Its number, 0: it is not kept. */
size_t td_record(const td_req *req, td_kind kind, const json_t *body);
/* A token of its answer leaves. */
void td_record_token(size_t n, int64_t at_us);
/* The client left before the answer was over. */
void td_record_gone(size_t n);
void td_record_dump(td_buf *out, td_str query);
void td_record_reset(void);

/* --- hook.c -------------------------------------------------------------- */

/* NULL url: none.  False with a message on stderr. */
bool td_hook_open(const char *url, const char *secret_file);
/* Posts a status of an accepted send; word is "sent", "delivered", "read",
 * "played", "failed" or "failed:CODE".  fn may be NULL. */
void td_hook_status(const td_entry *e, const char *word, td_fn fn, void *ctx);
/* Posts a request of another provider to the same server: target and header
 * lines, each with its CRLF, without Host and Content-Length. */
void td_hook_post(const char *target, const char *headers, const char *body,
    td_fn fn, void *ctx);
/* twilio.c.  False: it is no send of Twilio's. */
bool td_twilio_status(const td_entry *e, const char *word, td_fn fn,
    void *ctx);
void td_hook_counts(json_t *out);

/* --- smtp.c: a mail server ----------------------------------------------- */

bool td_smtp_listen(int port);

/* --- control.c ----------------------------------------------------------- */

void td_control(td_conn *c);

/* --- form.c -------------------------------------------------------------- */

/* "" when there is none; the caller frees it. */
char *td_form_get(td_str form, const char *name);
void td_form_put(td_buf *b, const char *text);
/* "Basic ..." to its two parts; false: there are none. */
bool td_basic(td_str auth, char user[128], char token[128]);

/* --- bytes.c ------------------------------------------------------------- */

void *td_alloc(size_t size);
char *td_dup(const char *p, size_t len);
void td_buf_add(td_buf *b, const void *p, size_t len);
void td_buf_addz(td_buf *b, const char *z);
void td_buf_printf(td_buf *b, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
void td_buf_json(td_buf *b, const json_t *j);
void td_buf_free(td_buf *b);
bool td_str_is(td_str s, const char *z);
bool td_str_has(td_str s, const char *z);    /* contains */
int64_t td_now_ms(void);
int64_t td_now_us(void);

#endif /* TD_DOUBLE_H */
