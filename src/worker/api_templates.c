/* The mirror of a provider's message templates. */

#include "worker/api_request.h"

#include "store/templates.h"

#define STATE_MAX  32

typedef struct {
    cx_str   channel;
    cx_str   state;
    int64_t  channel_id;
} wanted;


static void
put(cx_api_request *req, const cx_template_row *r)
{
    cx_out_open(req, NULL, '{');
    cx_out_id(req, "id", "tp", r->id);
    cx_out_str(req, "channel", r->channel);
    cx_out_str(req, "name", r->name);
    cx_out_str(req, "language", r->language);
    cx_out_str(req, "category", r->category);
    cx_out_str(req, "state", r->state);
    cx_out_str(req, "quality", r->quality);
    cx_out_str(req, "reason", r->reason);
    cx_json_name(&req->w, CX_STR("components"));
    cx_json_put_raw(&req->w, r->components.len > 0 ? r->components
                                                   : CX_STR("[]"));
    cx_out_str(req, "provider_id", r->provider_id);
    cx_out_time(req, "synced_at", r->synced_at);
    cx_out_close(req, '}');
}


static cx_err
check_list(cx_api_request *req)
{
    wanted  *w = CX_NEW(req->arena, wanted);
    cx_err   err;

    if (w == NULL) {
        return CX_NOMEM;
    }

    req->state = w;
    err = cx_api_query(req, "channel", &w->channel);

    if (err == CX_OK) {
        err = cx_api_query(req, "state", &w->state);
    }

    return err == CX_OK && w->state.len > STATE_MAX
           ? cx_api_refuse(req, CX_INVALID, "", "state is a word as in "
                           "APPROVED") : err;
}


static cx_err
list(cx_api_request *req, cx_store *s)
{
    const wanted      *w = req->state;
    cx_channel_row     channel = { .id = 0 };
    cx_template_list   rows = { .n = 0 };
    cx_err             err = CX_OK;

    if (w->channel.len > 0) {
        err = cx_api_channel(req, s, w->channel, &channel);
    }

    if (err == CX_NOT_FOUND) {
        return cx_api_refuse(req, CX_INVALID, "",
                             "channel must be the name or id of a channel");
    }

    if (err == CX_OK) {
        err = cx_store_templates(s, channel.id, w->state, req->arena, &rows);
    }

    if (err != CX_OK) {
        return err;
    }

    cx_out_list_begin(req);

    for (size_t i = 0; i < rows.n; i++) {
        put(req, &rows.items[i]);
    }

    cx_out_list_end(req, "tp", 0);
    return CX_OK;
}


/* --- asking the provider ------------------------------------------------- */

static cx_err
check_sync(cx_api_request *req)
{
    uint32_t   given;
    wanted    *w = CX_NEW(req->arena, wanted);

    req->state = w;
    return w == NULL ? CX_NOMEM
                     : cx_api_fields(req, NULL, 0, false, NULL, &given);
}


static cx_err
find_channel(cx_api_request *req, cx_store *s)
{
    wanted          *w = req->state;
    cx_channel_row   channel;
    cx_err           err = cx_api_channel(req, s, req->arg, &channel);

    if (err == CX_OK) {
        w->channel = channel.name;
        w->channel_id = channel.id;
    }

    return err;
}


static void
synced(void *ctx, const char *error)
{
    cx_api_request  *req = ctx;

    if (error != NULL) {
        cx_api_resume(req, cx_api_refuse(req, CX_CONFLICT, "", "the "
                                         "templates were not listed: %s",
                                         error));
        return;
    }

    cx_api_then(req, CX_API_READ, list, NULL);
}


static cx_err
start_sync(cx_api_request *req)
{
    const wanted  *w = req->state;

    if (!cx_worker_templates(req->worker, w->channel_id, synced, req)) {
        return cx_api_refuse(req, CX_CONFLICT, "", "the channel has no "
                             "setting \"waba\", or is being asked now");
    }

    return cx_api_pause(req);
}


const cx_api_route  cx_api_template_routes[] = {
    { "GET", "/api/v1/templates", "channel state", CX_API_NO_BODY,
      CX_API_READ, check_list, list, NULL, "templates:read" },
    { "POST", "/api/v1/channels/{}/templates/sync", "", CX_API_JSON,
      CX_API_WRITE, check_sync, find_channel, start_sync, "templates:write" },
    { NULL, NULL, NULL, CX_API_NO_BODY, CX_API_LOOP, NULL, NULL, NULL,
      NULL },
};
