/*
 * One call of the client: a libcurl easy handle with all that is kept for its
 * next use, how a request is put into it, and what came out of it.
 */

#ifndef CX_WORKER_HTTP_CALL_H
#define CX_WORKER_HTTP_CALL_H

#include "worker/http.h"
#include "worker/http_loop.h"

#define CX_CALL_HEADERS  64          /* of a response */

typedef enum {
    CX_CALL_FREE,
    CX_CALL_QUEUED,
    CX_CALL_RUNNING,
    CX_CALL_FEEDING,                 /* on_data runs */
    CX_CALL_DROPPED,                 /* ... and has cancelled it */
    CX_CALL_TELLING                  /* its callback runs */
} cx_call_state;

typedef struct {
    char    *p;
    size_t   len;
    size_t   room;
} cx_call_bytes;

struct cx_call_s {
    cx_http            *http;
    CURL               *easy;
    cx_http_loop       *net;        /* the shard it runs in, or ran in */
    cx_call_state       state;
    cx_call            *next;
    cx_call            *prev;
    uint64_t            shape;      /* hash of what libcurl has kept */
    cx_http_fn          fn;
    void               *ctx;
    uint64_t            deadline;   /* on the loop's clock */
    size_t              max_body;
    bool                once;
    unsigned            requests;   /* times libcurl began to send */
    cx_call_bytes       url;
    struct curl_slist  *headers;
    cx_call_bytes       out;
    cx_call_bytes       in;
    cx_call_bytes       head;       /* "name: value\n", last response */
    bool                too_large;
    cx_http_data_fn     on_data;    /* of a stream: .in goes there */
    size_t              handed;     /* bytes that went */
    cx_call            *fed_next;   /* those with something to hand out */
    bool                fed;        /* is one of them */
    bool                streamed;   /* the response is a stream */
    long                first_ms;
    long                idle_ms;
    uint64_t            patience;   /* a byte must come until then; 0: no */
    const char         *late;       /* what has not come in time, or NULL */
    bool                mail;       /* by SMTP: http_mail.c */
    struct curl_slist  *to;
    size_t              sent;       /* bytes of the message handed out */
    char                error[CURL_ERROR_SIZE];
};

/* NULL: no memory. */
cx_call *cx_call_new(cx_http *http, CURLSH *share);
void cx_call_free(cx_call *c);

/* What libcurl would not refuse, or would refuse only later. */
bool cx_call_acceptable(const cx_http_req *req);
/* Equal for requests that leave an easy handle in the same state. */
uint64_t cx_call_shape(const cx_http_req *req);
/* False: no memory. */
bool cx_call_set(cx_call *c, const cx_http_req *req,
    const cx_http_opts *opts);

/* --- http_mail.c: the same for a mail ------------------------------------ */

bool cx_mail_call_acceptable(const cx_http_req *req);
bool cx_mail_call_set(cx_call *c, const cx_http_req *req,
    const cx_http_opts *opts);
cx_call_end cx_mail_call_judge(const cx_call *c, CURLcode rc);
/* The status is the last reply's code, the body its text. */
void cx_mail_call_response(const cx_call *c, cx_header *headers,
    cx_http_res *res);

/* --- http.c -------------------------------------------------------------- */

/*
 * libcurl looks for a free connection by walking all those to the same host,
 * busy ones included, so its cost per call grows with the calls in flight.
 * Several multi handles, filled in order, keep that walk short; the last ones
 * see a call only when all before are full.
 */
struct cx_http_s {
    uv_loop_t     *loop;
    cx_http_loop  *nets;
    size_t         nnets;
    CURLSH        *share;           /* names and TLS sessions */
    uv_timer_t     tick;            /* while calls are queued or watched */
    size_t         open;            /* tick and nets: the last frees us */
    size_t         max_calls;
    size_t         running;
    size_t         watched;         /* of them: with a patience */
    size_t         queued;
    cx_call        active;          /* rings */
    cx_call        queue;
    cx_call       *fed;             /* have something to hand out */
    cx_call       *free;            /* last in, first out */
    bool           closing;
    bool           guarded;         /* public addresses only */
};

void cx_call_end_with(cx_call *c, CURLcode rc);
void cx_call_give_back(cx_call *c);

/* --- http_feed.c: bodies handed out as they come, or not coming ---------- */

void cx_feed_prepare(cx_call *c, const cx_http_opts *opts);
/* It runs, and a byte must come. */
void cx_feed_run(cx_call *c);
void cx_feed_leave(cx_call *c);
/* Bytes of its body have come, and are in c->in. */
void cx_feed_came(cx_call *c, bool first);
void cx_feed_hand_out(cx_http *h);
/* Ends those for which no byte came in time. */
void cx_feed_check(cx_http *h);

/* --- what came of it ----------------------------------------------------- */

cx_call_end cx_call_judge(const cx_call *c, CURLcode rc);
/* Adds to what is kept; false: no memory. */
bool cx_call_bytes_add(cx_call_bytes *b, const char *p, size_t len);
/* Views of the call; headers holds CX_CALL_HEADERS. */
void cx_call_response(const cx_call *c, cx_header *headers,
    cx_http_res *res);
const char *cx_call_error(const cx_call *c, CURLcode rc);
/* Forgets the response and what is too large to be kept. */
void cx_call_reset(cx_call *c);

#endif /* CX_WORKER_HTTP_CALL_H */
