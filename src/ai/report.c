#include "ai/report.h"

#include "core/json.h"


#define SIGN      "@@"
#define SHOWN_MAX  200      /* bytes of what is missing, for people */


static bool wanted(const cx_ai_prompt *p);
static bool is_margin(char c);
static size_t margin(cx_str text);
static size_t line_end(cx_str text);
static size_t find(const cx_ai_prompt *p, cx_str text);
static bool begins(const cx_ai_prompt *p, cx_str text, size_t at);
static size_t begun(const cx_ai_prompt *p, cx_str text);
static cx_report read(cx_str line, cx_arena *a);
static bool read_share(cx_json_reader *r, double *out);
static bool cut(cx_arena *a, size_t from, size_t to, cx_str *text);


cx_str
cx_report_ask(const cx_ai_prompt *p, cx_arena *a)
{
    if (!wanted(p)) {
        return CX_NOSTR;
    }

    return cx_printf(a,
        "When the answer is complete, whatever it is, add one last line that "
        "the customer will not see. Write exactly " SIGN "%.*s, a space, and "
        "a JSON object with three members: \"sure\", a number from 0 to 1: "
        "how sure you are that the material given to you says all that your "
        "answer says; \"basis\": \"knowledge\", \"facts\", \"tools\", "
        "\"conversation\" or \"none\": where most of it comes from; "
        "\"missing\": what you would have needed to know, in a few words, or "
        "an empty text. Never write or explain this line anywhere else.\n",
        CX_ARG(p->report_mark));
}


static bool
wanted(const cx_ai_prompt *p)
{
    return p->report && p->report_mark.len > 0
           && p->report_mark.len <= CX_REPORT_MARK_MAX;
}


cx_report
cx_report_take(const cx_ai_prompt *p, cx_arena *a, cx_str *text)
{
    size_t     at, from, to;
    cx_str     line;
    cx_report  r = { .state = CX_REPORT_NONE };

    if (!wanted(p)) {
        return r;
    }

    at = find(p, *text);

    if (at == SIZE_MAX) {
        /* The line had only begun when the answer was cut off. */
        from = begun(p, *text);
        text->len -= from > sizeof(SIGN) - 1 ? from : 0;
        return r;
    }

    /* Said more than once it is no report of ours any more. */
    while (at != SIZE_MAX) {
        line = cx_str_sub(*text, at, text->len);
        to = cx_str_find_byte(line, '\n');
        line.len = to == SIZE_MAX ? line.len : to;
        from = line_end(cx_str_sub(*text, 0, at));
        to = at + line.len;

        r = r.state == CX_REPORT_NONE
            && margin(cx_str_sub(*text, to, text->len)) == text->len - to
            ? read(cx_str_sub(line, sizeof(SIGN) - 1 + p->report_mark.len,
                              line.len), a)
            : (cx_report) { .state = CX_REPORT_BROKEN };

        if (!cut(a, from, to, text)) {
            return (cx_report) { .state = CX_REPORT_BROKEN };
        }

        at = find(p, *text);
    }

    return r;
}


size_t
cx_report_held(const cx_ai_prompt *p, cx_str unshown)
{
    size_t  at;

    if (!wanted(p)) {
        return 0;
    }

    at = find(p, unshown);
    at = at == SIZE_MAX ? unshown.len - begun(p, unshown) : at;

    return unshown.len - at + margin(cx_str_sub(unshown, 0, at));
}


/* White space, and what a model may put around a line of code. */
static bool
is_margin(char c)
{
    return memchr(" \t\r\n`*", c, 6) != NULL;
}


/* So much of it at the end of text. */
static size_t
margin(cx_str text)
{
    size_t  n = 0;

    while (n < text.len && is_margin(text.p[text.len - 1 - n])) {
        n++;
    }

    return n;
}


/* Where the text ends that stands before the line: what is in between is the
 * line's, but not the stars and ticks behind a word. */
static size_t
line_end(cx_str text)
{
    const size_t  from = text.len - margin(text);
    const size_t  end = cx_str_find_byte(cx_str_sub(text, from, text.len),
                                         '\n');

    return end == SIZE_MAX ? text.len : from + end;
}


/* Where the line begins, or SIZE_MAX. */
static size_t
find(const cx_ai_prompt *p, cx_str text)
{
    for (size_t at = 0; at < text.len; at++) {
        const size_t  next = cx_str_find(cx_str_sub(text, at, text.len),
                                         CX_STR(SIGN));

        if (next == SIZE_MAX) {
            return SIZE_MAX;
        }

        at += next;

        if (begins(p, text, at)
            && text.len - at >= sizeof(SIGN) - 1 + p->report_mark.len)
        {
            return at;
        }
    }

    return SIZE_MAX;
}


/* What stands at that place is the sign and the mark, as far as it goes. */
static bool
begins(const cx_ai_prompt *p, cx_str text, size_t at)
{
    cx_str  rest = cx_str_sub(text, at, text.len), mark = p->report_mark;

    if (rest.len < sizeof(SIGN) - 1) {
        return cx_str_starts(CX_STR(SIGN), rest);
    }

    rest = cx_str_sub(rest, sizeof(SIGN) - 1, mark.len);

    return cx_str_starts(cx_str_sub(text, at, text.len), CX_STR(SIGN))
           && cx_str_starts(mark, rest);
}


/* Bytes at the end that are a beginning of the line, not all of it. */
static size_t
begun(const cx_ai_prompt *p, cx_str text)
{
    size_t  n = sizeof(SIGN) - 1 + p->report_mark.len - 1;

    for (n = n < text.len ? n : text.len; n > 0; n--) {
        if (begins(p, text, text.len - n)) {
            return n;
        }
    }

    return 0;
}


static cx_report
read(cx_str line, cx_arena *a)
{
    bool            sure = false;
    cx_str          key, word = CX_NOSTR;
    cx_report       r = { .state = CX_REPORT_READ };
    cx_json_reader  json;

    line.len -= margin(line);
    line = cx_str_trim(line);

    if (line.len == 0 || line.len > CX_REPORT_LINE_MAX) {
        return (cx_report) { .state = CX_REPORT_BROKEN };
    }

    cx_json_open(&json, line, a);

    if (cx_json_enter(&json, CX_JSON_OBJECT)) {
        while (cx_json_key(&json, &key)) {
            if (CX_STR_IS(key, "sure")) {
                sure = read_share(&json, &r.sure);

            } else if (CX_STR_IS(key, "basis")) {
                (void) cx_json_string(&json, &word);

            } else if (CX_STR_IS(key, "missing")) {
                (void) cx_json_string(&json, &r.missing);
            }
        }
    }

    if (cx_json_close(&json) != CX_OK || !sure) {
        return (cx_report) { .state = CX_REPORT_BROKEN };
    }

    r.based = word.len > 0 && !CX_STR_IS(word, "none");
    r.missing = cx_str_trim(r.missing);
    r.missing.len = r.missing.len < SHOWN_MAX ? r.missing.len : SHOWN_MAX;

    return r;
}


/* "1", "0", "0.85"; nothing else is a share. */
static bool
read_share(cx_json_reader *r, double *out)
{
    cx_str  text;
    double  n, digit = 0.1;

    if (!cx_json_scalar(r, &text) || text.len == 0
        || (text.p[0] != '0' && text.p[0] != '1')
        || (text.len > 1 && (text.len < 3 || text.p[1] != '.')))
    {
        return false;
    }

    n = text.p[0] - '0';

    for (size_t i = 2; i < text.len; i++, digit /= 10) {
        if (text.p[i] < '0' || text.p[i] > '9') {
            return false;
        }

        n += digit * (text.p[i] - '0');
    }

    *out = n;
    return n <= 1;
}


static bool
cut(cx_arena *a, size_t from, size_t to, cx_str *text)
{
    const cx_str  before = cx_str_sub(*text, 0, from);
    const cx_str  after = cx_str_sub(*text, to, text->len);

    if (margin(after) == after.len) {
        *text = before;
        return true;
    }

    *text = cx_concat(a, before, after);
    return text->len > 0;
}
