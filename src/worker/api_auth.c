#include "worker/api_auth.h"

#include "core/id.h"
#include "core/mac.h"

#include <sys/random.h>

#define START      "cxk_"
#define START_LEN  4
#define STALE_MS   60000         /* last_used_at moves once a minute */

_Static_assert(sizeof(START) == START_LEN + 1, "the length of it");


/* --- the text of a key --------------------------------------------------- */

static bool
is_hex(cx_str s)
{
    for (size_t i = 0; i < s.len; i++) {
        if ((s.p[i] < '0' || s.p[i] > '9') && (s.p[i] < 'a' || s.p[i] > 'f'))
        {
            return false;
        }
    }

    return true;
}


static cx_str
prefix_of(cx_str key)
{
    return cx_str_sub(key, START_LEN, CX_KEY_PREFIX_LEN);
}


static bool
is_key(cx_str s)
{
    const size_t  at = START_LEN + CX_KEY_PREFIX_LEN;

    return s.len == CX_KEY_LEN && cx_str_starts(s, CX_STR(START))
           && s.p[at] == '_' && is_hex(prefix_of(s))
           && is_hex(cx_str_sub(s, at + 1, CX_KEY_SECRET_LEN));
}


static bool
digest_of(cx_arena *a, cx_str key, cx_str *hex)
{
    char     *p = cx_alloc_bytes(a, 2 * CX_SHA256_LEN);
    uint8_t   raw[CX_SHA256_LEN];

    if (p == NULL || !cx_sha256(key, raw)) {
        return false;
    }

    cx_hex_encode(raw, sizeof(raw), p);
    *hex = (cx_str) { 2 * CX_SHA256_LEN, p };
    return true;
}


bool
cx_auth_new_key(cx_arena *a, cx_str *key, cx_str *prefix, cx_str *digest)
{
    uint8_t   random[(CX_KEY_PREFIX_LEN + CX_KEY_SECRET_LEN) / 2];
    char     *p = cx_alloc_bytes(a, CX_KEY_LEN);
    char     *at = p;
    cx_str    made = { CX_KEY_LEN, p };
    bool      ok;

    if (p == NULL
        || getrandom(random, sizeof(random), 0) != (ssize_t) sizeof(random))
    {
        return false;
    }

    memcpy(at, START, START_LEN);
    at += START_LEN;
    cx_hex_encode(random, CX_KEY_PREFIX_LEN / 2, at);
    at += CX_KEY_PREFIX_LEN;
    *at++ = '_';
    cx_hex_encode(random + CX_KEY_PREFIX_LEN / 2, CX_KEY_SECRET_LEN / 2, at);
    cx_secret_wipe(random, sizeof(random));

    ok = digest_of(a, made, digest);
    *key = made;
    *prefix = prefix_of(made);
    return ok;
}


cx_err
cx_auth_key(const cx_credentials *c, cx_str *key)
{
    cx_str  text = c->authorization, scheme;

    if (text.len == 0 && c->key.len == 0) {
        return CX_NOT_FOUND;
    }

    if (text.len > 0 && c->key.len > 0) {
        return CX_NO_KEY;
    }

    if (c->key.len > 0) {
        text = c->key;

    } else {
        (void) cx_str_split(&text, ' ', &scheme);

        if (!cx_str_eq_nocase(scheme, CX_STR("Bearer"))) {
            return CX_NO_KEY;
        }
    }

    text = cx_str_trim(text);

    if (!is_key(text)) {
        return CX_NO_KEY;
    }

    *key = text;
    return CX_OK;
}


/* --- who it is ----------------------------------------------------------- */

cx_principal
cx_auth_operator(void)
{
    return (cx_principal) {
        .tenant = CX_TENANT_DEFAULT,
        .role = CX_ROLE_OWNER,
        .scopes = CX_SCOPES_ALL,
        .who = CX_STR("operator"),
    };
}


static cx_err
look_operator(cx_store *s, cx_str name, cx_arena *a, cx_principal *out)
{
    cx_tenant_row  tenant;
    cx_err         err;

    *out = cx_auth_operator();

    err = cx_store_tenant_named(s, name, a, &tenant);

    if (err == CX_OK) {
        out->tenant = tenant.id;
        out->tenant_name = tenant.name;
    }

    return err;
}


/* All of it is asked of every key, in one expression without a way out in
 * between: which of it failed does not show. */
static bool
holds(const cx_api_key_row *row, cx_str digest, int64_t now_ms)
{
    static const char  nothing[2 * CX_SHA256_LEN];
    const bool         known = row->digest.len == sizeof(nothing);

    return cx_secret_eq(known ? row->digest.p : nothing, digest.p,
                        sizeof(nothing))
           & known & (row->revoked_at == 0)
           & (row->expires_at == 0 || row->expires_at > now_ms)
           & row->user_active
           & cx_str_eq(row->tenant_state, CX_STR("active"));
}


/* A person whose role was lowered has keys that can do less at once. */
static bool
rights_of(const cx_api_key_row *row, cx_principal *p)
{
    cx_scopes  scopes;
    cx_role    user;
    cx_str     bad;

    if (!cx_role_parse(row->role, &p->role)
        || !cx_role_parse(row->user_role, &user)
        || !cx_scopes_parse(row->scopes, &scopes, &bad))
    {
        return false;
    }

    if (user < p->role) {
        p->role = user;
    }

    p->scopes = cx_role_scopes(p->role, row->tenant == CX_TENANT_DEFAULT);

    if (row->scopes.len > 0) {
        p->scopes &= scopes;
    }

    return true;
}


cx_err
cx_auth_look(cx_store *s, const cx_credentials *c, cx_arena *a,
    int64_t now_ms, cx_principal *out, bool *stale)
{
    cx_api_key_row  row = { .digest = CX_NOSTR };
    cx_str          key, digest;
    cx_err          err;

    *stale = false;
    err = cx_auth_key(c, &key);

    if (err != CX_OK) {
        return err == CX_NOT_FOUND && !c->keyed
               ? look_operator(s, c->tenant, a, out) : CX_NO_KEY;
    }

    if (!digest_of(a, key, &digest)) {
        return CX_NOMEM;
    }

    err = cx_store_api_key_find(s, prefix_of(key), a, &row);

    if (err != CX_OK && err != CX_NOT_FOUND) {
        return err;
    }

    if (!holds(&row, digest, now_ms) || !rights_of(&row, out)) {
        return CX_NO_KEY;
    }

    out->tenant = row.tenant;
    out->tenant_name = row.tenant_name;
    out->user_id = row.user_id;
    out->key_id = row.id;
    out->who = row.user_id != 0 ? cx_id_text(a, "us", row.user_id)
                                : cx_id_text(a, "ky", row.id);
    *stale = now_ms - row.last_used_at >= STALE_MS;

    return c->tenant.len == 0 || cx_str_eq(c->tenant, row.tenant_name)
           ? CX_OK : CX_FORBIDDEN;
}


bool
cx_auth_may(const cx_principal *p, const char *scope)
{
    cx_scopes  wanted;
    cx_str     bad;

    return cx_scopes_parse(cx_strz(scope), &wanted, &bad)
           && (p->scopes & wanted) == wanted;
}
