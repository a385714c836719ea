/*
 * What WhatsApp, Instagram and Messenger share: the hub.* handshake, the
 * X-Hub-Signature-256 header and the shape of a Graph API error.
 */

#ifndef CX_CHANNEL_META_H
#define CX_CHANNEL_META_H

#include "channel/channel.h"

#define CX_META_CHALLENGE_MAX  256

/* What verify reads: "x-hub-signature-256". */
extern const char *const  cx_meta_headers[];

cx_err cx_meta_handshake(const cx_account *acct, const cx_http_req *req,
    cx_arena *a, cx_str *answer);
cx_err cx_meta_verify(const cx_account *acct, const cx_http_req *req,
    cx_arena *a, cx_proven *proven);

/* {"error": {"message", "code", "error_data": {"details"}}} */
typedef struct {
    int64_t  code;
    cx_str   message;
    cx_str   details;
} cx_meta_error;

/* False when the body is no such object: then it is not Graph's answer. */
bool cx_meta_error_read(cx_str body, cx_arena *a, cx_meta_error *e);

/* Codes from..to have that verdict; wait_ms is a hint, 0 if none. */
typedef struct {
    int64_t     from;
    int64_t     to;
    cx_verdict  verdict;
    int64_t     wait_ms;
} cx_meta_rule;

/* Judges an answer that holds no id: by code where Graph names one we know,
 * else by HTTP status. */
void cx_meta_judge(const cx_http_res *res, const cx_meta_rule *rules,
    size_t nrules, cx_arena *a, cx_judgement *j);

#endif /* CX_CHANNEL_META_H */
