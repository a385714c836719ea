/*
 * Types that log in before they send: one token per channel, fetched when it
 * is first needed, kept until shortly before it expires, never stored.  One
 * call at a time for a channel; whoever needs the token asks again.
 */

#ifndef CX_WORKER_LOGIN_H
#define CX_WORKER_LOGIN_H

#include "channel/channel.h"
#include "worker/worker.h"

typedef enum {
    CX_LOGIN_READY,       /* from->token is what the provider wants */
    CX_LOGIN_WAIT,        /* a call is under way */
    CX_LOGIN_LATER,       /* it failed, the next is made in a while */
    CX_LOGIN_REFUSED      /* the credential is wrong */
} cx_login_state;

typedef struct cx_login_slot_s  cx_login_slot;

struct cx_login_slot_s {
    cx_login_slot  *next;
    cx_worker      *worker;
    int64_t         channel_id;
    uint64_t        credential;      /* a hash: another one logs in anew */
    cx_login_state  state;
    char           *token;
    size_t          len;
    int64_t         got_at;
    int64_t         expires_at;
    int64_t         again_at;
    void           *call;
};

/* READY at once for a type without login. */
cx_login_state cx_login_ask(cx_worker *w, int64_t channel_id,
    const cx_channel *adapter, cx_sender *from);
/* The provider refused the token: false when it was a new one, so that
 * another would not help. */
bool cx_login_forget(cx_worker *w, int64_t channel_id);
void cx_logins_free(cx_worker *w);

#endif /* CX_WORKER_LOGIN_H */
