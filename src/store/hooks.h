/*
 * Who is told of what happens: hooks of a tenant, and the outbox of what they
 * are told.  A delivery is written in the transaction of what it tells; the
 * worker sends it (worker/hooks.c) as often as it takes.
 *
 *   hooks.c       hooks and deliveries as people see them; sending
 *   hooks_tell.c  what happened, as a body
 */

#ifndef CX_STORE_HOOKS_H
#define CX_STORE_HOOKS_H

#include "store/store.h"

/*    word, and what it is about */
#define CX_HOOK_EVENTS(X)                                                     \
    X(REVIEW_CREATED,  "review.created")                                      \
    X(REVIEW_EXPIRED,  "review.expired")                                      \
    X(TAKEN,           "conversation.taken")                                  \
    X(GIVEN,           "conversation.given")                                  \
    X(MESSAGE_FAILED,  "message.failed")                                      \
    X(ACTION_REQUIRED, "channel.action_required")                             \
    X(BUDGET,          "budget.exhausted")

typedef enum {
#define X(name, word)  CX_EVENT_##name,
    CX_HOOK_EVENTS(X)
#undef X
    CX_EVENT_COUNT
} cx_event;

const char *cx_event_word(cx_event e);
bool cx_event_parse(cx_str word, cx_event *e);

typedef struct {
    int64_t  id;
    cx_str   url;             /* "https://..." or "mailto:..." */
    cx_str   secret_file;     /* empty: in a box (credentials.h) */
    cx_str   events;          /* words, with spaces between */
    bool     with_text;       /* bodies may say what was said */
    bool     active;
    int64_t  created_at;
    int64_t  updated_at;
} cx_hook_row;

typedef struct {
    int64_t  id;
    int64_t  tenant;
    int64_t  hook_id;
    cx_str   url;             /* of its hook, as secret_file */
    cx_str   secret_file;
    cx_str   event;
    int64_t  conversation_id; /* 0: of none */
    cx_str   body;            /* JSON */
    cx_str   state;           /* "waiting", "delivered", "dead" */
    int64_t  attempts;
    int64_t  not_before;
    int64_t  status;          /* of the last answer, 0: none */
    cx_str   error_text;
    int64_t  created_at;
    int64_t  updated_at;
} cx_delivery_row;

typedef CX_LIST(cx_hook_row)      cx_hook_list;
typedef CX_LIST(cx_delivery_row)  cx_delivery_list;

/* --- of a tenant --------------------------------------------------------- */

cx_err cx_store_hooks(cx_store *s, cx_arena *a, cx_hook_list *out);
cx_err cx_store_hook(cx_store *s, int64_t id, cx_arena *a, cx_hook_row *out);
cx_err cx_store_hook_put(cx_store *s, const cx_hook_row *row, bool create);
/* With its deliveries and its box. */
cx_err cx_store_hook_delete(cx_store *s, int64_t id);
/* Newest first; before: id to page down from, 0 for the newest. */
cx_err cx_store_deliveries(cx_store *s, int64_t hook_id, int64_t before,
    size_t limit, cx_arena *a, cx_delivery_list *out);
cx_err cx_store_delivery(cx_store *s, int64_t id, cx_arena *a,
    cx_delivery_row *out);
/* Once more, from the first attempt; CX_CONFLICT: it waits already. */
cx_err cx_store_delivery_again(cx_store *s, int64_t id, int64_t now_ms);

/* --- telling (inside begin/commit) --------------------------------------- */

typedef struct {
    cx_event  event;
    int64_t   conversation_id;    /* or, of a channel as such, ... */
    int64_t   channel_id;         /* ... 0: that of the conversation */
    int64_t   review_id;
    int64_t   message_id;
    int64_t   budget_id;
    cx_str    who;
    cx_str    reason;
    cx_str    text;               /* only for hooks that ask for it */
    int64_t   now_ms;
} cx_telling;

cx_err cx_store_tell(cx_store *s, const cx_telling *what);
/* That this one failed, or that nobody knows what became of it. */
cx_err cx_store_tell_message(cx_store *s, int64_t message_id, int64_t now_ms);

/* --- sending: the engine's, of all tenants (inside begin/commit) --------- */

/* Those due are put off by lease_ms, so that nobody else sends them too. */
cx_err cx_store_deliveries_due(cx_store *s, int64_t now_ms, int64_t lease_ms,
    size_t limit, cx_arena *a, cx_delivery_list *out);
/* Uses id, state, not_before, status, error_text, updated_at. */
cx_err cx_store_delivery_settle(cx_store *s, const cx_delivery_row *row);

#endif /* CX_STORE_HOOKS_H */
