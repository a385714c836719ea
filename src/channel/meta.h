/*
 * What WhatsApp, Instagram and Messenger share: the hub.* handshake, the
 * X-Hub-Signature-256 header and the shape of a Graph API error.
 */

#ifndef CX_CHANNEL_META_H
#define CX_CHANNEL_META_H

#include "channel/channel.h"
#include "core/json.h"

#define CX_META_CHALLENGE_MAX  256

/* What verify reads: "x-hub-signature-256". */
extern const char *const  cx_meta_headers[];

cx_err cx_meta_handshake(const cx_account *acct, const cx_http_req *req,
    cx_arena *a, cx_str *answer);
cx_err cx_meta_verify(const cx_account *acct, const cx_http_req *req,
    cx_arena *a, cx_proven *proven);

/* --- sending: meta_send.c ------------------------------------------------ */

/* POST base/account/messages with the token; base where the channel names
 * none.  CX_INVALID: no account, or a token that would break its header. */
cx_err cx_meta_post(const cx_sender *from, cx_str base, cx_str account,
    cx_str body, cx_arena *a, cx_http_req *req);
/* GET url, with the token when asked. */
cx_err cx_meta_get(const cx_sender *from, cx_str url, bool token,
    cx_arena *a, cx_http_req *req);
/* The host is one of Meta's own (suffixes, NULL-terminated, each with its
 * dot) over https, or the url lies at the channel's base_url: for tests. */
bool cx_meta_place_ok(cx_str url, cx_str base_url,
    const char *const *suffixes);

/* "name": value */
void cx_meta_put(cx_json_writer *w, const char *name, cx_str value);

/* --- judging: meta_judge.c ----------------------------------------------- */

/* {"error": {"message", "code", "error_subcode",
 *            "error_data": {"details"}}} */
typedef struct {
    int64_t  code;
    int64_t  subcode;
    cx_str   message;
    cx_str   details;
} cx_meta_error;

/* False when the body is no such object: then it is not Graph's answer. */
bool cx_meta_error_read(cx_str body, cx_arena *a, cx_meta_error *e);

/* Codes from..to (with that subcode, 0: any) have that verdict; wait_ms is a
 * hint, 0 if none.  The first that fits decides. */
typedef struct {
    int64_t     from;
    int64_t     to;
    cx_verdict  verdict;
    int64_t     wait_ms;
    int64_t     subcode;
} cx_meta_rule;

/* Judges an answer that holds no id: by code where Graph names one we know,
 * else by HTTP status. */
void cx_meta_judge(const cx_http_res *res, const cx_meta_rule *rules,
    size_t nrules, cx_arena *a, cx_judgement *j);

#endif /* CX_CHANNEL_META_H */
