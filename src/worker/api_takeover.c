/* Who speaks in a conversation: the AI, or a person who has taken it. */

#include "worker/api_request.h"

#include <stddef.h>

#define WHO_MAX  200

typedef struct {
    cx_str  who;
    bool    force;
} taking;


static cx_err
show(cx_api_request *req, cx_store *s)
{
    cx_conversation_row  row;
    cx_err               err;

    err = cx_store_conversation(s, req->id, req->arena, &row);

    if (err == CX_OK) {
        cx_out_begin(req, 200);
        cx_out_conversation(req, &row);
    }

    return err;
}


static cx_err
audit_and_show(cx_api_request *req, cx_store *s, const char *what)
{
    cx_err  err = cx_api_audit(req, s, what, "cv", req->id);

    return err == CX_OK ? show(req, s) : err;
}


static void
silent(void *ctx)
{
    cx_api_resume(ctx, CX_OK);
}


/* The open turn is closed in the store; nobody needs to think any more, and
 * who has the word hears that when no reply can leave any more. */
cx_err
cx_api_hush(cx_api_request *req)
{
    cx_worker_hush(req->worker, req->id);

    return cx_worker_silence(req->worker, req->id, silent, req)
           ? cx_api_pause(req) : CX_OK;
}


/* --- take and give ------------------------------------------------------- */

static const cx_api_field  take_fields[] = {
    { "who", CX_API_STR, offsetof(taking, who), 1, WHO_MAX, false, NULL,
      NULL },
    { "force", CX_API_BOOL, offsetof(taking, force), 0, 0, false, NULL,
      NULL },
};


static cx_err
check_take(cx_api_request *req)
{
    uint32_t   given;
    taking    *t = CX_NEW(req->arena, taking);
    cx_err     err = cx_api_id(req, "cv");

    if (t == NULL || err != CX_OK) {
        return t == NULL ? CX_NOMEM : err;
    }

    req->state = t;
    err = cx_api_fields(req, take_fields, 2, false, t, &given);

    if (t->who.len == 0) {
        t->who = req->as.who;
    }

    return err;
}


static cx_err
take(cx_api_request *req, cx_store *s)
{
    const taking         *t = req->state;
    cx_conversation_row   row;
    cx_err                err;

    err = cx_store_conversation_take(s, req->id, t->who, t->force,
                                     req->now_ms);

    if (err == CX_CONFLICT) {
        err = cx_store_conversation(s, req->id, req->arena, &row);

        return err != CX_OK ? err
               : cx_api_refuse(req, CX_CONFLICT, "", "%.*s has it: with "
                               "\"force\" it is taken from them",
                               CX_ARG(row.taken_by));
    }

    return err == CX_OK ? audit_and_show(req, s, "conversation.take") : err;
}


static cx_err
check_give(cx_api_request *req)
{
    uint32_t  given;
    cx_err    err = cx_api_fields(req, NULL, 0, false, NULL, &given);

    return err == CX_OK ? cx_api_id(req, "cv") : err;
}


static cx_err
give(cx_api_request *req, cx_store *s)
{
    cx_err  err = cx_store_conversation_give(s, req->id, req->as.who,
                                             req->now_ms);

    return err == CX_OK ? audit_and_show(req, s, "conversation.give") : err;
}


const cx_api_route  cx_api_takeover_routes[] = {
    { "POST", "/api/v1/conversations/{}/take", "", CX_API_JSON, CX_API_WRITE,
      check_take, take, cx_api_hush, "conversations:write" },
    { "POST", "/api/v1/conversations/{}/give", "", CX_API_JSON, CX_API_WRITE,
      check_give, give, NULL, "conversations:write" },
    { NULL, NULL, NULL, CX_API_NO_BODY, CX_API_LOOP, NULL, NULL, NULL,
      NULL },
};
