/*
 * What a person wrote above (or between, or below) what they quote.  There is
 * no standard for it: these are the lines that common programs write.
 */

#include "core/mail.h"


#define LINES_MAX     5000
#define INTRO_LINES   3         /* "On ..., Ana <a@b>\nwrote:" is folded */
#define INTRO_MAX     300

/* A line that introduces a quotation begins and ends so. */
static const struct {
    cx_str  begins;
    cx_str  ends;
} intros[] = {
    { CX_STR_INIT("On "),     CX_STR_INIT("wrote:") },
    { CX_STR_INIT("Am "),     CX_STR_INIT(":") },
    { CX_STR_INIT("Le "),     CX_STR_INIT("crit :") },
    { CX_STR_INIT("Le "),     CX_STR_INIT("crit\xc2\xa0:") },
    { CX_STR_INIT("Le "),     CX_STR_INIT("crit:") },
    { CX_STR_INIT("El "),     CX_STR_INIT(":") },
    { CX_STR_INIT("Il "),     CX_STR_INIT("scritto:") },
    { CX_STR_INIT("Em "),     CX_STR_INIT("escreveu:") },
    { CX_STR_INIT("A "),      CX_STR_INIT("escreveu:") },
    { CX_STR_INIT("Op "),     CX_STR_INIT(":") },
    { CX_STR_INIT("Den "),    CX_STR_INIT("skrev:") },
    { CX_STR_INIT("W dniu "), CX_STR_INIT(":") },
    { CX_STR_INIT("Dne "),    CX_STR_INIT("napsal(a):") },
};

/* Where both ends are not enough of a proof, one of these is inside. */
static const cx_str  words[] = {
    CX_STR_INIT("wrote"), CX_STR_INIT("schrieb"), CX_STR_INIT("crit"),
    CX_STR_INIT("escribi"), CX_STR_INIT("scritto"), CX_STR_INIT("escreveu"),
    CX_STR_INIT("schre"), CX_STR_INIT("geschreven"), CX_STR_INIT("skrev"),
    CX_STR_INIT("napisa"), CX_STR_INIT("napsal"),
};

/* After dashes: "-----Original Message-----". */
static const cx_str  originals[] = {
    CX_STR_INIT("Original Message"), CX_STR_INIT("Original message"),
    CX_STR_INIT("Urspr\xc3\xbcngliche Nachricht"),
    CX_STR_INIT("Original-Nachricht"), CX_STR_INIT("Message d'origine"),
    CX_STR_INIT("Mensaje original"), CX_STR_INIT("Messaggio originale"),
    CX_STR_INIT("Mensagem original"), CX_STR_INIT("Oorspronkelijk bericht"),
};

/* Outlook repeats the fields: a line with the first of a row, and the second
 * on one of the next two. */
static const struct {
    cx_str  from;
    cx_str  sent;
} fields[] = {
    { CX_STR_INIT("From:"), CX_STR_INIT("Sent:") },
    { CX_STR_INIT("From:"), CX_STR_INIT("Date:") },
    { CX_STR_INIT("Von:"),  CX_STR_INIT("Gesendet:") },
    { CX_STR_INIT("De :"),  CX_STR_INIT("Envoy") },
    { CX_STR_INIT("De:"),   CX_STR_INIT("Envi") },
    { CX_STR_INIT("Da:"),   CX_STR_INIT("Inviato:") },
    { CX_STR_INIT("Van:"),  CX_STR_INIT("Verzonden:") },
};

typedef struct {
    cx_str  *items;
    size_t   n;
} lines;

typedef enum {
    LINE_TEXT,
    LINE_QUOTED,            /* this one only */
    LINE_INTRO,             /* and the quoted lines after it */
    LINE_REST               /* all from here on */
} line_kind;


static lines
split(cx_arena *a, cx_str text)
{
    cx_str  line;
    size_t  room = 2;
    lines   all;

    for (size_t i = 0; i < text.len && room < LINES_MAX; i++) {
        room += text.p[i] == '\n';
    }

    all = (lines) { CX_NEW_N(a, room, cx_str), 0 };

    while (all.items != NULL && all.n + 1 < room
           && cx_str_split(&text, '\n', &line))
    {
        line.len -= line.len > 0 && line.p[line.len - 1] == '\r';
        all.items[all.n++] = line;
    }

    /* A longer text is not looked at line by line to its end. */
    if (all.items != NULL && text.p != NULL) {
        all.items[all.n++] = text;
    }

    return all;
}


static bool
is_quoted(cx_str line)
{
    line = cx_str_trim(line);
    return line.len > 0 && line.p[0] == '>';
}


static bool
has_word(cx_str s)
{
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        if (cx_str_find(s, words[i]) != SIZE_MAX) {
            return true;
        }
    }

    return false;
}


/* How many lines from i on introduce a quotation; 0: none does. */
static size_t
intro_at(const lines *all, size_t i)
{
    const char  *end;
    cx_str       first = cx_str_trim(all->items[i]), last, whole;

    for (size_t k = 0; k < sizeof(intros) / sizeof(intros[0]); k++) {
        if (!cx_str_starts(first, intros[k].begins)) {
            continue;
        }

        for (size_t n = 0; n < INTRO_LINES && i + n < all->n; n++) {
            last = cx_str_trim(all->items[i + n]);
            end = last.p + last.len;
            whole = (cx_str) { last.len > 0 ? (size_t) (end - first.p) : 0,
                               first.p };

            if (whole.len == 0 || whole.len > INTRO_MAX) {
                break;
            }

            if (cx_str_ends(last, intros[k].ends) && has_word(whole)) {
                return n + 1;
            }
        }
    }

    return 0;
}


static bool
is_original(cx_str line)
{
    line = cx_str_trim(line);

    if (!cx_str_starts(line, CX_STR("---"))) {
        return cx_str_starts(line, CX_STR("____________________"));
    }

    for (size_t i = 0; i < sizeof(originals) / sizeof(originals[0]); i++) {
        if (cx_str_find(line, originals[i]) != SIZE_MAX) {
            return true;
        }
    }

    return false;
}


/* Also "*From:*", as plain text made of bold print. */
static bool
is_field(cx_str line, cx_str name)
{
    line = cx_str_trim(line);

    if (line.len > 0 && line.p[0] == '*') {
        line = cx_str_sub(line, 1, line.len);
    }

    return cx_str_starts(line, name);
}


static bool
is_fields(const lines *all, size_t i)
{
    for (size_t k = 0; k < sizeof(fields) / sizeof(fields[0]); k++) {
        if (!is_field(all->items[i], fields[k].from)) {
            continue;
        }

        for (size_t n = 1; n < 3 && i + n < all->n; n++) {
            if (is_field(all->items[i + n], fields[k].sent)) {
                return true;
            }
        }
    }

    return false;
}


/* The next line that is not empty is a quoted one. */
static bool
quotes_follow(const lines *all, size_t i)
{
    while (i < all->n && cx_str_trim(all->items[i]).len == 0) {
        i++;
    }

    return i < all->n && is_quoted(all->items[i]);
}


static line_kind
kind_of(const lines *all, size_t i, size_t *n)
{
    const cx_str  line = all->items[i];

    *n = 1;

    if (is_quoted(line)) {
        return LINE_QUOTED;
    }

    if (cx_str_eq(line, CX_STR("-- ")) || cx_str_eq(line, CX_STR("--"))
        || is_original(line) || is_fields(all, i))
    {
        return LINE_REST;
    }

    const size_t  intro = intro_at(all, i);

    if (intro == 0) {
        return LINE_TEXT;
    }

    *n = intro;
    return quotes_follow(all, i + intro) ? LINE_INTRO : LINE_REST;
}


cx_str
cx_mail_reply(cx_arena *a, cx_str text)
{
    cx_buf        b;
    cx_str        reply;
    size_t        n = 1;
    line_kind     kind = LINE_TEXT;
    const lines   all = split(a, text);

    cx_buf_init(&b, a, text.len + 1, SIZE_MAX / 2);

    for (size_t i = 0; i < all.n && kind != LINE_REST; i += n) {
        kind = kind_of(&all, i, &n);

        if (kind == LINE_TEXT) {
            cx_buf_add(&b, all.items[i]);
            cx_buf_byte(&b, '\n');
        }
    }

    reply = cx_str_trim(cx_buf_str(&b));
    return reply.len > 0 ? reply : cx_str_trim(text);
}
