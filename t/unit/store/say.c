/* What is said beside the turns: by the API, by a person in the provider's own
 * app; and customers who want to hear nothing. */

#include "unit/store/fixture.h"


static cx_conversation_row
talk_of(const fixture *f, int64_t id)
{
    cx_conversation_row  row = { .id = 0 };

    fx_must(cx_store_conversation(f->s, id, f->a, &row) == CX_OK, "talk");
    return row;
}


static void
say(fixture *f)
{
    const cx_taken     t = fx_taken(f, "4801", "wamid.y1", "q", T0);
    const int64_t      group = fx_next();
    const cx_say_part  parts[] = {
        { fx_next(), CX_STR("image"), CX_STR("ours"),
          CX_STR("{\"media_url\":\"https://a.b/c\"}"), CX_STR("wamid.y1") },
        { .id = fx_next(), .content = CX_STR("text"),
          .text = CX_STR("more") },
    };
    cx_say             in = {
        .conversation_id = t.conversation_id, .group_id = group,
        .human = true, .parts = parts, .n = 2, .key = CX_STR("k1"),
        .digest = CX_STR("d1"), .now_ms = T0,
    };
    int64_t            got = 0;
    cx_message_list    list = { .n = 0 };
    cx_outgoing        o;

    tap_is_int(TX(f->s, cx_store_say(f->s, &in, &got)), CX_OK, "said");
    tap_is_int(got, group, "as a group");
    tap_is_int(cx_store_said(f->s, t.conversation_id, group, f->a, &list),
               CX_OK,
               "it is there");
    tap_ok(list.n == 2 && list.items[0].part == 0 && list.items[1].part == 1,
           "two, in order");
    tap_is_str(list.items[0].author, CX_STR("human"), "by a person");
    tap_is_str(list.items[0].state, CX_STR("ready"), "to be sent");

    tap_is_int(fx_claim(f, parts[0].id, T0, &o), CX_OK, "claimed");
    tap_is_str(o.content, CX_STR("image"), "its kind");
    tap_is_str(o.meta, parts[0].meta, "and the rest of it");
    tap_ok(o.human && !o.opted_out && o.last_in_at > 0,
           "what the governor asks");

    in.group_id = fx_next();
    tap_is_int(TX(f->s, cx_store_say(f->s, &in, &got)), CX_OK, "once more");
    tap_is_int(got, group, "is the first time");
    in.digest = CX_STR("d2");
    tap_is_int(TX(f->s, cx_store_say(f->s, &in, &got)), CX_CONFLICT,
               "the key is taken");
    in.conversation_id = 1;
    tap_is_int(TX(f->s, cx_store_say(f->s, &in, &got)), CX_NOT_FOUND,
               "to nobody");
}


/* A new name is no wish to hear nothing. */
static void
new_name(fixture *f)
{
    cx_msg    m = fx_msg("4807", "wamid.n1", "hi");
    cx_take   in = fx_take(f, &m, T0);
    cx_taken  t;

    m.name = CX_STR("Ann");
    m.phone = CX_STR("+4807");
    tap_is_int(TX(f->s, cx_store_take(f->s, &in, &t)), CX_OK, "with a number");

    m = fx_msg("4807", "wamid.n2", "hi again");
    m.name = CX_STR("Ann B.");
    m.phone = CX_STR("+4807");
    in = fx_take(f, &m, T0 + 1);
    tap_is_int(TX(f->s, cx_store_take(f->s, &in, &t)), CX_OK, "a new name");
    tap_ok(t.turn_id != 0, "is answered as before");
}


static void
opt_out(fixture *f)
{
    cx_msg    m = fx_msg("4802", "wamid.o1", "STOP");
    cx_take   in = fx_take(f, &m, T0);
    cx_taken  t;

    in.opt = CX_OPT_OUT;
    tap_is_int(TX(f->s, cx_store_take(f->s, &in, &t)), CX_OK, "stop");
    tap_is_int(t.turn_id, 0, "gets no answer");
    tap_is_int(talk_of(f, t.conversation_id).opted_out_at, T0, "is kept");

    t = fx_taken(f, "4802", "wamid.o2", "hello", T0 + 1);
    tap_is_int(t.turn_id, 0, "nor does what follows");
    tap_ok(cx_str_find(fx_message(f, t.message_id).meta,
                       CX_STR("opted_out")) != SIZE_MAX, "it says why");

    m = fx_msg("4802", "wamid.o3", "START");
    in = fx_take(f, &m, T0 + 2);
    in.opt = CX_OPT_IN;
    tap_is_int(TX(f->s, cx_store_take(f->s, &in, &t)), CX_OK, "start");
    tap_is_int(talk_of(f, t.conversation_id).opted_out_at, 0, "is kept too");
    tap_ok(fx_taken(f, "4802", "wamid.o4", "hi", T0 + 3).turn_id != 0,
           "and what follows is answered");
}


static cx_taken
echo(const fixture *f, const char *peer, const char *id, const char *text,
    const char *tag, int64_t now)
{
    cx_msg    m = fx_msg(peer, id, text);
    cx_take   in = fx_take(f, &m, now);
    cx_taken  t;

    m.kind = CX_STR("echo");
    m.tag = cx_strz(tag);
    in.ignore = m.kind;
    in.echo = true;
    in.hush_ms = 5000;

    memset(&t, 0, sizeof(t));
    fx_must(TX(f->s, cx_store_take(f->s, &in, &t)) == CX_OK, "echo");
    return t;
}


static void
own_echo(fixture *f)
{
    char           tag[64];
    const int64_t  a = fx_sending(f, "4803", "wamid.e1");
    const int64_t  b = fx_sending(f, "4804", "wamid.e2");
    const int64_t  c = fx_sending(f, "4805", "wamid.e3");
    cx_str         intent = cx_intent_format(f->a, a, 1);
    cx_taken       t;

    (void) snprintf(tag, sizeof(tag), "%.*s", CX_ARG(intent));
    t = echo(f, "4803", "mid.1", "other", tag, T0 + 5);
    tap_ok(t.duplicate && t.message_id == a && !t.hushed,
           "our own by its intent");
    tap_is_str(fx_message(f, a).state, CX_STR("sent"), "so it was sent");
    tap_is_str(fx_message(f, a).provider_id, CX_STR("mid.1"), "as that");

    fx_must(fx_settle(f, b, CX_MSGSTATE_ACCEPTED, "mid.2", 0, T0) == CX_OK,
            "accepted");
    t = echo(f, "4804", "mid.2", "other", "", T0 + 5);
    tap_ok(t.duplicate && t.message_id == b, "our own by its id");

    fx_must(fx_settle(f, c, CX_MSGSTATE_AMBIGUOUS, "", T0 + 99, T0) == CX_OK,
            "ambiguous");
    t = echo(f, "4805", "mid.3",
             cx_dupz(f->a, fx_message(f, c).text), "", T0 + 5);
    tap_ok(t.duplicate && t.message_id == c && t.proof,
           "our own by its text: proof of an unsure send");
}


static void
person(fixture *f)
{
    const cx_taken  t = fx_taken(f, "4806", "wamid.p1", "q", T0);
    const int64_t   out = fx_planned(f, t.turn_id, 1, "a", T0);
    const cx_taken  u = fx_taken(f, "4806", "wamid.p2", "q2", T0 + 1);
    cx_taken        e;
    cx_recall       r;

    e = echo(f, "4806", "mid.9", "Ann here", "", T0 + 2);
    tap_ok(!e.duplicate && e.hushed, "somebody else's");
    tap_is_str(fx_message(f, out).state, CX_STR("cancelled"),
               "the answer on its way is not sent");
    fx_must(cx_store_recall(f->s, u.turn_id, 5, f->a, &r) == CX_OK, "recall");
    tap_is_int(r.state, CX_TURN_IGNORED, "the open turn is closed");
    tap_is_int(talk_of(f, t.conversation_id).quiet_until, T0 + 2 + 5000,
               "and it is quiet for a while");

    tap_ok(echo(f, "4806", "mid.9", "Ann here", "", T0 + 3).duplicate,
           "told twice, taken once");
    tap_is_int(fx_taken(f, "4806", "wamid.p3", "q3", T0 + 4).turn_id, 0,
               "the person goes on");
    tap_ok(fx_taken(f, "4806", "wamid.p4", "q4", T0 + 6000).turn_id != 0,
           "until then");

    (void) echo(f, "4806", "mid.10", "Ann again", "", T0 + 7000);
    tap_is_int(TX(f->s, cx_store_conversation_quiet(f->s, t.conversation_id, 0,
                                                 0)),
               CX_OK, "ended by the API");
    tap_ok(fx_taken(f, "4806", "wamid.p5", "q5", T0 + 7001).turn_id != 0,
           "at once");
}


int
main(void)
{
    fixture  f;

    fx_open(&f);

    say(&f);
    new_name(&f);
    opt_out(&f);
    own_echo(&f);
    person(&f);

    fx_close(&f);
    return tap_done();
}
