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
