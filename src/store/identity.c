/*
 * Proofs, the links they make, and the roots of those who are linked.
 */

#include "store/customers.h"

#include "store/sql.h"

#define PERSON  CX_STR("person")


/* --- roots --------------------------------------------------------------- */

static cx_err
root_of(cx_store *s, int64_t id, int64_t *root)
{
    return cx_ask_1(s, CX_SQL_CUSTOMER_ROOT, id, root);
}


/* A new link makes one group of two. */
static cx_err
join_roots(cx_store *s, int64_t x, int64_t y)
{
    int64_t  rx = 0, ry = 0;
    cx_err   err;

    err = root_of(s, x, &rx);

    if (err == CX_OK) {
        err = root_of(s, y, &ry);
    }

    if (err != CX_OK || rx == ry) {
        return err;
    }

    return rx < ry ? cx_run_2(s, CX_SQL_ROOT_MOVE, ry, rx)
                   : cx_run_2(s, CX_SQL_ROOT_MOVE, rx, ry);
}


/* By id; who is looked for is there. */
static size_t
place_of(const cx_customer_list *list, int64_t id)
{
    size_t  lo = 0, hi = list->n;

    while (hi - lo > 1) {
        const size_t mid = lo + (hi - lo) / 2;

        if (list->items[mid].id <= id) {
            lo = mid;

        } else {
            hi = mid;
        }
    }

    return lo;
}


static size_t
first_of(size_t *up, size_t i)
{
    while (up[i] != i) {
        up[i] = up[up[i]];
        i = up[i];
    }

    return i;
}


/* Which of the members are still together.  They stand by id: the first of a
 * group is its root. */
static cx_err
group(const cx_customer_list *members, const cx_link_list *links,
    cx_arena *a, size_t **out)
{
    size_t  *up = CX_NEW_N(a, members->n, size_t);

    if (up == NULL) {
        return CX_NOMEM;
    }

    for (size_t i = 0; i < members->n; i++) {
        up[i] = i;
    }

    for (size_t i = 0; i < links->n; i++) {
        const cx_link_row  *l = &links->items[i];
        const size_t        x = first_of(up, place_of(members, l->a));
        const size_t        y = first_of(up, place_of(members, l->b));

        if (l->undone_at == 0) {
            up[x < y ? y : x] = x < y ? x : y;
        }
    }

    *out = up;
    return CX_OK;
}


/* After links have been undone: those of what was one root. */
static cx_err
set_roots(cx_store *s, const cx_customer_list *members,
    const cx_link_list *links, cx_arena *a)
{
    size_t  *up = NULL;
    cx_err   err;

    err = group(members, links, a, &up);

    for (size_t i = 0; i < members->n && err == CX_OK; i++) {
        const int64_t root = members->items[first_of(up, i)].id;

        if (root != members->items[i].root_id) {
            err = cx_run_2(s, CX_SQL_ROOT_SET, members->items[i].id, root);
        }
    }

    return err;
}


/* --- links --------------------------------------------------------------- */

static cx_err
add_link(cx_store *s, const cx_link_row *l)
{
    const bool  first = l->a < l->b;
    cx_query    q;
    cx_err      err;

    err = cx_lock(s, CX_SQL_CUSTOMERS_LOCK, l->a);
    if (err != CX_OK) {
        return err;
    }

    q = cx_query_of(s, CX_SQL_LINK_ADD);
    cx_bind_i64(&q, l->id);
    cx_bind_i64(&q, first ? l->a : l->b);
    cx_bind_i64(&q, first ? l->b : l->a);
    cx_bind_str(&q, l->kind);
    cx_bind_i64(&q, l->at);
    cx_bind_str(&q, l->who);
    err = cx_query_run(&q);

    return err == CX_OK ? join_roots(s, l->a, l->b) : err;
}


/* What the two have shown alike is not of one person, says a person: it makes
 * no link any more. */
static cx_err
undo_link(cx_store *s, cx_link_row *l, cx_str who, int64_t now_ms)
{
    cx_query  q = cx_query_of(s, CX_SQL_LINK_UNDO);
    cx_err    err;

    cx_bind_i64(&q, l->id);
    cx_bind_i64(&q, now_ms);
    cx_bind_str(&q, who);
    err = cx_query_run(&q);
    l->undone_at = now_ms;

    if (err != CX_OK || cx_str_eq(l->kind, PERSON)) {
        return err;
    }

    q = cx_query_of(s, CX_SQL_VALUES_APART);
    cx_bind_i64(&q, l->a);
    cx_bind_i64(&q, l->b);
    cx_bind_str(&q, l->kind);

    return cx_query_run(&q);
}


/* --- by proofs ----------------------------------------------------------- */

/* *apart: this value is known not to be of one person alone. */
static cx_err
keep_proof(cx_store *s, int64_t customer_id, cx_str kind, cx_str value,
    int64_t now_ms, bool *apart)
{
    cx_query  q = cx_query_of(s, CX_SQL_PROOF_VALUE);
    cx_err    err;

    cx_bind_i64(&q, customer_id);
    cx_bind_str(&q, kind);
    cx_bind_str(&q, value);
    *apart = cx_query_next(&q) && cx_get_i64(&q) == 1;
    err = cx_query_end(&q);

    if (err != CX_OK) {
        return err;
    }

    q = cx_query_of(s, CX_SQL_PROOF_ADD);
    cx_bind_i64(&q, customer_id);
    cx_bind_str(&q, kind);
    cx_bind_str(&q, value);
    cx_bind_i64(&q, now_ms);

    return cx_query_run(&q);
}


/* Each of the others gets a link of its own: who is split off takes none of
 * the rest along. */
static cx_err
find_others(cx_store *s, int64_t customer_id, cx_str kind, cx_str value,
    int64_t others[CX_TAKE_LINKS], size_t *n)
{
    cx_query  q = cx_query_of(s, CX_SQL_PROOF_OTHERS);

    cx_bind_i64(&q, customer_id);
    cx_bind_str(&q, kind);
    cx_bind_str(&q, value);
    cx_bind_i64(&q, CX_TAKE_LINKS);

    for (*n = 0; *n < CX_TAKE_LINKS && cx_query_next(&q); ++*n) {
        others[*n] = cx_get_i64(&q);
    }

    return cx_query_end(&q);
}


static cx_err
prove(cx_store *s, const cx_take *in, int64_t customer_id, cx_proof p)
{
    const cx_str  kind = cx_strz(cx_proof_word(p));
    const cx_str  value = in->proofs.value[p];
    int64_t       others[CX_TAKE_LINKS];
    size_t        n = 0;
    bool          apart;
    cx_err        err;

    err = keep_proof(s, customer_id, kind, value, in->now_ms, &apart);

    if (err == CX_OK && !apart) {
        err = find_others(s, customer_id, kind, value, others, &n);
    }

    for (size_t i = 0; i < n && err == CX_OK; i++) {
        err = add_link(s, &(cx_link_row) {
            .id = in->link_id[p][i],
            .a = customer_id,
            .b = others[i],
            .kind = kind,
            .at = in->now_ms,
        });
    }

    return err;
}


cx_err
cx_store_prove(cx_store *s, const cx_take *in, int64_t customer_id,
    int64_t known)
{
    const int64_t  digest = cx_proofs_digest(&in->proofs);
    cx_query       q;
    cx_err         err = CX_OK;

    if (digest == 0 || digest == known) {
        return CX_OK;
    }

    for (int p = 0; p < CX_PROOF_COUNT && err == CX_OK; p++) {
        if (in->proofs.value[p].len > 0) {
            err = prove(s, in, customer_id, (cx_proof) p);
        }
    }

    if (err != CX_OK) {
        return err;
    }

    q = cx_query_of(s, CX_SQL_CUSTOMER_PROVEN);
    cx_bind_i64(&q, customer_id);
    cx_bind_i64(&q, digest);
    cx_bind_str(&q, in->proofs.value[CX_PROOF_EMAIL]);
    cx_bind_i64(&q, in->now_ms);

    return cx_query_run(&q);
}


/* --- by a person --------------------------------------------------------- */

static cx_err
is_theirs(cx_store *s, int64_t id)
{
    cx_query  q = cx_query_of(s, CX_SQL_CUSTOMER_GET);
    bool      found;
    cx_err    err;

    cx_bind_i64(&q, id);
    found = cx_query_next(&q);
    err = cx_query_end(&q);

    return err != CX_OK ? err : found ? CX_OK : CX_NOT_FOUND;
}


static cx_err
is_said(cx_store *s, const cx_link_row *l)
{
    cx_query  q = cx_query_of(s, CX_SQL_LINK_LIVE);
    bool      said;
    cx_err    err;

    cx_bind_i64(&q, l->a < l->b ? l->a : l->b);
    cx_bind_i64(&q, l->a < l->b ? l->b : l->a);
    said = cx_query_next(&q) && cx_get_i64(&q) != 0;
    err = cx_query_end(&q);

    return err != CX_OK ? err : said ? CX_CONFLICT : CX_OK;
}


cx_err
cx_store_customer_merge(cx_store *s, const cx_link_row *link)
{
    cx_link_row  l = *link;
    cx_err       err;

    l.kind = PERSON;

    err = is_theirs(s, l.a);

    if (err == CX_OK) {
        err = is_theirs(s, l.b);
    }

    if (err == CX_OK && l.a == l.b) {
        err = CX_INVALID;
    }

    if (err == CX_OK) {
        err = cx_lock(s, CX_SQL_CUSTOMERS_LOCK, l.a);
    }

    if (err == CX_OK) {
        err = is_said(s, &l);
    }

    return err == CX_OK ? add_link(s, &l) : err;
}


/* The whole group, as it is while nobody else can change it. */
static cx_err
hold_group(cx_store *s, int64_t customer_id, cx_arena *a,
    cx_customer_list *members, cx_link_list *links)
{
    int64_t  root = 0;
    cx_err   err;

    err = is_theirs(s, customer_id);

    if (err == CX_OK) {
        err = cx_lock(s, CX_SQL_CUSTOMERS_LOCK, customer_id);
    }

    if (err == CX_OK) {
        err = root_of(s, customer_id, &root);
    }

    if (err == CX_OK) {
        err = cx_store_customer_members(s, root, a, members);
    }

    return err == CX_OK ? cx_store_customer_links(s, root, a, links) : err;
}


cx_err
cx_store_customer_split(cx_store *s, int64_t customer_id, int64_t link_id,
    cx_str who, int64_t now_ms, cx_arena *a, size_t *n)
{
    cx_customer_list  members = { .n = 0 };
    cx_link_list      links = { .n = 0 };
    size_t            undone = 0;
    cx_err            err;

    err = hold_group(s, customer_id, a, &members, &links);

    for (size_t i = 0; i < links.n && err == CX_OK; i++) {
        cx_link_row  *l = &links.items[i];

        if (link_id != 0 ? l->id == link_id
            : l->a == customer_id || l->b == customer_id)
        {
            err = undo_link(s, l, who, now_ms);
            undone++;
        }
    }

    if (err == CX_OK && undone == 0 && link_id != 0) {
        err = CX_NOT_FOUND;
    }

    if (err == CX_OK) {
        err = set_roots(s, &members, &links, a);
    }

    if (err == CX_OK) {
        *n = undone;
    }

    return err;
}
