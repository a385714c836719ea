#include "ai/stem.h"


#define ROUNDS     3            /* "deliveries": "ies", then "er" */
#define STEM_MIN   3            /* letters that stay */
#define LATER_MIN  4            /* when something was taken off already, and
                                 * more than a letter is to follow */
#define END_MAX    12           /* letters of an ending */

/* Endings, each with a space on either side, the longer ones of a family
 * beside the shorter: the longest that leaves enough goes. */
static const char *const  endings[CX_LANGUAGE_COUNT] = {
    [CX_LANGUAGE_EN] =
        " ations ation ions ion ments ment ness ingly ings ing edly ies ied"
        " es ed ers er s ly ables able ibles ible als al ances ance ences"
        " ence ities ity e y ",
    [CX_LANGUAGE_DE] =
        " ierungen ierung ungen ung lichkeiten lichkeit keiten keit heiten"
        " heit ieren ierst iert innen lichen licher liches liche lich ischen"
        " ischer isches ische isch ern en em er es e n s st t ",
    [CX_LANGUAGE_ES] =
        " amientos amiento imientos imiento aciones acion iciones icion"
        " iones ion adores adoras adora ador ancias ancia encias encia"
        " mente ando iendo ados adas ado ada idos idas ido ida aron ieron"
        " aban aba aran ara aremos amos emos imos ables able ibles ible"
        " ar er ir an en as es os a e o s ",
    [CX_LANGUAGE_PT] =
        " amentos amento imentos imento acoes acao icoes icao coes cao oes ao"
        " adores adoras adora ador ancias ancia encias encia mente ando endo"
        " indo ados adas ado ada idos idas ido ida aram eram avam ava aremos"
        " amos emos imos aveis avel iveis ivel ais al eis el ar er ir am em"
        " ns m as es os a e o s ",
    [CX_LANGUAGE_IT] =
        " amenti amento imenti imento azioni azione izioni izione ioni ione"
        " atori atore atrici atrice anze anza enze enza mente ando endo ati"
        " ate ato ata iti ite ito ita uti ute uto uta are ere ire ano ono"
        " iamo ete abili abile ibili ibile hi he i e o a ",
    [CX_LANGUAGE_FR] =
        " issements issement ements ement ations ation itions ition ions ion"
        " ateurs ateur ances ance ences ence ments ment euses euse eurs eur"
        " aux al antes ante ants ant aient ait ais ent ees ee es er ez ons"
        " ables able ibles ible ir it ie e s x ",
};


static bool is_ending(const char *list, cx_str end);
static size_t longest(const char *list, cx_str word, bool later);


cx_str
cx_stem(cx_language language, cx_str fold)
{
    const char  *list = endings[language];
    size_t       n;

    if (list == NULL || (fold.len > 0 && fold.p[0] <= '9')) {
        return fold;
    }

    for (int i = 0; i < ROUNDS; i++) {
        n = longest(list, fold, i > 0);
        if (n == 0) {
            break;
        }

        fold.len -= n;
    }

    /* "cancell", "stopp" */
    if (fold.len > STEM_MIN && fold.p[fold.len - 1] == fold.p[fold.len - 2]) {
        fold.len--;
    }

    return fold;
}


static size_t
longest(const char *list, cx_str word, bool later)
{
    size_t  most = word.len > STEM_MIN ? word.len - STEM_MIN : 0;

    for (size_t n = most < END_MAX ? most : END_MAX; n > 0; n--) {
        const size_t  stays = later && n > 1 ? LATER_MIN : STEM_MIN;

        if (word.len - n >= stays
            && is_ending(list, cx_str_sub(word, word.len - n, n)))
        {
            return n;
        }
    }

    return 0;
}


static bool
is_ending(const char *list, cx_str end)
{
    const char  *p = list;

    while (*p != '\0') {
        size_t  n = 0;

        for (p++; p[n] != ' ' && p[n] != '\0'; n++) {
            /* void */
        }

        if (n == end.len && memcmp(p, end.p, n) == 0) {
            return true;
        }

        p += n;

        if (p[0] == ' ' && p[1] == '\0') {
            break;
        }
    }

    return false;
}
