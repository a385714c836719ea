/* What an agent was told before: numbered, bounded, and a tenant's own. */

#include "unit/store/fixture.h"

#include "store/versions.h"

#define OTHER  INT64_C(12)


static int64_t
leave(fixture *f, int64_t agent_id, int n)
{
    cx_version_row  v = {
        .at = T0 + n,
        .who = CX_STR("ana"),
        .body = cx_printf(f->a, "{\"n\":%d}", n),
    };

    return TX(f->s, cx_store_version_add(f->s, agent_id, &v)) == CX_OK
           ? v.number : 0;
}


static int64_t
count(fixture *f, int64_t agent_id, int64_t below, size_t limit)
{
    cx_version_list  list = { .n = 0 };

    return cx_store_versions(f->s, agent_id, below, limit, f->a, &list)
           == CX_OK ? (int64_t) list.n : -1;
}


static void
numbered(fixture *f)
{
    cx_version_list  list = { .n = 0 };
    cx_version_row   v;
    int64_t          last = -1;

    (void) cx_store_version_last(f->s, AGENT, &last);
    tap_is_int(last, 0, "there is none");
    tap_is_int(leave(f, AGENT, 1), 1, "the first one");
    tap_is_int(leave(f, AGENT, 2), 2, "the second");
    tap_is_int(leave(f, OTHER, 1), 1, "each agent has its own");
    (void) cx_store_version_last(f->s, AGENT, &last);
    tap_is_int(last, 2, "the last one");

    (void) cx_store_versions(f->s, AGENT, 0, 10, f->a, &list);
    tap_ok(list.n == 2 && list.items[0].number == 2
           && list.items[0].body.len == 0, "newest first, without bodies");
    tap_is_int(count(f, AGENT, 2, 10), 1, "those below one");
    tap_is_int(count(f, AGENT, 0, 1), 1, "so many");

    tap_is_int(cx_store_version(f->s, AGENT, 1, f->a, &v), CX_OK, "one");
    tap_is_str(v.body, CX_STR("{\"n\":1}"), "with its body");
    tap_ok(v.at == T0 + 1 && CX_STR_IS(v.who, "ana"), "who and when");
    tap_is_int(cx_store_version(f->s, AGENT, 3, f->a, &v), CX_NOT_FOUND,
               "one that is not there");
}


static void
bounded(fixture *f)
{
    cx_version_row  v;

    for (int n = 3; n <= CX_VERSIONS_KEPT + 5; n++) {
        (void) leave(f, AGENT, n);
    }

    tap_is_int(count(f, AGENT, 0, 1000), CX_VERSIONS_KEPT,
               "so many are kept");
    tap_is_int(cx_store_version(f->s, AGENT, 5, f->a, &v), CX_NOT_FOUND,
               "the oldest went");
    tap_is_int(cx_store_version(f->s, AGENT, 6, f->a, &v), CX_OK,
               "the others did not");
    tap_is_int(count(f, OTHER, 0, 10), 1, "nor did those of others");
}


static void
owned(fixture *f)
{
    cx_version_row  v;

    cx_store_as(f->s, 77);
    tap_is_int(count(f, AGENT, 0, 10), 0, "another tenant sees none");
    tap_is_int(cx_store_version(f->s, AGENT, 6, f->a, &v), CX_NOT_FOUND,
               "not even one it can name");
    cx_store_as(f->s, 1);
    tap_is_int(TX(f->s, cx_store_agent_delete(f->s, OTHER)), CX_OK,
               "an agent goes");
    tap_is_int(count(f, OTHER, 0, 10), 0, "with its versions");
}


int
main(void)
{
    fixture             f;
    const cx_agent_row  other = fx_agent(OTHER, "other");

    fx_open(&f);
    (void) TX(f.s, cx_store_agent_put(f.s, &other, true));

    numbered(&f);
    bounded(&f);
    owned(&f);

    fx_close(&f);
    return tap_done();
}
