/* Summaries and transcripts: what a model sees beside the messages. */

#include "unit/store/fixture.h"

#include "store/context.h"
#include "store/erase.h"
#include "store/retention.h"

#define SAID  6                 /* messages of a customer, in one turn each */

static int64_t  ids[SAID];      /* of Ann's messages */
static int64_t  ann, turn;


static void
say_all(const fixture *f)
{
    char  id[32], text[32];

    for (int i = 0; i < SAID; i++) {
        cx_taken  t;

        snprintf(id, sizeof(id), "wamid.ann.%d", i);
        snprintf(text, sizeof(text), "ann says %d", i);
        t = fx_taken(f, "49170001", id, text, T0 + i);
        ids[i] = t.message_id;
        ann = t.conversation_id;
        turn = t.turn_id;

        if (i < SAID - 1) {
            (void) fx_planned(f, t.turn_id, 1, "we answer", T0 + i);
        }
    }
}


static cx_recall
recalled(const fixture *f)
{
    cx_recall  r;

    fx_must(TX(f->s, cx_store_recall(f->s, turn, 20, f->a, &r)) == CX_OK,
            "recall");
    return r;
}


static cx_summary_left
left(const fixture *f, int64_t before)
{
    cx_summary_left  l;

    fx_must(TX(f->s, cx_store_summary_left(f->s, ann, before, f->a, &l))
            == CX_OK, "what is left");
    return l;
}


static cx_err
put(const fixture *f, int64_t first, int64_t last, int64_t replaces,
    const char *text)
{
    const cx_summary_row  row = {
        .conversation_id = ann, .first_id = first, .last_id = last,
        .messages = 4, .tokens = 120, .at = T0 + 100,
        .model = CX_STR("double"), .text = cx_strz(text),
    };

    return TX(f->s, cx_store_summary_put(f->s, &row, replaces));
}


/* --- summaries ----------------------------------------------------------- */

static void
telling(const fixture *f)
{
    cx_summary_left  l = left(f, ids[3]);

    tap_is_int(l.left, 6, "three questions and their answers are older");
    tap_is_int((int64_t) l.said.n, 6, "all of them");
    tap_ok(l.first_id == ids[0] && l.last_id < ids[3]
           && l.have.last_id == 0 && l.have.conversation_id == ann,
           "from the first on, and nothing told so far");
    tap_is_str(l.said.items[0].text, CX_STR("ann says 0"), "oldest first");
    tap_is_str(l.said.items[1].author, CX_STR("ai"), "and who said it");
    tap_is_int((int64_t) recalled(f).summaries.n, 0, "none at the recall");

    tap_is_int(put(f, ids[0], ids[2], 0, "Ann said 0 to 2."), CX_OK, "told");
    tap_is_int(put(f, ids[0], ids[2], 0, "Again."), CX_STALE,
               "only over what was read");

    l = left(f, ids[4]);
    tap_ok(l.have.last_id == ids[2] && l.have.first_id == ids[0]
           && l.have.messages == 4, "so far");
    tap_is_str(l.have.text, CX_STR("Ann said 0 to 2."), "its text");
    tap_is_int((int64_t) l.said.n, 3, "the rest is left");
    tap_is_int(put(f, ids[0], ids[3], ids[2], "Ann said 0 to 3."), CX_OK,
               "told anew");
    tap_is_int(put(f, ids[0], 987654321, ids[3], "x"), CX_STALE,
               "not of what is not there");
}


static void
recalling(const fixture *f)
{
    const cx_recall  r = recalled(f);

    tap_is_int((int64_t) r.summaries.n, 1, "the recall has it");
    tap_ok(r.summaries.items[0].conversation_id == ann
           && r.summaries.items[0].last_id == ids[3]
           && r.summaries.items[0].channel.len == 0, "as this talk's own");
    tap_is_str(r.summaries.items[0].text, CX_STR("Ann said 0 to 3."),
               "its text");
    tap_is_int(r.history.items[0].conversation_id, ann,
               "messages know their talk");
}


/* Linked, hers are seen with his, and not one day longer. */
static void
linked(const fixture *f)
{
    const cx_taken   bob = fx_taken(f, "49170002", "wamid.bob", "Bob", T0);
    const int64_t    hers = turn;
    char             sql[160];
    cx_recall        r;
    cx_summary_left  l;

    snprintf(sql, sizeof(sql), "UPDATE customers SET root_id ="
             " (SELECT min(id) FROM customers)");
    fx_must(f->s->driver->exec(f->s, sql) == CX_OK, "linked");
    turn = bob.turn_id;
    r = recalled(f);
    tap_ok(r.summaries.n == 1 && r.summaries.items[0].conversation_id == ann
           && cx_str_eq(r.summaries.items[0].channel, CX_STR("wa-main")),
           "of the other talk of the same customer");
    fx_must(TX(f->s, cx_store_summary_left(f->s, bob.conversation_id,
                                           INT64_MAX, f->a, &l)) == CX_OK,
            "left");
    tap_ok(l.have.conversation_id == ann && l.left == 4,
           "what is left most of comes first");

    fx_must(f->s->driver->exec(f->s, "UPDATE customers SET root_id = id")
            == CX_OK, "unlinked");
    tap_is_int((int64_t) recalled(f).summaries.n, 0, "... and not after that");
    turn = hers;
}


static int64_t
summaries(const fixture *f)
{
    return fx_ask(f->s, "SELECT count(*) FROM conversation_summaries");
}


static void
told_to_its_customer(const fixture *f)
{
    cx_summary_list  list;
    const int64_t    id = fx_ask(f->s, "SELECT min(id) FROM customers");

    tap_ok(cx_store_told_summaries(f->s, id, 0, 10, f->a, &list) == CX_OK
           && list.n == 1 && list.items[0].conversation_id == ann,
           "the export has it");
    tap_ok(cx_store_told_summaries(f->s, id, ann, 10, f->a, &list) == CX_OK
           && list.n == 0, "page by page");
    cx_store_as(f->s, 2);
    tap_ok(cx_store_told_summaries(f->s, id, 0, 10, f->a, &list) == CX_OK
           && list.n == 0, "nothing for another tenant");
    cx_store_as(f->s, 1);
}


static void
too_old(const fixture *f)
{
    const cx_old_row  young = { .id = ids[4], .tenant = 1 };
    const cx_old_row  old = { .id = ids[1], .tenant = 1 };

    fx_must(TX(f->s, cx_store_old_drop(f->s, CX_OLD_MESSAGES, &young, T0))
            == CX_OK, "dropped");
    tap_is_int(summaries(f), 1, "what it does not tell of may go");
    fx_must(TX(f->s, cx_store_old_drop(f->s, CX_OLD_MESSAGES, &old, T0))
            == CX_OK, "dropped");
    tap_is_int(summaries(f), 0, "it goes with the first it tells of");
    tap_is_int(put(f, ids[1], ids[3], 0, "late"), CX_STALE,
               "one that was under way comes too late");
}


static void
erased(const fixture *f)
{
    const int64_t  id = fx_ask(f->s, "SELECT min(id) FROM customers");
    cx_erased      out;

    fx_must(put(f, ids[0], ids[3], 0, "again") == CX_OK, "put");
    tap_is_int(TX(f->s, cx_store_erase(f->s, id, T0 + 50, f->a, &out)), CX_OK,
               "erased");
    tap_is_int(out.counts[CX_ERASED_SUMMARIES], 1, "with what was told");
    tap_is_int(summaries(f), 0, "nothing is left");
    tap_is_int(put(f, ids[0], ids[3], 0, "late"), CX_STALE,
               "nothing comes back");
}


/* --- transcripts --------------------------------------------------------- */

static size_t
due(const fixture *f, int64_t now, cx_hear_row *row)
{
    cx_hear_list  list = { .n = 0 };
    const cx_err  err = cx_store_hear_due(f->s, UINT64_C(1) << PARTITION,
                                          T0 - 1000, now, 10, f->a, &list);

    if (err == CX_OK && list.n > 0) {
        *row = list.items[0];
    }

    return err == CX_OK ? list.n : 99;
}


static void
voice(const fixture *f)
{
    cx_msg         m = fx_msg("49170003", "wamid.voice", "");
    cx_take        in;
    cx_taken       t;
    cx_hear_row    row = { .id = 0 };
    cx_recall      r;
    cx_media_row   media = {
        .id = fx_next(), .channel_id = CHANNEL, .partition = PARTITION,
        .mime = CX_STR("audio/ogg; codecs=opus"), .created_at = T0,
    };

    m.content = CX_STR("audio");
    in = fx_take(f, &m, T0);
    fx_must(TX(f->s, cx_store_take(f->s, &in, &t)) == CX_OK, "take");
    media.message_id = t.message_id;
    fx_must(TX(f->s, cx_store_media_add(f->s, &media)) == CX_OK, "media");
    turn = t.turn_id;

    r = recalled(f);
    tap_ok(r.media.n == 1 && r.media.items[0].state == CX_MEDIA_WANTED
           && r.question.len == 0, "its file is on the way");
    tap_is_int((int64_t) due(f, T0, &row), 0, "nothing to hear yet");

    media.state = CX_MEDIA_STORED;
    media.type = CX_STR("audio/ogg");
    media.place = CX_STR("1/ab/abc");
    media.size = 4711;
    fx_must(TX(f->s, cx_store_media_settle(f->s, &media)) == CX_OK, "stored");
    tap_is_int((int64_t) due(f, T0, &row), 1, "now there is");
    tap_ok(row.id == media.id && row.agent_id == AGENT && row.turn_id == turn
           && row.size == 4711 && cx_str_eq(row.type, CX_STR("audio/ogg")),
           "whose, and where");

    tap_is_int(TX(f->s, cx_store_hear_settle(f->s, row.id, CX_HEARD_WANTED,
                                             T0 + 500, CX_NOSTR, T0)), CX_OK,
               "put off");
    tap_is_int((int64_t) due(f, T0 + 499, &row), 0, "not yet");
    tap_is_int((int64_t) due(f, T0 + 500, &row), 1, "now");
    tap_is_int(row.listens, 1, "once it was tried");
    tap_is_int(TX(f->s, cx_store_hear_settle(f->s, row.id, CX_HEARD_DONE, 0,
                                             CX_STR("When is check-out?"),
                                             T0)), CX_OK, "heard");
    tap_is_int(TX(f->s, cx_store_hear_settle(f->s, row.id, CX_HEARD_DONE, 0,
                                             CX_STR("x"), T0)), CX_STALE,
               "once");
    r = recalled(f);
    tap_is_str(r.question, CX_STR("When is check-out?"),
               "it is what the message says");
    tap_is_int((int64_t) r.media.items[0].heard, CX_HEARD_DONE, "known");
    tap_is_str(fx_message(f, t.message_id).text, CX_STR(""),
               "the message stays as it came");
    (void) fx_planned(f, turn, 1, "At 11:00.", T0);

    t = fx_taken(f, "49170003", "wamid.next", "Thanks", T0 + 5000);
    turn = t.turn_id;
    tap_is_str(recalled(f).history.items[0].text,
               CX_STR("When is check-out?"), "and in the history");
}


/* --- the provider's id --------------------------------------------------- */

static void
reply_id(const fixture *f)
{
    cx_taken       t = fx_taken(f, "49170004", "wamid.a", "one", T0);
    const cx_str   part = CX_STR("Yes.");
    const int64_t  id = fx_next();
    const cx_plan  plan = {
        .fence = fx_fence(f), .turn_id = t.turn_id, .inputs = 1,
        .state = CX_TURN_REPLIED, .parts = &part, .part_ids = &id,
        .nparts = 1, .reply_id = CX_STR("vapi chat_1"),
        .now_ms = T0,
    };

    turn = t.turn_id;
    tap_is_int((int64_t) recalled(f).reply_id.len, 0, "none at first");
    tap_is_int(TX(f->s, cx_store_plan(f->s, &plan)), CX_OK, "planned");

    turn = fx_taken(f, "49170004", "wamid.b", "two", T0 + 5000).turn_id;
    tap_is_str(recalled(f).reply_id, CX_STR("vapi chat_1"),
               "the turn after knows it");
    (void) fx_planned(f, turn, 1, "x", T0 + 5000);

    turn = fx_taken(f, "49170004", "wamid.c", "three", T0 + 9000).turn_id;
    tap_is_str(recalled(f).reply_id, CX_STR("vapi chat_1"),
               "also behind one without");
    fx_must(f->s->driver->exec(f->s, "UPDATE turns SET agent_id = 12"
                               " WHERE reply_id <> ''") == CX_OK, "moved");
    tap_is_int((int64_t) recalled(f).reply_id.len, 0, "not another agent's");
}


int
main(void)
{
    fixture  f;

    fx_open(&f);
    say_all(&f);
    telling(&f);
    recalling(&f);
    told_to_its_customer(&f);
    linked(&f);
    too_old(&f);
    erased(&f);
    voice(&f);
    reply_id(&f);
    fx_close(&f);
    return tap_done();
}
