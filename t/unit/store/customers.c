/* Who is whom: by proofs and by people, and nothing of it for good. */

#include "unit/store/fixture.h"

#include "store/customers.h"

#include <pthread.h>

#define SMS   INT64_C(22)
#define CHAT  INT64_C(23)
#define RACES  60


static int64_t
channel_new(const fixture *f, int64_t id, const char *name,
    const char *account)
{
    const cx_channel_row  row = fx_channel(id, name, account);

    fx_must(TX(f->s, cx_store_channel_put(f->s, &row, true)) == CX_OK,
            "a channel");
    return id;
}


/* A message and what it proves. */
typedef struct {
    int64_t      channel;
    const char  *peer;
    const char  *text;
    const char  *value[CX_PROOF_COUNT];     /* NULL: nothing */
} hello;


static cx_taken
say_in(const fixture *f, const hello *h, int64_t now, int64_t *customer)
{
    char      id[32];
    cx_msg    m;
    cx_take   in;
    cx_taken  t;

    (void) snprintf(id, sizeof(id), "wamid.%" PRId64, fx_next());
    m = fx_msg(h->peer, id, h->text);
    in = fx_take(f, &m, now);
    in.channel_id = h->channel;

    for (size_t p = 0; p < CX_PROOF_COUNT; p++) {
        in.proofs.value[p] = h->value[p] != NULL ? cx_strz(h->value[p])
                                                 : CX_NOSTR;

        for (size_t i = 0; i < CX_TAKE_LINKS; i++) {
            in.link_id[p][i] = fx_next();
        }
    }

    memset(&t, 0, sizeof(t));
    fx_must(cx_store_take(f->s, &in, &t) == CX_OK, "take");
    *customer = in.new_id[2];

    return t;
}


static int64_t
customer_of(const fixture *f, const hello *h, int64_t now)
{
    cx_conversation_row  c;
    int64_t              id;
    cx_taken             t;

    fx_begin(f->s);
    t = say_in(f, h, now, &id);
    fx_end(f->s, CX_OK);
    fx_must(cx_store_conversation(f->s, t.conversation_id, f->a, &c) == CX_OK,
            "the conversation");

    return c.identity_id;
}


static int64_t
root_of(const fixture *f, int64_t id)
{
    cx_customer_row  row;

    fx_must(cx_store_customer(f->s, id, false, f->a, &row) == CX_OK,
            "the customer");
    return row.root_id;
}


static cx_err
merge(const fixture *f, int64_t x, int64_t y, int64_t *link)
{
    const cx_link_row  row = {
        .id = fx_next(), .a = x, .b = y, .at = T0, .who = CX_STR("ann"),
    };

    *link = row.id;
    return cx_store_customer_merge(f->s, &row);
}


static cx_err
split(const fixture *f, int64_t id, int64_t link, size_t *n)
{
    *n = 0;
    return cx_store_customer_split(f->s, id, link, CX_STR("ann"), T0, f->a,
                                   n);
}


/* --- by proofs ----------------------------------------------------------- */

static void
proofs_join(const fixture *f)
{
    const hello      wa = { CHANNEL, "491511", "hi",
                            { [CX_PROOF_PHONE] = "+491511" } };
    const hello      sms = { SMS, "+491511", "it is me",
                             { [CX_PROOF_PHONE] = "+491511" } };
    const hello      chat = { CHAT, "u:7", "and here",
                              { [CX_PROOF_EMAIL] = "ada@example.com",
                                [CX_PROOF_VISITOR] = "7" } };
    const hello      else_ = { SMS, "+491512", "not me",
                               { [CX_PROOF_PHONE] = "+491512" } };
    const int64_t    x = customer_of(f, &wa, T0);
    const int64_t    other = customer_of(f, &else_, T0);
    const int64_t    y = customer_of(f, &sms, T0);
    const int64_t    z = customer_of(f, &chat, T0);
    cx_customer_row  row;
    cx_link_list     links;
    cx_peer_list     peers;

    tap_is_int(root_of(f, x), x, "the first is its own root");
    tap_is_int(root_of(f, y), x, "the same number elsewhere is the same one");
    tap_is_int(root_of(f, z), z, "an address is not a number");
    tap_is_int(root_of(f, other), other, "nor is another number");
    tap_is_int(customer_of(f, &sms, T0), y, "a conversation keeps its own");

    tap_is_int(cx_store_customer_links(f->s, x, f->a, &links), CX_OK, "links");
    tap_is_int((int64_t) links.n, 1, "there is one link");
    tap_is_str(links.items[0].kind, CX_STR("phone"), "by the number");
    tap_ok(links.items[0].a == x && links.items[0].b == y
           && links.items[0].who.len == 0, "by itself, the lesser first");
    tap_is_int(cx_store_customer_peers(f->s, x, f->a, &peers), CX_OK, "peers");
    tap_is_int((int64_t) peers.n, 2, "two addresses");
    tap_is_str(peers.items[1].channel, CX_STR("sms"), "of two channels");

    fx_must(cx_store_customer(f->s, z, false, f->a, &row) == CX_OK, "row");
    tap_is_str(row.email, CX_STR("ada@example.com"),
               "a verified address is kept");
}


/* A value that a person has taken apart joins nobody any more. */
static void
split_is_remembered(const fixture *f)
{
    const hello    wa = { CHANNEL, "4920", "hi",
                          { [CX_PROOF_PHONE] = "+492000000" } };
    const hello    sms = { SMS, "+4920", "hi",
                           { [CX_PROOF_PHONE] = "+492000000" } };
    const hello    again = { SMS, "+4920", "hi",
                             { [CX_PROOF_PHONE] = "+492000000",
                               [CX_PROOF_EMAIL] = "x@example.com" } };
    const hello    third = { CHAT, "4920", "hi",
                             { [CX_PROOF_PHONE] = "+492000000" } };
    const int64_t  x = customer_of(f, &wa, T0);
    const int64_t  y = customer_of(f, &sms, T0);
    int64_t        z;
    size_t         n;

    tap_is_int(root_of(f, y), x, "joined");
    tap_is_int(TX(f->s, split(f, y, 0, &n)), CX_OK, "split by a person");
    tap_is_int((int64_t) n, 1, "one link is undone");
    tap_is_int(root_of(f, y), y, "apart");
    tap_is_int(customer_of(f, &again, T0), y, "the same comes again");
    tap_is_int(root_of(f, y), y, "and stays apart");
    z = customer_of(f, &third, T0);
    tap_is_int(root_of(f, z), z, "nor is a third joined to one of them");

    tap_is_int(TX(f->s, split(f, y, 0, &n)), CX_OK, "split again");
    tap_is_int((int64_t) n, 0, "there was nothing");
    tap_is_int(TX(f->s, split(f, y, 999999, &n)), CX_NOT_FOUND,
               "no such link");
    tap_is_int(TX(f->s, split(f, 999999, 0, &n)), CX_NOT_FOUND,
               "no such customer");
}


/* --- by people ----------------------------------------------------------- */

static void
merge_and_back(const fixture *f)
{
    const hello    a = { CHANNEL, "4930", "hi", { NULL } };
    const hello    b = { SMS, "+4930", "hi", { NULL } };
    const int64_t  x = customer_of(f, &a, T0);
    const int64_t  y = customer_of(f, &b, T0);
    int64_t        link, twice;
    size_t         n;

    tap_is_int(TX(f->s, merge(f, y, x, &link)), CX_OK, "merged");
    tap_is_int(root_of(f, y), x, "the lesser is the root");
    tap_is_int(TX(f->s, merge(f, x, y, &twice)), CX_CONFLICT, "said already");
    tap_is_int(TX(f->s, merge(f, x, x, &twice)), CX_INVALID, "with itself");
    tap_is_int(TX(f->s, merge(f, x, 999999, &twice)), CX_NOT_FOUND,
               "with nobody");
    tap_is_int(TX(f->s, split(f, x, link, &n)), CX_OK, "that link undone");
    tap_is_int(root_of(f, y), y, "as before");
    tap_is_int(TX(f->s, merge(f, x, y, &link)), CX_OK, "and merged anew");
    tap_is_int(TX(f->s, split(f, x, 0, &n)), CX_OK, "and split");

    cx_store_as(f->s, 2);
    tap_is_int(TX(f->s, merge(f, x, y, &link)), CX_NOT_FOUND,
               "another tenant sees neither");
    tap_is_int(TX(f->s, split(f, x, 0, &n)), CX_NOT_FOUND, "nor splits");
    cx_store_as(f->s, 1);
}


static void
names(const fixture *f)
{
    const hello       a = { CHANNEL, "4940", "hi", { NULL } };
    const int64_t     id = customer_of(f, &a, T0);
    cx_customer_row   row;
    cx_customer_list  list;
    cx_msg            m = fx_msg("4940", "wamid.named", "hi");
    cx_take           in;
    cx_taken          t;

    fx_must(cx_store_customer(f->s, id, false, f->a, &row) == CX_OK, "row");
    row.name = CX_STR("Ada 100% L_ovelace");
    row.note = CX_STR("calls on Mondays");
    row.updated_at = T0 + 5;
    tap_is_int(TX(f->s, cx_store_customer_put(f->s, &row)), CX_OK, "named");

    m.name = CX_STR("profile name");
    m.username = CX_STR("ada");
    in = fx_take(f, &m, T0);
    fx_must(TX(f->s, cx_store_take(f->s, &in, &t)) == CX_OK, "take");
    fx_must(cx_store_customer(f->s, id, false, f->a, &row) == CX_OK, "row");
    tap_is_str(row.name, CX_STR("Ada 100% L_ovelace"),
               "a message does not change what a person called it");
    tap_is_str(row.username, CX_STR("ada"), "but tells the rest");
    tap_is_str(row.note, CX_STR("calls on Mondays"), "the note");

    cx_store_customers(f->s, CX_STR("oVELA"), 0, 10, f->a, &list);
    tap_is_int((int64_t) list.n, 1, "found by a part of the name");
    cx_store_customers(f->s, CX_STR("0% L_"), 0, 10, f->a, &list);
    tap_is_int((int64_t) list.n, 1, "signs stand for themselves");
    cx_store_customers(f->s, CX_STR("A%e"), 0, 10, f->a, &list);
    tap_is_int((int64_t) list.n, 0, "and for nothing else");
    cx_store_customers(f->s, CX_STR("ADA"), 0, 10, f->a, &list);
    tap_is_int((int64_t) list.n, 1, "or of the user name");

    row.name = CX_NOSTR;
    tap_is_int(TX(f->s, cx_store_customer_put(f->s, &row)), CX_OK,
               "given back");
    m.id = CX_STR("wamid.named2");
    in = fx_take(f, &m, T0);
    fx_must(TX(f->s, cx_store_take(f->s, &in, &t)) == CX_OK, "take");
    fx_must(cx_store_customer(f->s, id, false, f->a, &row) == CX_OK, "row");
    tap_is_str(row.name, CX_STR("profile name"), "then a message names it");

    cx_store_as(f->s, 2);
    tap_is_int(TX(f->s, cx_store_customer_put(f->s, &row)), CX_NOT_FOUND,
               "not by another tenant");
    cx_store_customers(f->s, CX_NOSTR, 0, 10, f->a, &list);
    tap_is_int((int64_t) list.n, 0, "which sees no customer");
    cx_store_as(f->s, 1);
}


/* --- one history --------------------------------------------------------- */

static void
history(const fixture *f)
{
    const hello      wa = { CHANNEL, "4950", "on WhatsApp",
                            { [CX_PROOF_PHONE] = "+495000000" } };
    const hello      sms = { SMS, "+4950", "by SMS",
                             { [CX_PROOF_PHONE] = "+495000000" } };
    int64_t          x, y;
    cx_taken         t;
    cx_recall        r;
    cx_outgoing      o;
    cx_message_list  all;
    int64_t          out;

    fx_begin(f->s);
    t = say_in(f, &wa, T0, &x);
    fx_end(f->s, CX_OK);
    out = fx_planned(f, t.turn_id, t.inputs, "from us", T0);
    fx_must(fx_claim(f, out, T0, &o) == CX_OK, "claim");
    tap_is_str(o.peer, CX_STR("4950"), "the answer goes where it came from");

    fx_begin(f->s);
    t = say_in(f, &sms, T0, &y);
    fx_end(f->s, CX_OK);
    fx_must(cx_store_recall(f->s, t.turn_id, 10, f->a, &r) == CX_OK, "recall");
    tap_is_str(r.question, CX_STR("by SMS"), "the question");
    tap_is_int((int64_t) r.history.n, 2, "what was said elsewhere");
    tap_is_str(r.history.items[0].text, CX_STR("on WhatsApp"), "oldest first");
    tap_is_str(r.history.items[0].channel, CX_STR("wa-main"), "and where");
    tap_is_str(r.history.items[1].text, CX_STR("from us"), "both sides");
    tap_is_str(r.peer, CX_STR("+4950"), "the reply goes to this one");

    cx_store_recall(f->s, t.turn_id, 1, f->a, &r);
    tap_ok(r.history.n == 1 && cx_str_eq(r.history.items[0].text,
                                         CX_STR("from us")),
           "the newest of all");

    fx_must(cx_store_customer_messages(f->s, x, 0, 2, f->a, &all) == CX_OK,
            "messages");
    tap_is_int((int64_t) all.n, 2, "a page");
    fx_must(cx_store_customer_messages(f->s, x, all.items[1].id, 2, f->a,
                                       &all) == CX_OK, "messages");
    tap_ok(all.n == 1 && cx_str_eq(all.items[0].channel, CX_STR("sms")),
           "the next one, of another channel");
}


/* --- two at once --------------------------------------------------------- */

/* A worker of its own: takes one message of each of RACES people. */
typedef struct {
    const fixture  *f;
    int64_t         channel;
    int64_t         first_id;
    int64_t         customer[RACES];
} runner;


static cx_err
take_one(cx_store *s, runner *r, int n)
{
    char      id[48], peer[32], phone[32];
    int64_t   at = r->first_id + 100 * n;
    cx_msg    m;
    cx_take   in;
    cx_taken  t;

    (void) snprintf(id, sizeof(id), "race.%" PRId64, at);
    (void) snprintf(peer, sizeof(peer), "race-%d", n);
    (void) snprintf(phone, sizeof(phone), "+4977000%d", n);
    m = fx_msg(peer, id, "hi");
    in = (cx_take) {
        .fence = fx_fence(r->f), .msg = &m, .channel_id = r->channel,
        .agent_id = AGENT, .new_id = { at, at + 1, at + 2, at + 3 },
        .now_ms = T0, .quiet_ms = 1000, .cap_ms = 3000,
    };
    in.proofs.value[CX_PROOF_PHONE] = cx_strz(phone);

    for (int i = 0; i < CX_TAKE_LINKS; i++) {
        in.link_id[CX_PROOF_PHONE][i] = at + 10 + i;
    }

    r->customer[n] = in.new_id[2];
    return cx_store_take(s, &in, &t);
}


static void *
run(void *arg)
{
    runner    *r = arg;
    cx_store  *s = fx_connect(r->f->path);

    for (int n = 0; n < RACES; /* void */) {
        if (cx_store_begin(s) == CX_OK && take_one(s, r, n) == CX_OK
            && cx_store_commit(s) == CX_OK)
        {
            n++;

        } else {
            cx_store_rollback(s);       /* as a batch that is read again */
        }
    }

    cx_store_close(s);
    return NULL;
}


static void
at_once(const fixture *f)
{
    runner     x = { .f = f, .channel = CHANNEL, .first_id = 1000000 };
    runner     y = { .f = f, .channel = SMS, .first_id = 2000000 };
    pthread_t  one, two;
    int        joined = 0;

    fx_must(pthread_create(&one, NULL, run, &x) == 0
            && pthread_create(&two, NULL, run, &y) == 0, "threads");
    pthread_join(one, NULL);
    pthread_join(two, NULL);

    for (int n = 0; n < RACES; n++) {
        joined += root_of(f, x.customer[n]) == x.customer[n]
                  && root_of(f, y.customer[n]) == x.customer[n];
    }

    tap_is_int(joined, RACES, "two workers at once see each other's proofs");
}


int
main(void)
{
    fixture  f;

    fx_open(&f);
    channel_new(&f, SMS, "sms", "+4900");
    channel_new(&f, CHAT, "chat", "chat");

    proofs_join(&f);
    split_is_remembered(&f);
    merge_and_back(&f);
    names(&f);
    history(&f);
    at_once(&f);

    fx_close(&f);
    return tap_done();
}
