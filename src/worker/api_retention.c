/* Retention: what would be deleted, and a pass that begins at once. */

#include "worker/api_request.h"

#include "channel/channel.h"
#include "core/id.h"
#include "store/retention.h"

#include <stddef.h>

typedef struct {
    bool      dry_run;
    uint32_t  given;
} asked;

static const cx_api_field  fields[] = {
    { "dry_run", CX_API_BOOL, offsetof(asked, dry_run), 0, 0, false, NULL,
      NULL },
};


static cx_err
check_run(cx_api_request *req)
{
    asked  *a = CX_NEW(req->arena, asked);

    req->state = a;

    return a == NULL ? CX_NOMEM
           : cx_api_fields(req, fields, 1, true, a, &a->given);
}


static int64_t
keep_ms(cx_api_request *req, const cx_channel_row *row, int64_t general_ms)
{
    const cx_setting  *settings = NULL;
    size_t             n = 0;

    (void) cx_settings_decode(row->settings, req->arena, &settings, &n);
    return cx_settings_keep_ms(settings, n, general_ms);
}


static int64_t
count_of(const cx_old_counts *counts, int64_t channel_id)
{
    for (size_t i = 0; i < counts->n; i++) {
        if (counts->items[i].channel_id == channel_id) {
            return counts->items[i].messages;
        }
    }

    return 0;
}


static void
out_one(cx_api_request *req, const cx_channel_row *row, int64_t keep_ms,
    int64_t n)
{
    cx_out_open(req, NULL, '{');
    cx_out_id(req, "id", "ch", row->id);
    cx_out_str(req, "channel", row->name);
    cx_out_int(req, "keep_ms", keep_ms);
    cx_out_int(req, "messages", n);
    cx_out_close(req, '}');
}


/* Channels that keep alike are counted together. */
static cx_err
out_channels(cx_api_request *req, cx_store *s, int64_t *total)
{
    const int64_t    general = cx_worker_retention_ms(req->worker);
    cx_channel_list  list = { .n = 0 };
    cx_old_counts    counts = { .n = 0 };
    int64_t          keep, counted = 0, n;
    cx_err           err = cx_store_channels(s, req->arena, &list);

    for (size_t i = 0; i < list.n && err == CX_OK; i++) {
        keep = keep_ms(req, &list.items[i], general);

        if (keep == 0) {
            continue;
        }

        if (keep != counted) {
            err = cx_store_old_counts(s, cx_id_at(req->now_ms - keep),
                                      req->arena, &counts);
            counted = keep;
        }

        n = count_of(&counts, list.items[i].id);
        *total += n;
        out_one(req, &list.items[i], keep, n);
    }

    return err;
}


static cx_err
show(cx_api_request *req, cx_store *s)
{
    const asked  *a = req->state;
    int64_t       total = 0;
    cx_err        err;

    cx_out_begin(req, a->dry_run ? 200 : 202);
    cx_out_open(req, NULL, '{');
    cx_out_bool(req, "dry_run", a->dry_run);
    cx_out_open(req, "channels", '[');
    err = out_channels(req, s, &total);
    cx_out_close(req, ']');
    cx_out_int(req, "messages", total);
    cx_out_close(req, '}');

    return err;
}


static cx_err
begun(cx_api_request *req)
{
    cx_worker_expire(req->worker);
    return CX_OK;
}


/* The answer tells what there was; it is deleted after it. */
static cx_err
counted(cx_api_request *req)
{
    const asked  *a = req->state;

    cx_api_then(req, CX_API_READ, show, a->dry_run ? NULL : begun);
    return CX_OK;
}


static cx_err
audit_run(cx_api_request *req, cx_store *s)
{
    const asked  *a = req->state;

    return cx_api_audit(req, s, a->dry_run ? "retention.look"
                                           : "retention.run", "au",
                        req->audit_id);
}


const cx_api_route  cx_api_retention_routes[] = {
    { "POST", "/api/v1/retention/run", "", CX_API_JSON, CX_API_WRITE,
      check_run, audit_run, counted, "admin:write" },
    { NULL, NULL, NULL, CX_API_NO_BODY, CX_API_LOOP, NULL, NULL, NULL,
      NULL },
};
