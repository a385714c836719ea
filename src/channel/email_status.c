/* What became of our own messages, by the id that they carry. */

#include "channel/email.h"

#include "core/id.h"
#include "core/intent.h"
#include "core/mail.h"
#include "core/utf8.h"


#define PREFIX      CX_STR("cx1.ms_")
#define TAG_LEN     20          /* "cx1.ms_" and 13 digits */
#define TEXT_MAX    300


cx_str
cx_email_own_make(cx_arena *a, cx_str intent, cx_str account)
{
    return cx_printf(a, "%.*s.%.*s",
                     CX_ARG(cx_str_sub(intent, 0, TAG_LEN)),
                     CX_ARG(account));
}


bool
cx_email_own(cx_str id, int64_t *message_id, cx_str *account)
{
    cx_str  rest = id, bare;

    if (!cx_mail_id(&rest, &bare) || !cx_str_starts(bare, PREFIX)
        || bare.len < TAG_LEN + 2 || bare.p[TAG_LEN] != '.'
        || !cx_id_parse(cx_str_sub(bare, 4, TAG_LEN - 4), "ms", message_id))
    {
        return false;
    }

    *account = cx_str_sub(bare, TAG_LEN + 1, bare.len);
    return cx_email_account_ok(*account);
}


/* Characters that an id of ours may have. */
static size_t
id_len(cx_str s)
{
    size_t  n = 0;

    while (n < s.len && n < CX_MAIL_ID_MAX && s.p[n] > ' ' && s.p[n] <= '~'
           && memchr("<>\"(),:;[\\]", s.p[n], 11) == NULL)
    {
        n++;
    }

    return n;
}


cx_str
cx_email_own_in(cx_str text)
{
    size_t   at;
    cx_str   id, account;
    int64_t  message_id;

    while ((at = cx_str_find(text, PREFIX)) != SIZE_MAX) {
        text = cx_str_sub(text, at, text.len);
        id = cx_str_sub(text, 0, id_len(text));

        if (cx_email_own(id, &message_id, &account)) {
            return id;
        }

        text = cx_str_sub(text, PREFIX.len, text.len);
    }

    return CX_NOSTR;
}


cx_err
cx_email_status(const cx_email_event *ev, cx_arena *a, cx_received *in)
{
    cx_msg   *m;
    cx_str    account, rest = ev->message, id;
    int64_t   message_id;

    if (!cx_email_own(ev->message, &message_id, &account)) {
        return CX_OK;
    }

    m = cx_msgs_add(&in->msgs, a);
    if (m == NULL) {
        return CX_NOMEM;
    }

    (void) cx_mail_id(&rest, &id);
    m->kind = CX_STR("status");
    m->content = cx_strz(ev->state);
    m->id = id;
    m->account = account;
    m->peer = cx_mail_address(a, ev->peer, NULL);
    m->tag = cx_intent_format(a, message_id, 1);
    m->ts_ms = ev->ts_ms > 0 ? ev->ts_ms : 0;
    m->error_code = ev->code;
    m->error_text = cx_utf8_cut(ev->text, TEXT_MAX);
    m->once = ev->once;

    return cx_arena_failed(a) ? CX_NOMEM : CX_OK;
}
