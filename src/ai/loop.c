#include "ai/loop.h"

#include "ai/words.h"
#include "core/utf8.h"

/* Nobody types more than 15 characters a second, or reads more than 60. */
#define REACT_MS    1000
#define TYPE_MS     67
#define READ_MS     17
#define SLOWEST_MS  20000       /* however long it is: it may be pasted */
#define SHORT_LEN   20          /* "ok, thanks": may have been typed before */
#define SHORT_MS    700
#define TEXT_LEN    4096        /* of a message is looked at */

/* Folded words with a space on either side, as cx_words_join() makes them. */
static const char *const  confessions[] = {
    " automatic reply ", " automated reply ", " automatic response ",
    " automated response ", " automated message ", " auto reply ",
    " autoreply ", " auto response ", " out of office ",
    " do not reply to this ", " i am a bot ", " i m a bot ",
    " i am an ai ", " virtual assistant ", " digital assistant ",
    " automatische antwort ", " automatisch generierte ",
    " abwesenheitsnotiz ", " virtueller assistent ",
    " respuesta automatica ", " mensaje automatico ",
    " asistente virtual ", " reponse automatique ", " message automatique ",
    " assistant virtuel ", " risposta automatica ", " messaggio automatico ",
    " assistente virtuale ", " resposta automatica ",
    " mensagem automatica ", " assistente virtual ",
};

/* What one side said until the other spoke: [first, end). */
typedef struct {
    size_t  first;
    size_t  end;
} stretch;


static cx_words
words_of(cx_str text, cx_arena *a)
{
    return cx_words_of(a, cx_utf8_cut(text, TEXT_LEN));
}


bool
cx_ai_automatic(cx_str text, cx_arena *a)
{
    const cx_words  w = words_of(text, a);
    const cx_str    said = cx_words_join(a, &w);

    for (size_t i = 0; i < sizeof(confessions) / sizeof(confessions[0]); i++)
    {
        if (cx_str_find(said, cx_strz(confessions[i])) != SIZE_MAX) {
            return true;
        }
    }

    return false;
}


/* How many words of x stand in y, too. */
static size_t
shared(const cx_words *x, const cx_words *y)
{
    size_t  n = 0;

    for (size_t i = 0; i < x->n; i++) {
        for (size_t k = 0; k < y->n; k++) {
            if (cx_str_eq(x->items[i].fold, y->items[k].fold)) {
                n++;
                break;
            }
        }
    }

    return n;
}


bool
cx_ai_alike(cx_str x, cx_str y, cx_arena *a)
{
    const cx_words  wx = words_of(x, a), wy = words_of(y, a);

    if (wx.n == 0 || wy.n == 0) {
        return cx_str_eq(cx_str_trim(x), cx_str_trim(y));
    }

    return 5 * shared(&wx, &wy) >= 4 * wx.n
           && 5 * shared(&wy, &wx) >= 4 * wy.n;
}


/* The stretch of one side that ends before `end`. */
static stretch
stretch_before(const cx_loop_line *lines, size_t end)
{
    stretch  s = { end, end };

    while (s.first > 0 && lines[s.first - 1].ours == lines[end - 1].ours) {
        s.first--;
    }

    return s;
}


static bool
person_in(const cx_loop_line *lines, stretch s)
{
    for (size_t i = s.first; i < s.end; i++) {
        if (lines[i].person) {
            return true;
        }
    }

    return false;
}


/* Faster than anybody reads what we said and types that. */
static bool
too_fast(const cx_loop_line *ours, const cx_loop_line *reply)
{
    const int64_t  gap = reply->at - ours->at;
    const int64_t  typed = (int64_t) cx_utf8_count(reply->text);
    const int64_t  read = (int64_t) cx_utf8_count(ours->text);
    int64_t        least = REACT_MS + typed * TYPE_MS + read * READ_MS;

    if (!reply->typed || gap < 0) {
        return false;
    }

    if (typed < SHORT_LEN) {
        return gap < SHORT_MS;
    }

    least = least < SLOWEST_MS ? least : SLOWEST_MS;
    return gap < least;
}


/* It has said that before, not long ago. */
static bool
repeated(const cx_loop_line *lines, size_t at, cx_arena *a)
{
    size_t  seen = 0;

    for (size_t i = at; i-- > 0 && seen < 2; ) {
        if (lines[i].ours) {
            continue;
        }

        if (cx_ai_alike(lines[i].text, lines[at].text, a)) {
            return true;
        }

        seen++;
    }

    return false;
}


/* Of the customer's line, which answers ours. */
static unsigned
marks_of(const cx_loop_line *lines, size_t ours, size_t at, cx_arena *a)
{
    return (too_fast(&lines[ours], &lines[at]) ? 1u : 0u)
           + (repeated(lines, at, a) ? 1u : 0u)
           + (cx_ai_automatic(lines[at].text, a) ? 2u : 0u);
}


bool
cx_ai_loop(const cx_loop_line *lines, size_t n, cx_arena *a)
{
    unsigned  score = 0, messages = 0, marks;
    stretch   said, ours;

    while (n > 0 && !cx_arena_failed(a)) {
        said = stretch_before(lines, n);

        if (lines[n - 1].ours || said.first == 0) {
            return false;
        }

        ours = stretch_before(lines, said.first);

        /* Of what was never answered only the last counts: it is the one at
         * hand. */
        marks = marks_of(lines, ours.end - 1,
                         messages == 0 ? n - 1 : said.first, a);

        if (marks == 0 || person_in(lines, ours)
            || lines[said.first].at - lines[ours.end - 1].at
               > CX_LOOP_PAUSE_MS)
        {
            return false;
        }

        score += marks;
        messages++;

        if (score >= CX_LOOP_SCORE && messages >= CX_LOOP_LEAST) {
            return true;
        }

        n = ours.first;
    }

    return false;
}
