#include "unit/tap.h"

#include "worker/log.h"

#include <jansson.h>
#include <stdlib.h>
#include <unistd.h>

static FILE  *sink;                 /* stands for stderr */
static char   text[65536];


/* What was logged since the last call. */
static const char *
logged(void)
{
    size_t  n;

    rewind(sink);
    n = fread(text, 1, sizeof(text) - 1, sink);
    text[n] = '\0';
    rewind(sink);
    (void) !ftruncate(fileno(sink), 0);
    (void) lseek(STDERR_FILENO, 0, SEEK_SET);
    return text;
}


static void
test_json(void)
{
    json_t      *o;
    const char  *line;

    cx_log(CX_LOG_INFO, "job.step", CX_FZ("turn", "tn_1"), CX_FI("n", -3),
           CX_FS("odd", CX_STR("a\"b\\c\nd\x01\x7f\xff\xc2\x9b\xc3\xa4")));
    line = logged();

    tap_ok(strchr(line, '\n') == line + strlen(line) - 1, "one line");
    o = json_loads(line, 0, NULL);
    tap_ok(o != NULL, "it is JSON");
    tap_is_str(cx_strz(json_string_value(json_object_get(o, "level"))),
               CX_STR("info"), "level");
    tap_is_str(cx_strz(json_string_value(json_object_get(o, "msg"))),
               CX_STR("job.step"), "msg");
    tap_is_str(cx_strz(json_string_value(json_object_get(o, "turn"))),
               CX_STR("tn_1"), "a text");
    tap_is_int(json_integer_value(json_object_get(o, "n")), -3, "a number");
    tap_is_str(cx_strz(json_string_value(json_object_get(o, "odd"))),
               CX_STR("a\"b\\c\nd\x01\x7f\xef\xbf\xbd\xc2\x9b\xc3\xa4"),
               "odd bytes");
    tap_ok(strchr(line, 0x7f) == NULL && strstr(line, "\xc2\x9b") == NULL,
           "nothing a terminal would obey");
    line = json_string_value(json_object_get(o, "ts"));
    tap_ok(line != NULL && strlen(line) == 24 && line[10] == 'T'
           && line[19] == '.' && line[23] == 'Z', "ts: %s", line);
    json_decref(o);
}


static void
test_limits(void)
{
    char        *big = calloc(1, 20001);
    json_t      *o;
    const char  *line;

    memset(big, 'x', 20000);
    cx_log(CX_LOG_WARN, "big", CX_FZ("a", big), CX_FZ("b", big),
           CX_FZ("c", big), CX_FZ("d", big), CX_FI("e", 1));
    line = logged();
    o = json_loads(line, 0, NULL);
    tap_ok(o != NULL && strlen(line) <= 4096, "a long one is still a line");
    tap_ok(json_object_get(o, "a") != NULL
           && json_object_get(o, "d") == NULL,
           "what does not fit is left out");
    json_decref(o);
    free(big);
}


static void
test_levels(void)
{
    cx_log_level  level;

    cx_log_set(CX_LOG_WARN, true);
    cx_log(CX_LOG_INFO, "quiet", CX_FI("n", 1));
    tap_is_str(cx_strz(logged()), CX_STR(""), "below the level: nothing");
    cx_log(CX_LOG_ERROR, "loud", CX_FI("n", 1));
    tap_ok(strstr(logged(), "\"error\"") != NULL, "above it: a line");

    tap_ok(cx_log_level_parse(CX_STR("warn"), &level)
           && level == CX_LOG_WARN, "a level by word");
    tap_ok(!cx_log_level_parse(CX_STR("WARN"), &level)
           && !cx_log_level_parse(CX_STR(""), &level), "other words are none");
}


static void
test_logfmt(void)
{
    cx_log_set(CX_LOG_DEBUG, false);
    cx_log(CX_LOG_DEBUG, "job.step", CX_FZ("a", "plain"),
           CX_FZ("b", "two words"), CX_FZ("c", ""), CX_FI("d", 5));
    tap_ok(strstr(logged(), " level=debug msg=job.step a=plain "
                  "b=\"two words\" c=\"\" d=5\n") != NULL, "logfmt");
}


int
main(void)
{
    sink = tmpfile();

    if (sink == NULL || dup2(fileno(sink), STDERR_FILENO) == -1) {
        return 2;
    }

    test_json();
    test_limits();
    test_levels();
    test_logfmt();
    return tap_done();
}
