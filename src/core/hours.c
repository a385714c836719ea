#include "core/hours.h"

#define DAY      1440               /* minutes */
#define WEEK     7
#define MINUTE   INT64_C(60000)     /* ms */
#define EVERY    ((1u << WEEK) - 1)


static int
day_of(cx_str word)
{
    static const char  names[] = "motuwethfrsasu";

    for (int d = 0; word.len == 2 && d < WEEK; d++) {
        if (cx_str_eq_nocase(word, (cx_str) { 2, &names[2 * d] })) {
            return d;
        }
    }

    return -1;
}


/* "mo" or "fr-mo", added to *days. */
static bool
parse_days(cx_str word, unsigned *days)
{
    cx_str  rest = word, first;
    int     from, to;

    (void) cx_str_split(&rest, '-', &first);
    from = day_of(first);
    to = rest.p == NULL ? from : day_of(rest);

    if (from < 0 || to < 0) {
        return false;
    }

    *days |= 1u << to;

    for (int d = from; d != to; d = (d + 1) % WEEK) {
        *days |= 1u << d;
    }

    return true;
}


/* "09:00", "9:00", up to "24:00" */
static bool
parse_time(cx_str word, int *minutes)
{
    cx_str   m = word, h;
    int64_t  hours, mins;

    (void) cx_str_split(&m, ':', &h);

    if (h.len < 1 || h.len > 2 || m.len != 2 || !cx_str_to_i64(h, &hours)
        || !cx_str_to_i64(m, &mins) || hours < 0 || mins < 0 || mins > 59
        || hours * 60 + mins > DAY)
    {
        return false;
    }

    *minutes = (int) (hours * 60 + mins);
    return true;
}


static bool
parse_span(cx_str word, unsigned days, cx_hours *h)
{
    cx_str  to = word, from;
    size_t  i = h->n;

    (void) cx_str_split(&to, '-', &from);

    if (i == CX_HOURS_MAX || !parse_time(from, &h->span[i].from)
        || !parse_time(to, &h->span[i].to)
        || h->span[i].from == h->span[i].to || h->span[i].from == DAY)
    {
        return false;
    }

    if (h->span[i].to < h->span[i].from) {
        h->span[i].to += DAY;
    }

    h->span[i].days = days;
    h->n++;
    return true;
}


/* "mo-we fr 09:00-12:00 14:00-18:00" */
static bool
parse_part(cx_str part, cx_hours *h)
{
    cx_str    word;
    unsigned  days = 0;
    size_t    before = h->n;

    while (cx_str_split(&part, ' ', &word)) {
        word = cx_str_trim(word);

        if (word.len == 0) {
            continue;
        }

        if (h->n == before && parse_days(word, &days)) {
            continue;
        }

        if (days == 0 || !parse_span(word, days, h)) {
            return false;
        }
    }

    return h->n > before;
}


bool
cx_hours_parse(cx_str text, cx_hours *h)
{
    cx_str  part;

    h->n = 0;

    if (cx_str_trim(text).len == 0) {
        return true;
    }

    while (cx_str_split(&text, ',', &part)) {
        if (!parse_part(part, h)) {
            return false;
        }
    }

    return true;
}


bool
cx_hours_open(const cx_hours *h, int64_t local_ms)
{
    int64_t   minute = local_ms / MINUTE - (local_ms % MINUTE < 0);
    int       today, of_day;
    unsigned  yesterday;

    /* The epoch was a Thursday. */
    minute = (minute % (WEEK * DAY) + WEEK * DAY + 3 * DAY) % (WEEK * DAY);
    today = (int) (minute / DAY);
    of_day = (int) (minute % DAY);
    yesterday = 1u << (today + WEEK - 1) % WEEK;

    for (size_t i = 0; i < h->n; i++) {
        const unsigned  days = h->span[i].days & EVERY;

        if (((days & 1u << today) != 0 && of_day >= h->span[i].from
             && of_day < h->span[i].to)
            || ((days & yesterday) != 0 && of_day + DAY < h->span[i].to))
        {
            return true;
        }
    }

    return h->n == 0;
}
