/*
 * Who is whom, on random traces: customers of two tenants write on several
 * channels and show numbers, addresses and names of users that others have
 * too; people merge and split them.  What the store makes of it is compared
 * with a model that knows only the rules.
 */

#include "unit/store/identity_model.h"

#include "store/customers.h"
#include "store/tenants.h"

#define BATCH  20                   /* steps of one transaction */

/* What the store got wrong, by rule. */
static int  wrong_root, wrong_links, wrong_place, wrong_history, wrong_tenant;
static int  wrong_undo, wrong_code;


/* --- comparing ----------------------------------------------------------- */

static void
check_root(const fixture *f, int who)
{
    cx_customer_row  row;

    cx_store_as(f->s, tenant_id(people[who].tenant));

    if (cx_store_customer(f->s, people[who].id, false, f->a, &row) != CX_OK
        || row.root_id != people[who].root)
    {
        wrong_root++;
    }

    cx_store_as(f->s, tenant_id(1 - people[who].tenant));

    if (cx_store_customer(f->s, people[who].id, false, f->a, &row)
        != CX_NOT_FOUND)
    {
        wrong_tenant++;
    }
}


static const bond *
find_bond(const cx_link_row *l)
{
    for (int i = 0; i < nbonds; i++) {
        if (bonds[i].id == l->id) {
            return &bonds[i];
        }
    }

    return NULL;
}


static const char *
kind_word(int kind)
{
    return kind == PERSON ? "person" : cx_proof_word((cx_proof) kind);
}


/* All links of a root are the model's, and there are as many. */
static int
count_links(const fixture *f, int64_t root)
{
    cx_link_list  list = { 0 };

    fx_must(cx_store_customer_links(f->s, root, f->a, &list) == CX_OK,
            "links");

    for (size_t i = 0; i < list.n; i++) {
        const cx_link_row  *l = &list.items[i];
        const bond         *d = find_bond(l);

        if (d == NULL || !d->live || people[d->a].id != l->a
            || people[d->b].id != l->b
            || !cx_str_eq(l->kind, cx_strz(kind_word(d->kind))))
        {
            wrong_links++;
        }
    }

    return (int) list.n;
}


static void
check_all(const fixture *f)
{
    int  found = 0, live = 0;

    for (int i = 0; i < npeople; i++) {
        check_root(f, i);
        cx_store_as(f->s, tenant_id(people[i].tenant));

        if (people[i].root == people[i].id) {
            found += count_links(f, people[i].id);
        }
    }

    for (int i = 0; i < nbonds; i++) {
        live += bonds[i].live;
        wrong_tenant += people[bonds[i].a].tenant != people[bonds[i].b].tenant;
    }

    wrong_links += found != live;
}


/* All that can be seen of a tenant's customers, as one text. */
static cx_str
picture(const fixture *f, cx_arena *a, int tenant)
{
    cx_customer_list  roots = { 0 }, members;
    cx_link_list      links;
    cx_peer_list      peers;
    cx_buf            b;

    cx_buf_init(&b, a, 65536, (size_t) 16 << 20);
    cx_store_as(f->s, tenant_id(tenant));
    fx_must(cx_store_customers(f->s, CX_NOSTR, 0, STEPS, a, &roots) == CX_OK,
            "roots");

    for (size_t i = 0; i < roots.n; i++) {
        fx_must(cx_store_customer_members(f->s, roots.items[i].id, a, &members)
                == CX_OK
                && cx_store_customer_links(f->s, roots.items[i].id, a, &links)
                   == CX_OK
                && cx_store_customer_peers(f->s, roots.items[i].id, a, &peers)
                   == CX_OK, "picture");

        for (size_t k = 0; k < members.n; k++) {
            const cx_customer_row  *m = &members.items[k];

            cx_buf_printf(&b, "%" PRId64 " %" PRId64 " %" PRId64
                          " %.*s %.*s\n",
                          m->id, m->root_id, m->updated_at, CX_ARG(m->name),
                          CX_ARG(m->email));
        }

        for (size_t k = 0; k < links.n; k++) {
            const cx_link_row  *l = &links.items[k];

            cx_buf_printf(&b, " %" PRId64 " %" PRId64 " %" PRId64 " %.*s\n",
                          l->id, l->a, l->b, CX_ARG(l->kind));
        }

        for (size_t k = 0; k < peers.n; k++) {
            const cx_peer_row  *p = &peers.items[k];

            cx_buf_printf(&b, " %" PRId64 " %" PRId64 " %.*s\n",
                          p->customer_id, p->conversation_id,
                          CX_ARG(p->peer));
        }
    }

    return cx_buf_str(&b);
}


/* --- somebody writes ----------------------------------------------------- */

static int
new_person(int tenant)
{
    somebody  *p = &people[npeople];

    memset(p, 0, sizeof(*p));
    p->tenant = tenant;
    p->channel = any(CHANNELS);
    (void) snprintf(p->peer, sizeof(p->peer), "peer-%d", npeople);

    for (int k = 0; k < CX_PROOF_COUNT; k++) {
        p->last[k] = -1;
    }

    return npeople++;
}


static bool
same_as_last(const somebody *p, const int value[CX_PROOF_COUNT])
{
    bool  none = true;

    for (int k = 0; k < CX_PROOF_COUNT; k++) {
        none = none && value[k] < 0;
    }

    return none || memcmp(p->last, value, sizeof(p->last)) == 0;
}


static void
model_take(int who, const cx_take *in, const int value[CX_PROOF_COUNT],
    const cx_taken *t)
{
    somebody  *p = &people[who];

    if (p->id == 0) {
        p->id = in->new_id[2];
        p->conversation = t->conversation_id;
    }

    talk[ntalk++] = (said) { t->message_id, t->turn_id, who, true };

    if (same_as_last(p, value)) {
        return;
    }

    memcpy(p->last, value, sizeof(p->last));

    for (int k = 0; k < CX_PROOF_COUNT; k++) {
        if (value[k] >= 0) {
            model_show(who, k, value[k], in->link_id[k]);
        }
    }
}


/* Values that were shown a little ago, now and then none. */
static void
choose_values(int step, int value[CX_PROOF_COUNT])
{
    for (int k = 0; k < CX_PROOF_COUNT; k++) {
        value[k] = any(3) == 0 ? (step / 12 + any(8)) % VALUES : -1;
    }
}


static cx_taken
take(const fixture *f, int who, int step)
{
    somebody  *p = &people[who];
    char       id[32], text[CX_PROOF_COUNT][24];
    int        value[CX_PROOF_COUNT];
    cx_msg     m;
    cx_take    in;
    cx_taken   t;

    (void) snprintf(id, sizeof(id), "wamid.%d", step);
    m = fx_msg(p->peer, id, "hi");
    in = fx_take(f, &m, T0 + step);
    in.tenant = tenant_id(p->tenant);
    in.channel_id = channel_id(p->tenant, p->channel);
    choose_values(step, value);

    for (int k = 0; k < CX_PROOF_COUNT; k++) {
        (void) snprintf(text[k], sizeof(text[k]), "value-%d", value[k]);
        in.proofs.value[k] = value[k] < 0 ? CX_NOSTR : cx_strz(text[k]);

        for (int i = 0; i < CX_TAKE_LINKS; i++) {
            in.link_id[k][i] = fx_next();
        }
    }

    memset(&t, 0, sizeof(t));
    fx_must(cx_store_take(f->s, &in, &t) == CX_OK, cx_store_error(f->s));
    model_take(who, &in, value, &t);

    return t;
}


/* The newest of all that was said to and by those who are one, without the
 * inputs of the turn. */
static void
check_history(const fixture *f, int who, const cx_taken *t)
{
    cx_recall  r;
    size_t     n = 0;

    fx_must(cx_store_recall(f->s, t->turn_id, HISTORY, f->a, &r) == CX_OK,
            "recall");

    for (int i = ntalk - 1; i >= 0 && n < HISTORY; i--) {
        const said  *m = &talk[i];

        if (people[m->who].root != people[who].root
            || (m->input && m->turn == t->turn_id))
        {
            continue;
        }

        n++;

        if (n > r.history.n
            || r.history.items[r.history.n - n].id != m->id
            || (r.history.items[r.history.n - n].channel.len == 0)
               != (m->who == who))
        {
            wrong_history++;
            return;
        }
    }

    wrong_history += n != r.history.n;
    wrong_place += !cx_str_eq(r.peer, cx_strz(people[who].peer));
}


/* recipient(reply) = address(inbound) */
static void
reply(const fixture *f, int who, const cx_taken *t, int step)
{
    const int64_t  id = fx_next();
    const cx_str   part = CX_STR("hello");
    const cx_plan  plan = {
        .fence = fx_fence(f), .turn_id = t->turn_id, .inputs = t->inputs,
        .state = CX_TURN_REPLIED, .parts = &part, .part_ids = &id,
        .nparts = 1, .now_ms = T0 + step,
    };
    const cx_claim   claim = { fx_fence(f), id, T0 + step };
    const cx_settle  settle = {
        .fence = fx_fence(f), .message_id = id,
        .state = CX_MSGSTATE_ACCEPTED, .now_ms = T0 + step,
        .provider_id = CX_STR("wamid.out"),
    };
    cx_outgoing      o;

    fx_must(cx_store_plan(f->s, &plan) == CX_OK, "plan");
    fx_must(cx_store_claim(f->s, &claim, f->a, &o) == CX_OK, "claim");
    fx_must(cx_store_settle(f->s, &settle) == CX_OK, "settle");
    talk[ntalk++] = (said) { id, t->turn_id, who, false };

    wrong_place += !cx_str_eq(o.peer, cx_strz(people[who].peer))
                   || o.conversation_id != people[who].conversation
                   || o.channel_id != channel_id(people[who].tenant,
                                                 people[who].channel);
}


static void
somebody_writes(const fixture *f, int step)
{
    const int  who = npeople == 0 || any(4) == 0
                     ? new_person(any(TENANTS))
                     : npeople - 1 - any(npeople < 60 ? npeople : 60);
    cx_taken   t = take(f, who, step);

    model_roots();
    check_root(f, who);

    if (any(2) == 0) {
        check_history(f, who, &t);
        reply(f, who, &t, step);
    }
}


/* --- people decide ------------------------------------------------------- */

static cx_err
merge(const fixture *f, int x, int y, int64_t *id)
{
    const cx_link_row  l = {
        .id = fx_next(), .a = people[x].id, .b = people[y].id, .at = T0,
        .who = CX_STR("ann"),
    };

    *id = l.id;
    cx_store_as(f->s, tenant_id(people[x].tenant));
    return cx_store_customer_merge(f->s, &l);
}


static void
somebody_merges(const fixture *f)
{
    const int  x = any(npeople), y = any(npeople);
    int64_t    id;
    cx_err     want = people[x].tenant != people[y].tenant ? CX_NOT_FOUND
                      : x == y ? CX_INVALID
                      : model_knows(x, y, PERSON, true) ? CX_CONFLICT : CX_OK;

    wrong_code += merge(f, x, y, &id) != want;

    if (want == CX_OK) {
        model_bond(id, x, y, PERSON);
    }

    model_roots();
    check_root(f, x);
    check_root(f, y);
}


static void
somebody_splits(const fixture *f)
{
    const int  x = any(npeople), pick = nbonds > 0 ? any(nbonds) : 0;
    const bool one = nbonds > 0 && any(2) == 0;
    size_t     n = 0, want = 0;
    int        who = one ? bonds[pick].a : x;
    cx_err     err;

    cx_store_as(f->s, tenant_id(people[who].tenant));
    err = cx_store_customer_split(f->s, people[who].id,
                                  one ? bonds[pick].id : 0, CX_STR("ann"), T0,
                                  f->a, &n);

    for (int i = 0; i < nbonds; i++) {
        if (bonds[i].live && (one ? i == pick : bonds[i].a == who
                                                || bonds[i].b == who))
        {
            model_undo(&bonds[i]);
            want++;
        }
    }

    wrong_code += one && want == 0 ? err != CX_NOT_FOUND
                                   : err != CX_OK || n != want;
    model_roots();
    check_root(f, who);
}


/* unmerge(merge(x)) = x, also of several that overlap, undone in any order. */
static void
merges_and_back(const fixture *f)
{
    int       x = any(npeople), n = 0;
    int64_t   ids[4], id;
    size_t    undone;
    cx_str    before, after;
    cx_arena *a = cx_arena_new((size_t) 64 << 20);

    fx_must(a != NULL, "memory");
    before = picture(f, a, people[x].tenant);

    for (int i = 0; i < 4; i++) {
        if (merge(f, x, any(npeople), &id) == CX_OK) {
            ids[n++] = id;
        }
    }

    while (n > 0) {
        const int  i = any(n);

        cx_store_as(f->s, tenant_id(people[x].tenant));
        wrong_code += cx_store_customer_split(f->s, people[x].id, ids[i],
                                              CX_STR("ann"), T0, f->a,
                                              &undone) != CX_OK
                      || undone != 1;
        ids[i] = ids[--n];
    }

    after = picture(f, a, people[x].tenant);
    wrong_undo += before.len == 0 || !cx_str_eq(before, after);
    cx_arena_free(a);
}


static void
step_once(const fixture *f, int step)
{
    const int  what = any(100);

    if (what < 84 || npeople < 2) {
        somebody_writes(f, step);

    } else if (what < 90) {
        somebody_merges(f);

    } else if (what < 99) {
        somebody_splits(f);

    } else {
        merges_and_back(f);
    }
}


static void
set_up(const fixture *f)
{
    const cx_tenant_row  other = {
        .id = tenant_id(1), .name = CX_STR("other"),
        .state = CX_STR("active"), .created_at = T0, .updated_at = T0,
    };

    fx_must(TX(f->s, cx_store_tenant_put(f->s, &other, true)) == CX_OK,
            "a tenant");

    for (int t = 0; t < TENANTS; t++) {
        const cx_agent_row  agent = fx_agent(50 + t, "desk");

        cx_store_as(f->s, tenant_id(t));
        fx_must(TX(f->s, cx_store_agent_put(f->s, &agent, true)) == CX_OK,
                "an agent");

        for (int c = 0; c < CHANNELS; c++) {
            char            name[32];
            cx_channel_row  row;

            (void) snprintf(name, sizeof(name), "ch-%d-%d", t, c);
            row = fx_channel(channel_id(t, c), name, name);
            row.agent_id = agent.id;
            fx_must(TX(f->s, cx_store_channel_put(f->s, &row, true)) == CX_OK,
                    "a channel");
        }
    }
}


int
main(void)
{
    fixture  f;
    int      live = 0, steps;

    fx_open(&f);
    set_up(&f);
    steps = f.shared ? STEPS / 3 : STEPS;   /* each a dozen round trips */

    for (int step = 0; step < steps; step++) {
        if (step % BATCH == 0) {
            fx_begin(f.s);
        }

        step_once(&f, step);

        if (step % BATCH == BATCH - 1) {
            fx_end(f.s, CX_OK);
            cx_arena_reset(f.a);
        }

        if (step % 1000 == 999) {
            check_all(&f);
        }
    }

    check_all(&f);

    for (int i = 0; i < nbonds; i++) {
        live += bonds[i].live;
    }

    printf("# %d customers, %d links, %d of them stand, %d messages\n",
           npeople, nbonds, live, ntalk);
    tap_ok(npeople > steps / 8 && nbonds > steps / 8 && live > 50,
           "a trace worth looking at");
    tap_is_int(wrong_root, 0, "roots are those of the model");
    tap_is_int(wrong_links, 0, "so are the links");
    tap_is_int(wrong_tenant, 0, "nothing crosses tenants");
    tap_is_int(wrong_place, 0, "a reply goes where its message came from");
    tap_is_int(wrong_history, 0, "one history of those who are one");
    tap_is_int(wrong_code, 0, "what is refused is refused");
    tap_is_int(wrong_undo, 0, "unmerge(merge(x)) = x");

    fx_close(&f);
    return tap_done();
}
