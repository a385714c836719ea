/* What people said of answers, and what the answers' confidences were. */

#include "unit/store/fixture.h"

#include "store/labels.h"


/* A turn that is answered or waits, with that confidence; its id. */
static int64_t
answered(const fixture *f, const char *id, double confidence,
    cx_turn_state state, int64_t sampled, bool judged)
{
    static int64_t  part;

    const cx_str    text = CX_STR("From 15:00.");
    const cx_taken  t = fx_taken(f, id, id, "When?", T0);
    cx_plan         in = {
        .fence = fx_fence(f),
        .turn_id = t.turn_id,
        .inputs = t.inputs,
        .state = state,
        .confidence = confidence,
        .evidence = judged ? CX_STR("{\"reasons\":[\"so\"]}") : CX_NOSTR,
        .sampled = sampled,
        .draft = state == CX_TURN_HUMAN ? text : CX_NOSTR,
        .now_ms = T0,
    };

    if (state == CX_TURN_REPLIED) {
        part = fx_next();
        in.parts = &text;
        in.part_ids = &part;
        in.nparts = 1;
    }

    fx_must(TX(f->s, cx_store_plan(f->s, &in)) == CX_OK, "plan");
    return t.turn_id;
}


static void
decide(const fixture *f, int64_t turn, const char *verdict)
{
    const cx_str   text = CX_STR("From 15:00.");
    const int64_t  id = fx_next();

    fx_must(TX(f->s, cx_store_review_decide(f->s, turn, cx_strz(verdict),
                         &text, &id, strcmp(verdict, "rejected") != 0,
                         CX_STR("ann"), CX_NOSTR, T0 + 5)) == CX_OK,
            "decided");
}


static cx_label_list
labels(const fixture *f)
{
    cx_label_list  list = { .n = 0 };

    fx_must(cx_store_labels(f->s, AGENT, 100, f->a, &list) == CX_OK,
            "labels");
    return list;
}


static void
is_label(const cx_label_row *r, double confidence, const char *verdict,
    const char *kind, double share)
{
    tap_ok(r->confidence > confidence - 0.001
           && r->confidence < confidence + 0.001
           && cx_str_eq(r->verdict, cx_strz(verdict))
           && cx_str_eq(r->kind, cx_strz(kind))
           && r->share > share - 0.001 && r->share < share + 0.001,
           "%.2f %.*s %.*s %.2f", r->confidence, CX_ARG(r->verdict),
           CX_ARG(r->kind), r->share);
}


static void
reviews(const fixture *f)
{
    cx_review_row   row;
    cx_label_list   list;
    const int64_t   a = answered(f, "r1", 0.5, CX_TURN_HUMAN, 0, true);

    fx_must(cx_store_review(f->s, a, f->a, &row) == CX_OK, "review");
    tap_is_str(row.evidence, CX_STR("{\"reasons\":[\"so\"]}"),
               "a review has its evidence");
    tap_is_int((int64_t) labels(f).n, 0, "no label before a word is said");

    decide(f, a, "approved");
    decide(f, answered(f, "r2", 0.4, CX_TURN_HUMAN, 0, true), "edited");
    decide(f, answered(f, "r3", 0.3, CX_TURN_HUMAN, 0, true), "rejected");
    decide(f, answered(f, "r4", 0, CX_TURN_HUMAN, 0, false), "approved");

    list = labels(f);
    tap_is_int((int64_t) list.n, 3, "three verdicts; one was no answer");
    is_label(&list.items[0], 0.3, "wrong", "review", 1);
    is_label(&list.items[1], 0.4, "edited", "review", 1);
    is_label(&list.items[2], 0.5, "right", "review", 1);
}


static void
sent(const fixture *f)
{
    cx_message_list  drawn = { .n = 0 };
    cx_label_list    list;
    const int64_t    a = answered(f, "s1", 0.97, CX_TURN_REPLIED, 5, true);
    const int64_t    b = answered(f, "s2", 0.98, CX_TURN_REPLIED, 0, true);
    const int64_t    c = answered(f, "s3", 0, CX_TURN_REPLIED, 5, false);

    cx_store_as(f->s, 1);
    tap_is_int(cx_store_samples(f->s, AGENT, 0, 10, f->a, &drawn), CX_OK,
               "what was drawn");
    tap_ok(drawn.n == 2 && drawn.items[1].turn_id == a
           && cx_str_eq(drawn.items[1].evidence,
                        CX_STR("{\"reasons\":[\"so\"]}"))
           && drawn.items[1].label.len == 0, "waits, newest first");
    (void) cx_store_samples(f->s, AGENT, c, 10, f->a, &drawn);
    tap_ok(drawn.n == 1 && drawn.items[0].turn_id == a, "and in pages");

    tap_is_int(TX(f->s, cx_store_label_sent(f->s, a, CX_STR("wrong"),
                                            CX_STR("ann"), T0 + 9)), CX_OK,
               "one is wrong");
    tap_is_int(TX(f->s, cx_store_label_sent(f->s, b, CX_STR("wrong"),
                                            CX_STR("ann"), T0 + 9)), CX_OK,
               "one that nobody drew as well");
    tap_is_int(TX(f->s, cx_store_label_sent(f->s, b, CX_STR("right"),
                                            CX_STR("bob"), T0 + 10)), CX_OK,
               "... no, it was not");
    tap_is_int(TX(f->s, cx_store_label_sent(f->s, c, CX_STR("wrong"),
                                            CX_STR("ann"), T0 + 9)),
               CX_CONFLICT, "what had no confidence has no label");
    tap_is_int(TX(f->s, cx_store_label_sent(f->s, a, CX_STR("nice"),
                                            CX_STR("ann"), T0 + 9)),
               CX_INVALID, "nor has anything another word");

    list = labels(f);
    tap_is_int((int64_t) list.n, 5, "two more");
    is_label(&list.items[0], 0.98, "right", "mark", 1);
    is_label(&list.items[1], 0.97, "wrong", "sample", 0.05);

    (void) cx_store_samples(f->s, AGENT, 0, 10, f->a, &drawn);
    tap_ok(drawn.n == 1 && drawn.items[0].turn_id == c,
           "what has its label does not wait");
}


static void
confidences(const fixture *f)
{
    cx_confidence_list  list = { .n = 0 };

    tap_is_int(cx_store_confidences(f->s, AGENT, 3, f->a, &list), CX_OK,
               "confidences");
    tap_ok(list.n == 3 && list.items[0] > 0.979 && list.items[2] < 0.301,
           "the newest, of what was judged");

    cx_store_as(f->s, 2);
    (void) cx_store_confidences(f->s, AGENT, 3, f->a, &list);
    tap_is_int((int64_t) list.n, 0, "not those of another tenant");
    tap_is_int((int64_t) labels(f).n, 0, "nor labels");
    cx_store_as(f->s, 1);
}


static void
agents(const fixture *f)
{
    cx_agent_row  a = fx_agent(31, "second");

    fx_must(TX(f->s, cx_store_agent_put(f->s, &a, true)) == CX_OK, "agent");
    fx_must(f->s->driver->exec(f->s,
        "INSERT INTO labels (id, tenant, agent_id, conversation_id,"
        " created_at, confidence, share, verdict, kind, who)"
        " VALUES (9, 1, 31, 8, 7, 0.5, 1, 'right', 'review', 'ann')")
            == CX_OK, "label");
    tap_is_int(TX(f->s, cx_store_agent_delete(f->s, 31)), CX_OK,
               "an agent goes");
    tap_is_int(fx_ask(f->s, "SELECT count(*) FROM labels"
                            " WHERE agent_id = 31"), 0, "with its labels");
}


int
main(void)
{
    fixture  f;

    fx_open(&f);
    cx_store_as(f.s, 1);

    reviews(&f);
    sent(&f);
    confidences(&f);
    agents(&f);

    fx_close(&f);
    return tap_done();
}
