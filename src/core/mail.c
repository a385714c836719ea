/* Addresses, message ids and dates. */

#include "core/mail.h"

#include "core/mime.h"
#include "core/time.h"
#include "core/utf8.h"

#include <inttypes.h>

#define DAY_S  86400


/* --- addresses ----------------------------------------------------------- */

static bool
is_alnum(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z')
           || (c >= '0' && c <= '9');
}


/* No empty part between dots, and only the characters given besides letters
 * and digits. */
static bool
dotted(cx_str s, const char *others)
{
    char  before = '.';

    for (size_t i = 0; i < s.len; i++) {
        const char  c = s.p[i];

        if (c == '.' ? before == '.'
                     : !is_alnum(c) && (c == '\0'
                                        || strchr(others, c) == NULL))
        {
            return false;
        }

        before = c;
    }

    return before != '.';
}


bool
cx_mail_address_ok(cx_str address)
{
    cx_str  local, domain = address;

    return address.len <= CX_MAIL_ADDRESS_MAX
           && cx_str_split(&domain, '@', &local)
           && local.len > 0 && local.len <= 64 && domain.len > 0
           && dotted(local, "!#$%&'*+-/=?^_`{|}~")
           && dotted(domain, "-");
}


static cx_str
lower(cx_arena *a, cx_str s)
{
    char  *p = s.len > 0 ? cx_alloc_bytes(a, s.len) : NULL;

    for (size_t i = 0; p != NULL && i < s.len; i++) {
        p[i] = (char) (s.p[i] >= 'A' && s.p[i] <= 'Z' ? s.p[i] + 32
                                                      : s.p[i]);
    }

    return p == NULL ? CX_NOSTR : (cx_str) { s.len, p };
}


/* Up to the comma that ends the first mailbox; quoted ones do not. */
static cx_str
first_mailbox(cx_str field)
{
    bool  quoted = false;

    for (size_t i = 0; i < field.len; i++) {
        if (field.p[i] == '\\' && quoted) {
            i++;

        } else if (field.p[i] == '"') {
            quoted = !quoted;

        } else if (field.p[i] == ',' && !quoted) {
            return cx_str_sub(field, 0, i);
        }
    }

    return field;
}


/* "Ana" of "\"Ana\"", decoded. */
static cx_str
display_name(cx_arena *a, cx_str s)
{
    cx_str  name = cx_str_trim(s);

    if (name.len >= 2 && name.p[0] == '"' && name.p[name.len - 1] == '"') {
        name = cx_str_sub(name, 1, name.len - 2);
    }

    name = cx_mime_words(a, name);
    return cx_utf8_cut(name, 200);
}


cx_str
cx_mail_address(cx_arena *a, cx_str field, cx_str *name)
{
    size_t  open = SIZE_MAX;
    cx_str  box = first_mailbox(field), address = box, rest;

    for (size_t i = 0; i < box.len; i++) {
        open = box.p[i] == '<' ? i : open;
    }

    if (open != SIZE_MAX) {
        rest = cx_str_sub(box, open + 1, box.len);
        (void) cx_str_split(&rest, '>', &address);
    }

    address = cx_str_trim(address);

    if (!cx_mail_address_ok(address)) {
        return CX_NOSTR;
    }

    if (name != NULL && open != SIZE_MAX) {
        *name = display_name(a, cx_str_sub(box, 0, open));
    }

    return lower(a, address);
}


cx_str
cx_mail_plain(cx_arena *a, cx_str address)
{
    const size_t  at = cx_str_find_byte(address, '@');
    const size_t  plus = cx_str_find_byte(address, '+');

    if (plus == SIZE_MAX || at == SIZE_MAX || plus > at || plus == 0) {
        return address;
    }

    return cx_concat(a, cx_str_sub(address, 0, plus),
                     cx_str_sub(address, at, address.len));
}


/* --- ids ----------------------------------------------------------------- */

static bool
id_ok(cx_str s)
{
    for (size_t i = 0; i < s.len; i++) {
        if (s.p[i] <= ' ' || s.p[i] > '~' || s.p[i] == '<'
            || s.p[i] == '>')
        {
            return false;
        }
    }

    return s.len > 0 && s.len <= CX_MAIL_ID_MAX;
}


/* Some providers give ids without brackets. */
bool
cx_mail_id(cx_str *field, cx_str *id)
{
    while (field->len > 0) {
        *field = cx_str_trim(*field);

        if (field->len == 0) {
            return false;
        }

        if (field->p[0] == '<') {
            *field = cx_str_sub(*field, 1, field->len);
            (void) cx_str_split(field, '>', id);
            *id = cx_str_trim(*id);

        } else {
            (void) cx_str_split(field, ' ', id);
        }

        if (id_ok(*id)) {
            return true;
        }
    }

    return false;
}


cx_str
cx_mail_ids(cx_arena *a, cx_str first, cx_str second)
{
    cx_buf  b;
    cx_str  ids[CX_MAIL_IDS], id, fields[] = { first, second };
    size_t  n = 0;

    for (size_t i = 0; i < 2; i++) {
        while (cx_mail_id(&fields[i], &id)) {
            if (n > 0 && cx_str_eq(id, ids[n - 1])) {
                continue;
            }

            if (n == CX_MAIL_IDS) {             /* the first one stays */
                memmove(&ids[1], &ids[2], (n - 2) * sizeof(ids[0]));
                n--;
            }

            ids[n++] = id;
        }
    }

    cx_buf_init(&b, a, 256, CX_MAIL_IDS * (CX_MAIL_ID_MAX + 1));

    for (size_t i = 0; i < n; i++) {
        cx_buf_add(&b, ids[i]);
        cx_buf_add(&b, i + 1 < n ? CX_STR(" ") : CX_NOSTR);
    }

    return cx_buf_str(&b);
}


/* --- dates --------------------------------------------------------------- */

static const char  months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
static const char  days[] = "ThuFriSatSunMonTueWed";


static bool
take_number(cx_str *s, int64_t max, int64_t *n)
{
    size_t  i = 0;

    *s = cx_str_trim(*s);

    while (i < s->len && i < 4 && s->p[i] >= '0' && s->p[i] <= '9') {
        i++;
    }

    if (!cx_str_to_i64(cx_str_sub(*s, 0, i), n) || *n > max) {
        return false;
    }

    *s = cx_str_sub(*s, i, s->len);
    return true;
}


static bool
take_byte(cx_str *s, char c)
{
    if (s->len == 0 || s->p[0] != c) {
        return false;
    }

    *s = cx_str_sub(*s, 1, s->len);
    return true;
}


static bool
take_month(cx_str *s, unsigned *month)
{
    *s = cx_str_trim(*s);

    for (*month = 1; *month <= 12; (*month)++) {
        const cx_str  name = { 3, months + 3 * (*month - 1) };

        if (cx_str_eq_nocase(cx_str_sub(*s, 0, 3), name)) {
            *s = cx_str_sub(*s, 3, s->len);
            return true;
        }
    }

    return false;
}


/* "+0200" and the names of RFC 822 that mean UTC; other names count as it. */
static int64_t
zone_of(cx_str s)
{
    int64_t  n;
    bool     west;

    s = cx_str_trim(s);

    if (s.len < 5 || (s.p[0] != '+' && s.p[0] != '-')
        || !cx_str_to_i64(cx_str_sub(s, 1, 4), &n) || n < 0)
    {
        return 0;
    }

    west = s.p[0] == '-';
    n = (n / 100 * 60 + n % 100) * 60;
    return west ? -n : n;
}


bool
cx_mail_date(cx_str text, int64_t *ms)
{
    int64_t   day, year, hour, minute, second = 0, s;
    unsigned  month;
    cx_str    name;

    if (cx_str_find_byte(text, ',') != SIZE_MAX) {
        (void) cx_str_split(&text, ',', &name);
    }

    if (!take_number(&text, 31, &day) || day == 0
        || !take_month(&text, &month) || !take_number(&text, 9999, &year)
        || !take_number(&text, 23, &hour) || !take_byte(&text, ':')
        || !take_number(&text, 59, &minute))
    {
        return false;
    }

    if (take_byte(&text, ':') && !take_number(&text, 60, &second)) {
        return false;
    }

    year += year < 50 ? 2000 : year < 100 ? 1900 : 0;
    s = cx_time_days(year, month, (unsigned) day) * DAY_S + hour * 3600
        + minute * 60 + second - zone_of(text);

    if (s <= 0) {
        return false;
    }

    *ms = s * 1000;
    return true;
}


cx_str
cx_mail_date_text(cx_arena *a, int64_t ms)
{
    const int64_t  s = ms > 0 ? ms / 1000 : 0;
    int64_t        year;
    unsigned       month, day;

    cx_time_civil(s / DAY_S, &year, &month, &day);

    return cx_printf(a, "%.3s, %02u %.3s %04" PRId64 " %02u:%02u:%02u +0000",
                     days + s / DAY_S % 7 * 3, day, months + 3 * (month - 1),
                     year, (unsigned) (s / 3600 % 24),
                     (unsigned) (s / 60 % 60), (unsigned) (s % 60));
}
