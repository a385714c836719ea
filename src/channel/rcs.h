/*
 * RCS for Business (Google), and what its webhook shares with Business
 * Messages, which Google closed on 31 July 2024.  Only the rcs*.c and
 * google_business.c files include this.
 */

#ifndef CX_CHANNEL_RCS_H
#define CX_CHANNEL_RCS_H

#include "channel/channel.h"
#include "core/json.h"

#define CX_RCS_TEXT_MAX   3072
#define CX_RCS_UUID_LEN   36

extern const cx_caps         cx_rcs_caps;
extern const cx_setting_def  cx_rcs_settings[];
extern const char *const     cx_rcs_headers[];

cx_err cx_rcs_handshake(const cx_account *acct, const cx_http_req *req,
    cx_arena *a, cx_str *answer);
/* Whether the one X-Goog-Signature is that of these bytes under one of the
 * account's secrets, and which. */
cx_err cx_rcs_signed(const cx_account *acct, const cx_http_req *req,
    cx_str bytes, cx_arena *a, unsigned *secret);

/* Takes a string member, cut to what a message may hold. */
void cx_rcs_text(cx_json_reader *r, cx_str *out);
/* {"payload": {mimeType, fileName, fileUri}}: the file of a message. */
void cx_rcs_file(cx_json_reader *r, cx_msg *m);
/* "image", "video", "audio" or "document". */
cx_str cx_rcs_content_of(cx_str mime);
/* "latitude, longitude", in extra as a location's members. */
void cx_rcs_place(cx_json_reader *r, cx_msg *m);

/* The id of one of our messages as the UUID that Google wants, and back. */
cx_str cx_rcs_uuid(cx_arena *a, int64_t message_id);
bool cx_rcs_uuid_parse(cx_str uuid, int64_t *message_id);

cx_err cx_rcs_build(const cx_sender *from, const cx_out *out, cx_arena *a,
    cx_http_req *req);
void cx_rcs_judge(const cx_http_res *res, cx_arena *a, cx_judgement *j);
cx_err cx_rcs_login(const cx_sender *from, cx_arena *a, cx_http_req *req);
cx_err cx_rcs_logged(const cx_http_res *res, int64_t now_ms, cx_arena *a,
    cx_login *out);

#endif /* CX_CHANNEL_RCS_H */
