/*
 * What an answer to a send means: the folders t/cases/<type>-judge, in.http
 * and out.json.
 */

#include "channel/channel.h"

#include "core/json.h"

#include "unit/folder.h"
#include "unit/tap.h"


static const cx_channel  *channel;


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

    channel->judge(&res, a, &j);
    tap_is_str(print(&j, a), case_file(a, suite, name, "out.json"),
               cx_dupz(a, cx_printf(a, "%s/%s", suite, name)));
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
    const cx_http_res   res = response_parse(a, case_file(a, suite, name,
                                                          "in.http"));

    channel->judge(&res, a, &whole);
    small = cx_arena_new(1 << 20);

    for (size_t limit = 0; limit < 512; limit++) {
        cx_arena_reset(small);
        cx_arena_limit(small, limit);
        channel->judge(&res, small, &j);

        good = good && (j.verdict == whole.verdict
                        || j.verdict == (res.status < 300
                                         || res.status >= 500
                                         ? CX_VERDICT_AMBIGUOUS
                                         : CX_VERDICT_RETRY));
    }

    tap_ok(good, "%s/%s: not misread for want of memory", suite,
           name);
    cx_arena_free(small);
    cx_arena_free(a);
}


static void
one_suite(const char *top, const char *suite)
{
    cx_str  type = cx_strz(suite);

    (void) top;

    if (!cx_str_ends(type, CX_STR("-judge"))) {
        return;
    }

    type.len -= strlen("-judge");
    channel = cx_channel_sender(type);

    if (tap_ok(channel != NULL, "%s: is of a type that sends", suite)) {
        tap_ok(folder_each(suite, one_case) > 0, "%s: has cases", suite);
        folder_each(suite, no_memory);
    }
}


int
main(void)
{
    tap_ok(folder_each(".", one_suite) > 0, "there are cases");

    return tap_done();
}
