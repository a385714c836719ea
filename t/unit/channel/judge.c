/* What an answer to a send means: t/cases/whatsapp-judge. */

#include "channel/channel.h"

#include "core/json.h"

#include "unit/folder.h"
#include "unit/tap.h"


static cx_str
print(const cx_judgement *j, cx_arena *a)
{
    cx_buf           b;
    cx_json_writer   w;

    cx_buf_init(&b, a, 1024, 1 << 16);
    cx_json_write_init(&w, &b);
    cx_json_begin(&w, '{');
    cx_json_name(&w, CX_STR("verdict"));
    cx_json_put_str(&w, cx_strz(cx_verdict_word(j->verdict)));

    if (j->provider_id.len > 0) {
        cx_json_name(&w, CX_STR("id"));
        cx_json_put_str(&w, j->provider_id);
    }

    if (j->code != 0) {
        cx_json_name(&w, CX_STR("code"));
        cx_json_put_i64(&w, j->code);
    }

    if (j->wait_ms != 0) {
        cx_json_name(&w, CX_STR("wait_ms"));
        cx_json_put_i64(&w, j->wait_ms);
    }

    if (j->text.len > 0) {
        cx_json_name(&w, CX_STR("text"));
        cx_json_put_str(&w, j->text);
    }

    cx_json_end(&w, '}');
    cx_buf_byte(&b, '\n');
    return cx_buf_str(&b);
}


static void
one_case(const char *suite, const char *name)
{
    cx_arena           *a = cx_arena_new(1 << 20);
    cx_judgement        j;
    const cx_http_res   res = response_parse(a, case_file(a, suite, name,
                                                          "in.http"));

    cx_channel_find(CX_STR("whatsapp"))->judge(&res, a, &j);
    tap_is_str(print(&j, a), case_file(a, suite, name, "out.json"), name);
    cx_arena_free(a);
}


/* Whatever the memory: what may have been accepted is never called refused,
 * what was refused is tried again at worst. */
static void
no_memory(const char *suite, const char *name)
{
    bool                good = true;
    cx_arena           *a = cx_arena_new(1 << 20), *small;
    cx_judgement        whole, j;
    const cx_channel   *ch = cx_channel_find(CX_STR("whatsapp"));
    const cx_http_res   res = response_parse(a, case_file(a, suite, name,
                                                          "in.http"));

    ch->judge(&res, a, &whole);
    small = cx_arena_new(1 << 20);

    for (size_t limit = 0; limit < 512; limit++) {
        cx_arena_reset(small);
        cx_arena_limit(small, limit);
        ch->judge(&res, small, &j);

        good = good && (j.verdict == whole.verdict
                        || j.verdict == (res.status < 300
                                         || res.status >= 500
                                         ? CX_VERDICT_AMBIGUOUS
                                         : CX_VERDICT_RETRY));
    }

    tap_ok(good, "%s: not misread for want of memory", name);
    cx_arena_free(small);
    cx_arena_free(a);
}


int
main(void)
{
    tap_ok(folder_each("whatsapp-judge", one_case) >= 40,
           "cases were found");
    folder_each("whatsapp-judge", no_memory);

    return tap_done();
}
