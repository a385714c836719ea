/*
 * Any body, as if it had been signed: it is refused or read, and what is read
 * encodes and decodes back to itself.  Answers of the Graph API are judged on
 * the way, for they are read by the same code.
 */

#include "channel/channel.h"

#include <stdlib.h>
#include <string.h>


#define ARENA_MAX  (64 * 1024 * 1024)

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t len);


static void
check(bool ok)
{
    if (!ok) {
        abort();
    }
}


static void
check_message(const cx_msg *m, cx_arena *a)
{
    cx_buf  b;
    cx_msg  back;

    check(m->kind.len > 0 && m->content.len > 0 && m->account.len > 0);
    check(m->id.len > 0 && m->id.len <= CX_MSG_ID_MAX);
    check(m->text.len <= CX_MSG_TEXT_MAX);
    check(m->ts_ms >= 0);

    cx_buf_init(&b, a, 1024, ARENA_MAX);
    cx_msg_encode(m, &b);
    check(!b.failed);
    check(cx_msg_decode(cx_buf_str(&b), a, &back) == CX_OK);

#define STR(f)  check(cx_str_eq(m->f, back.f));
#define INT(f)  check(m->f == back.f);
    CX_MSG_FIELDS(STR, INT, STR)
#undef STR
#undef INT
}


int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t len)
{
    cx_err             err;
    cx_arena          *a = cx_arena_new(ARENA_MAX);
    cx_received        in = { .kind = CX_RECEIVED_EVENTS };
    cx_judgement       j;
    const cx_str       body = { len, (const char *) p };
    const cx_account   acct = { .name = CX_STR("wa") };
    const cx_channel  *ch = cx_channel_find(CX_STR("whatsapp"));

    err = ch->parse(&acct, (cx_proven) { .bytes = body }, a, &in);
    check(err == CX_OK || err == CX_MALFORMED);

    for (size_t i = 0; err == CX_OK && i < in.msgs.n; i++) {
        in.msgs.items[i].channel = acct.name;
        in.msgs.items[i].type = CX_STR("whatsapp");
        check_message(&in.msgs.items[i], a);
    }

    ch->judge(&(cx_http_res) { .status = 200, .body = body }, a, &j);
    check(j.verdict != CX_VERDICT_ACCEPTED || j.provider_id.len > 0);

    ch->judge(&(cx_http_res) { .status = 500, .body = body }, a, &j);
    check(j.verdict != CX_VERDICT_ACCEPTED);

    cx_arena_free(a);
    return 0;
}
