#include "worker/unsealed.h"

#include "core/mac.h"
#include "worker/log.h"


static cx_str
what_is_wrong(const cx_credential_row *row, cx_err err, cx_arena *a)
{
    if (err == CX_NO_SECRET) {
        return cx_printf(a, CX_SEALED_TEXT "its %.*s needs the key \"%.*s\","
                         " which is not in [secrets] key_file",
                         CX_ARG(row->name), CX_ARG(cx_seal_key_id(row->box)));
    }

    return cx_printf(a, CX_SEALED_TEXT "its %.*s does not open with the key"
                     " \"%.*s\": set it anew", CX_ARG(row->name),
                     CX_ARG(cx_seal_key_id(row->box)));
}


/* A key that came after our last look at the file: *looked, once a load. */
static cx_err
open_one(cx_secrets *secrets, const cx_credential_row *row, bool *looked,
    cx_arena *a, cx_str *plain)
{
    char    error[CX_SECRETS_ERROR];
    cx_err  err = cx_secrets_open(secrets, row, a, plain);

    if (err != CX_NO_SECRET || *looked) {
        return err;
    }

    *looked = true;

    if (cx_secrets_reload(secrets, error, sizeof(error)) != CX_OK) {
        cx_log(CX_LOG_ERROR, "secrets", CX_FZ("error", error));
    }

    return cx_secrets_open(secrets, row, a, plain);
}


cx_err
cx_unseal_all(cx_store *s, cx_secrets *secrets, cx_str kind, cx_arena *a,
    cx_unsealed *out)
{
    bool                looked = false;
    cx_credential_list  list = { .n = 0 };
    cx_err              err = cx_store_credentials(s, kind, a, &list);

    *out = (cx_unsealed) { .items = NULL };

    if (err != CX_OK) {
        return err;
    }

    out->items = CX_NEW_N(a, list.n, cx_opened);

    for (size_t i = 0; out->items != NULL && i < list.n; i++) {
        const cx_credential_row  *row = &list.items[i];
        cx_opened                *o = &out->items[out->n++];

        o->owner_id = row->owner_id;
        o->name = row->name;
        err = open_one(secrets, row, &looked, a, &o->plain);

        if (err != CX_OK) {
            o->wrong = what_is_wrong(row, err, a);
        }
    }

    return cx_arena_failed(a) ? CX_NOMEM : CX_OK;
}


const cx_opened *
cx_unsealed_find(const cx_unsealed *u, int64_t owner_id, cx_str name)
{
    size_t  lo = 0, hi = u->n;

    while (lo < hi) {
        const size_t  mid = lo + (hi - lo) / 2;

        if (u->items[mid].owner_id < owner_id) {
            lo = mid + 1;

        } else {
            hi = mid;
        }
    }

    while (lo < u->n && u->items[lo].owner_id == owner_id) {
        if (cx_str_eq(u->items[lo].name, name)) {
            return &u->items[lo];
        }

        lo++;
    }

    return NULL;
}


void
cx_unsealed_wipe(cx_unsealed *u)
{
    for (size_t i = 0; i < u->n; i++) {
        cx_secret_wipe((void *) (uintptr_t) u->items[i].plain.p,
                       u->items[i].plain.len);
    }

    u->n = 0;
}
