/* Templates of a WhatsApp Business Account: what is asked, what is read of
 * the answer, and what a webhook says of one. */

#include "unit/tap.h"

#include "channel/whatsapp.h"

#define PAGE                                                                  \
    "{\"data\":[{\"name\":\"hello\",\"language\":\"en_US\",\"status\":"       \
    "\"APPROVED\",\"category\":\"UTILITY\",\"id\":\"7\",\"quality_score\":"   \
    "{\"score\":\"GREEN\",\"date\":1},\"rejected_reason\":\"NONE\","          \
    "\"components\":[{\"type\":\"BODY\",\"text\":\"Hi \\u00e9\"}]},"          \
    "{\"name\":\"sale\",\"language\":\"de\",\"status\":\"REJECTED\","         \
    "\"rejected_reason\":\"INVALID_FORMAT\",\"more\":[{}]},"                  \
    "{\"language\":\"de\"},7],\"paging\":{\"cursors\":{\"before\":\"a\","     \
    "\"after\":\"b c\"},\"next\":\"https://x\"}}"

static const cx_setting  settings[] = {
    { CX_STR_INIT("waba"), CX_STR_INIT("102") },
};


static cx_err
read_page(cx_arena *a, int status, const char *body, cx_templates *list)
{
    const cx_http_res  res = { .status = status, .body = cx_strz(body) };

    *list = (cx_templates) { .n = 0 };
    return cx_wa_templates_read(&res, a, list);
}


static void
asks(cx_arena *a)
{
    cx_http_req  req = { .url = CX_NOSTR };
    cx_sender    from = {
        .token = CX_STR("t"), .base_url = CX_STR("http://g/v1"),
        .settings = settings, .nsettings = 1,
    };

    tap_is_int(cx_wa_templates_ask(&from, CX_NOSTR, a, &req), CX_OK, "asks");
    tap_ok(cx_str_starts(req.url, CX_STR("http://g/v1/102/message_templates?"
                                         "fields=name,")), "of the account");
    tap_ok(cx_str_find(req.url, CX_STR("after=")) == SIZE_MAX, "the first");
    tap_is_int(cx_wa_templates_ask(&from, CX_STR("b c"), a, &req), CX_OK,
               "goes on");
    tap_ok(cx_str_ends(req.url, CX_STR("&after=b%20c")), "after that");
    from.nsettings = 0;
    tap_is_int(cx_wa_templates_ask(&from, CX_NOSTR, a, &req), CX_INVALID,
               "not without an account");
}


static void
reads(cx_arena *a)
{
    cx_templates  list;

    tap_is_int(read_page(a, 200, PAGE, &list), CX_OK, "a page");
    tap_is_int((int64_t) list.n, 2, "what has name and language");
    tap_is_str(list.items[0].state, CX_STR("APPROVED"), "state");
    tap_is_str(list.items[0].quality, CX_STR("GREEN"), "quality");
    tap_is_str(list.items[0].reason, CX_NOSTR, "no reason is none");
    tap_ok(cx_str_starts(list.items[0].components, CX_STR("[{\"type\"")),
           "what it says, as it stands");
    tap_is_str(list.items[1].reason, CX_STR("INVALID_FORMAT"), "why not");
    tap_is_str(list.after, CX_STR("b c"), "there is more");
    tap_is_int(read_page(a, 200, "{\"data\":[],\"paging\":{\"cursors\":"
                                 "{\"after\":\"b\"}}}", &list), CX_OK,
               "the last");
    tap_is_str(list.after, CX_NOSTR, "a cursor alone is no next page");

    tap_is_int(read_page(a, 403, "{}", &list), CX_INVALID, "refused");
    tap_is_int(read_page(a, 429, "{}", &list), CX_IO, "later");
    tap_is_int(read_page(a, 500, "", &list), CX_IO, "later, too");
    tap_is_int(read_page(a, 200, "{\"id\":\"0\"}", &list), CX_MALFORMED,
               "no list");
    tap_is_int(read_page(a, 200, "{\"data\":[", &list), CX_MALFORMED,
               "half a list");
}


static void
short_of_memory(void)
{
    cx_templates  list;
    cx_err        err = CX_NOMEM;

    for (size_t limit = 0; err == CX_NOMEM && limit < 65536; limit++) {
        cx_arena  *a = cx_arena_new(65536);

        cx_arena_limit(a, limit);
        err = read_page(a, 200, PAGE, &list);
        cx_arena_free(a);
    }

    tap_is_int(err, CX_OK, "it says so when there is no memory");
}


static bool
changed(cx_arena *a, const char *field, const char *value, cx_template *t)
{
    const cx_msg  m = { .kind = CX_STR("account"), .content = cx_strz(field),
                        .extra = cx_strz(value) };

    return cx_wa_template_changed(&m, a, t);
}


static void
hears(cx_arena *a)
{
    static const char  field[] = "message_template_status_update";
    cx_template        t;

    tap_ok(changed(a, field, "{\"event\":\"PAUSED\",\"reason\":\"NONE\","
                   "\"message_template_id\":5,\"message_template_name\":"
                   "\"sale\",\"message_template_language\":\"de\"}", &t),
           "one that changed");
    tap_is_str(t.state, CX_STR("PAUSED"), "to what");
    tap_is_str(t.name, CX_STR("sale"), "which");
    tap_is_str(t.reason, CX_NOSTR, "no reason is none");
    tap_ok(!changed(a, "account_update", "{}", &t), "another update");
    tap_ok(!changed(a, field, "{\"event\":\"PAUSED\"}", &t), "of none");
    tap_ok(!changed(a, field, "[", &t), "nothing to read");
}


int
main(void)
{
    cx_arena  *a = cx_arena_new(1 << 20);

    asks(a);
    reads(a);
    short_of_memory();
    hears(a);

    cx_arena_free(a);
    return tap_done();
}
