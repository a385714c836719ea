/* Who asks: keys in every state, and what they allow. */

#include "unit/store/fixture.h"
#include "worker/api_auth.h"

#define DAY  INT64_C(86400000)

static cx_str  key;           /* a good one, of the tenant "shop" */


static cx_api_key_row
row_of(fixture *f, cx_str *text)
{
    cx_api_key_row  row = {
        .id = fx_next(),
        .name = CX_STR("a key"),
        .role = CX_STR("admin"),
        .expires_at = T0 + DAY,
        .created_at = T0,
    };

    fx_must(cx_auth_new_key(f->a, text, &row.prefix, &row.digest), "a key");
    return row;
}


static cx_err
look(fixture *f, cx_credentials c, cx_principal *p)
{
    bool  stale;

    return cx_auth_look(f->s, &c, f->a, T0, p, &stale);
}


#define BY_KEY(text)  (cx_credentials) { .key = (text), .keyed = true }


static void
refuses(fixture *f, cx_str text, const char *why)
{
    cx_principal  p;

    tap_is_int(look(f, BY_KEY(text), &p), CX_NO_KEY, why);
}


static void
test_text(fixture *f)
{
    cx_str          got, longer = cx_concat(f->a, key, CX_STR("0"));
    cx_str          bearer = cx_concat(f->a, CX_STR("bearer "), key);
    cx_credentials  c = { .authorization = bearer };

    tap_is_int((int64_t) key.len, CX_KEY_LEN, "its length");
    tap_is_int(cx_auth_key(&c, &got), CX_OK, "as a bearer");
    tap_is_str(got, key, "... whole");
    c.key = key;
    tap_is_int(cx_auth_key(&c, &got), CX_NO_KEY, "not in both headers");
    c.authorization = CX_NOSTR;
    tap_is_int(cx_auth_key(&c, &got), CX_OK, "in one of its own");
    c.key = CX_NOSTR;
    tap_is_int(cx_auth_key(&c, &got), CX_NOT_FOUND, "in none");
    c.authorization = cx_concat(f->a, CX_STR("Basic "), key);
    tap_is_int(cx_auth_key(&c, &got), CX_NO_KEY, "nothing but Bearer");
    c.authorization = key;
    tap_is_int(cx_auth_key(&c, &got), CX_NO_KEY, "nor without it");

    refuses(f, longer, "a longer one");
    refuses(f, cx_str_sub(key, 0, key.len - 1), "a shorter one");
    refuses(f, CX_STR("cxk_"), "the start of one");
    refuses(f, CX_NOSTR, "none");
}


/* One digit of it is another. */
static cx_str
bent(fixture *f, size_t at)
{
    cx_str  copy = cx_dup(f->a, key);
    char   *p = (char *) (uintptr_t) copy.p;

    p[at] = p[at] == '0' ? '1' : '0';
    return copy;
}


static void
test_guesses(fixture *f)
{
    refuses(f, bent(f, 4), "an unknown prefix");
    refuses(f, bent(f, 17), "the first digit of the secret");
    refuses(f, bent(f, CX_KEY_LEN - 1), "the last one");
    refuses(f, bent(f, 16), "no mark between the two");
}


static void
test_states(fixture *f)
{
    cx_str          text;
    cx_principal    p;
    cx_api_key_row  row = row_of(f, &text);
    cx_tenant_row   t;

    row.expires_at = T0;
    (void) TX(f->s, cx_store_api_key_add(f->s, &row));
    refuses(f, text, "an expired one");

    row = row_of(f, &text);
    row.expires_at = 0;
    (void) TX(f->s, cx_store_api_key_add(f->s, &row));
    tap_is_int(look(f, BY_KEY(text), &p), CX_OK, "one for ever");
    tap_is_int(TX(f->s, cx_store_api_key_revoke(f->s, row.id, T0)), CX_OK,
               "revoked");
    refuses(f, text, "a revoked one");
    tap_is_int(TX(f->s, cx_store_api_key_revoke(f->s, row.id, T0)),
               CX_NOT_FOUND, "once");

    (void) cx_store_tenant_named(f->s, CX_STR("shop"), f->a, &t);
    t.state = CX_STR("suspended");
    (void) TX(f->s, cx_store_tenant_put(f->s, &t, false));
    refuses(f, key, "one of a suspended tenant");
    t.state = CX_STR("active");
    (void) TX(f->s, cx_store_tenant_put(f->s, &t, false));
    tap_is_int(look(f, BY_KEY(key), &p), CX_OK, "which is active again");

    tap_is_int(cx_store_tenant(f->s, CX_TENANT_DEFAULT, f->a, &t), CX_OK,
               "there is a default");
    t.state = CX_STR("suspended");
    tap_is_int(TX(f->s, cx_store_tenant_put(f->s, &t, false)), CX_INVALID,
               "... that stays active");
}


static void
test_user(fixture *f)
{
    cx_str          text;
    cx_principal    p;
    cx_api_key_row  row = row_of(f, &text);
    cx_user_row     user = {
        .id = fx_next(), .email = CX_STR("ann@example.com"),
        .role = CX_STR("admin"), .active = true,
        .created_at = T0, .updated_at = T0,
    };

    (void) TX(f->s, cx_store_user_put(f->s, &user, true));
    row.user_id = user.id;
    (void) TX(f->s, cx_store_api_key_add(f->s, &row));
    tap_is_int(look(f, BY_KEY(text), &p), CX_OK, "a person's key");
    tap_is_str(p.who, cx_id_text(f->a, "us", user.id), "... in their name");
    tap_ok(cx_auth_may(&p, "channels:write"), "... may what they may");

    user.role = CX_STR("viewer");
    (void) TX(f->s, cx_store_user_put(f->s, &user, false));
    tap_is_int(look(f, BY_KEY(text), &p), CX_OK, "they may less now");
    tap_ok(!cx_auth_may(&p, "channels:write")
           && cx_auth_may(&p, "channels:read"), "... and so may their key");

    user.active = false;
    (void) TX(f->s, cx_store_user_put(f->s, &user, false));
    refuses(f, text, "one of somebody who left");
    cx_store_as(f->s, CX_TENANT_DEFAULT);
    tap_is_int(TX(f->s, cx_store_user_put(f->s, &user, false)),
               CX_NOT_FOUND, "nobody of another tenant");
    cx_store_as(f->s, 2);
}


static void
test_tenant(fixture *f)
{
    cx_principal    p;
    cx_credentials  c = { .key = key, .tenant = CX_STR("shop") };

    tap_is_int(look(f, c, &p), CX_OK, "its own tenant may be named");
    tap_is_int(p.tenant, 2, "which it is");
    c.tenant = CX_STR("default");
    tap_is_int(look(f, c, &p), CX_FORBIDDEN, "no other");

    c = (cx_credentials) { .tenant = CX_STR("shop") };
    tap_is_int(look(f, c, &p), CX_OK, "the operator names one");
    tap_is_str(p.who, CX_STR("operator"), "and is it");
    tap_is_int(p.tenant, 2, "of that tenant");
    c.tenant = CX_STR("nobody");
    tap_is_int(look(f, c, &p), CX_NOT_FOUND, "one that is there");
    c = (cx_credentials) { .tenant = CX_STR("shop"), .keyed = true };
    tap_is_int(look(f, c, &p), CX_NO_KEY, "not where keys are wanted");
}


static void
test_scopes(fixture *f)
{
    cx_scopes  all;
    cx_str     bad;

    tap_ok(cx_scopes_parse(CX_STR(" hooks:read  agents:write"), &all, &bad),
           "scopes are words");
    tap_is_str(cx_scopes_text(all, f->a), CX_STR("agents:write hooks:read"),
               "in the table's order");
    tap_ok(cx_auth_may(&(cx_principal) { .scopes = all }, "agents:read"),
           "who may write may read");
    tap_ok(!cx_auth_may(&(cx_principal) { .scopes = all }, "hooks:write"),
           "not the other way");
    tap_ok(!cx_scopes_parse(CX_STR("agents:read root:read"), &all, &bad),
           "no other words");
    tap_is_str(bad, CX_STR("root:read"), "... it is named");
    tap_ok(!cx_auth_may(&(cx_principal) { .scopes = CX_SCOPES_ALL }, "x:y"),
           "a route's wrong word gives nothing");

    for (int i = 1; i < CX_ROLE_COUNT; i++) {
        const cx_scopes  less = cx_role_scopes((cx_role) (i - 1), true);

        tap_ok((less & ~cx_role_scopes((cx_role) i, true)) == 0,
               "%s may what %s may", cx_role_word((cx_role) i),
               cx_role_word((cx_role) (i - 1)));
    }

    tap_is_str(cx_scopes_text(cx_role_scopes(CX_ROLE_OWNER, true)
                              & ~cx_role_scopes(CX_ROLE_OWNER, false), f->a),
               CX_STR("admin:write"), "tenants are of the installation");
}


int
main(void)
{
    fixture         f;
    cx_api_key_row  row;
    cx_tenant_row   shop = {
        .id = 2, .name = CX_STR("shop"), .state = CX_STR("active"),
        .created_at = T0, .updated_at = T0,
    };

    fx_open(&f);
    fx_must(TX(f.s, cx_store_tenant_put(f.s, &shop, true)) == CX_OK, "shop");
    cx_store_as(f.s, shop.id);
    row = row_of(&f, &key);
    fx_must(TX(f.s, cx_store_api_key_add(f.s, &row)) == CX_OK, "its key");

    test_text(&f);
    test_guesses(&f);
    test_states(&f);
    test_user(&f);
    test_tenant(&f);
    test_scopes(&f);

    fx_close(&f);
    return tap_done();
}
