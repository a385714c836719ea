/*
 * The website chat beside its messages: who gets which token.  Pure; the edge
 * converts requests and answers.
 */

#ifndef CX_CHANNEL_WEBCHAT_H
#define CX_CHANNEL_WEBCHAT_H

#include "channel/channel.h"
#include "core/session.h"

#define CX_WEBCHAT_BODY_MAX  16384      /* of a request for a session */
#define CX_WEBCHAT_RANDOM    16         /* bytes */

/*
 * The answer to a request for a session, as JSON.  A proof of identity
 * (acct->identity) makes the visitor that user; a valid token goes on being
 * what it is, one of a user not beyond its end; anybody else is somebody new.
 * CX_INVALID: no JSON object; CX_CONFLICT: the token is another user's; else
 * what cx_jwt_check says, CX_NOMEM.
 */
cx_err cx_webchat_session(const cx_account *acct, cx_str body,
    const uint8_t random[CX_WEBCHAT_RANDOM], cx_arena *a, cx_str *json);

/* A ticket for the bearer of a token, as JSON. */
cx_err cx_webchat_ticket(const cx_account *acct, cx_str authorization,
    const uint8_t random[CX_WEBCHAT_RANDOM], cx_arena *a, cx_str *json);

/* Who opens a stream: by ticket if there is one (s->nonce is to be spent),
 * else by the header. */
cx_err cx_webchat_listener(const cx_account *acct, cx_str authorization,
    cx_str ticket, cx_arena *a, cx_session *s);

/* What a visitor's message is in the history of the talk, as JSON, for whom
 * it was accepted from.  CX_NOT_FOUND: it says nothing (typing, read). */
cx_err cx_webchat_said(cx_str body, int64_t now_ms, cx_arena *a,
    cx_str *json);

#endif /* CX_CHANNEL_WEBCHAT_H */
