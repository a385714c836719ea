#include "ai/words.h"

#include "core/fold.h"


#define FOLD_MAX   64       /* bytes of a folded word; the rest is cut */
#define WORDS_MAX  4096     /* of one text; the rest of it is not looked at */

/* "check in" is another thing than "check out": these verbs make one word
 * with the particle behind them. */
static const char  verbs[] =
    " check drop log move opt pick sign ";
static const char  particles[] =
    " in off out up ";

#define PARTICLE_MAX  3

/* By first letter, in order, each with a space on either side: looked up for
 * every word of every text. */
static const char *const  stops[26] = {
    ['a' - 'a'] =
        " a aber able about agli ai al algo alguna alguno all alla "
        "alle allowed als also am an anche and any anyone ao aos "
        "are as ask at ate au auch auf aus aux available avec "
        "avete avez avoir ",
    ['b' - 'a'] =
        " be because been bei beim being bekomme bekommen bin bis "
        "bitte bonjour bring bringen but by ",
    ['c' - 'a'] =
        " c can ce ces cette che chez chi ci ciao com combien come "
        "comment como con cosa could cual cuales cuando cuanta "
        "cuanto ",
    ['d' - 'a'] =
        " d da dal dalla danke dans darf das dass de degli dei dein "
        "del dell della delle dem den denn der des desde devo di "
        "did die diese dieser dieses disponibile disponible "
        "disponivel do doch does donde done dont dos dov dove du "
        "durch ",
    ['e' - 'a'] =
        " e ed ein eine einem einen einer eines el ela ele eles "
        "ella elle ellos em en entre er erlaubt es essa esse est "
        "esta estan este esto estoy et etes etre etwas eu euch "
        "euer eure ",
    ['f' - 'a'] = " faire find foi for from fur ",
    ['g' - 'a'] = " gerne get gibt give gli go going got gracias guten ",
    ['h' - 'a'] =
        " ha habe haben had hai hallo hanno has hast hatte have "
        "having hay he hello her hey hi his ho hola how ",
    ['i' - 'a'] =
        " i ich if ihnen ihr ihre il ils im in into io is isso ist "
        "isto it its ",
    ['j' - 'a'] = " j ja je just ",
    ['k' - 'a'] = " kann kannst kein keine know konnen konnte ",
    ['l' - 'a'] =
        " l la las le lei les let leur like ll lo look looking loro "
        "los ",
    ['m' - 'a'] =
        " ma mais make man many mas may me mein meine merci mes meu "
        "mi mia mich might mine minha mio mir mis mit mitbringen "
        "mochte moglich moi mon much muss muy my ",
    ['n' - 'a'] =
        " n na nach nao nas ne need nei nel nell nella nem nicht no "
        "noch noi non nos nosotros nossa nosso not notre nous num "
        "numa nur ",
    ['o' - 'a'] =
        " o ob obrigada obrigado oder of off offer oi ola on onde "
        "one ont or os ou our out ",
    ['p' - 'a'] =
        " par para pas pela pelo per perche permesso permitido "
        "permitted pero peut peux piu plait please pode podem "
        "podemos por porque posible possiamo possibile possible "
        "possivel posso pour pourquoi pouvez pouvons provide puede "
        "pueden puedo puis puo ",
    ['q' - 'a'] =
        " qu quais qual quale quand quando quanti quanto quantos "
        "que quel quelle quelles quello quels quem quero questa "
        "question questo qui quien quiero ",
    ['r' - 'a'] = " re really ",
    ['s' - 'a'] =
        " s sa salut sans say se sei sein seine ser ses seu she "
        "should si siamo sich sie sin sind so sobre some someone "
        "sommes son sono sorry still su sua suis sul sulla suo sur "
        "sus ",
    ['t' - 'a'] =
        " t ta tambien te tell tem temos tengo tenho ter tes than "
        "thank thanks that the their them there these they thing "
        "this those tiene tienen tienes till to toi ton too tra tu ",
    ['u' - 'a'] =
        " um uma umas un una und une uno unos uns unser unsere "
        "until up us use using usted ustedes ",
    ['v' - 'a'] =
        " ve verfugbar very vi viel viele voce voces voi vom von "
        "vor vorrei vos votre voulons vous ",
    ['w' - 'a'] =
        " wann want warum was we welche welcher welches welcome "
        "well wenn wer werden were what when where whether which "
        "who whom why wie will wir wird wish with wo wollen would "
        "wurde ",
    ['y' - 'a'] = " y ya yes yo you your ",
    ['z' - 'a'] = " zu zum zur ",
};


static bool add_word(cx_words *list, size_t *room, const cx_word *w,
    cx_arena *a);
static cx_str fold_word(cx_arena *a, cx_str raw);
static bool next_word(cx_str text, size_t *at, cx_word *w, cx_arena *a);
static bool merge_verb(cx_word *last, const cx_word *w, cx_arena *a);
static bool verb_and_particle(cx_str fold);
static size_t prefix_len(cx_str a, cx_str b);
static bool find_one(const cx_words *in, const cx_word *w);
static bool find_whole(const cx_words *in, cx_str whole);


cx_words
cx_words_of(cx_arena *a, cx_str text)
{
    size_t    at = 0, room = 0;
    cx_word   w;
    cx_words  list = { 0 };

    while (list.n < WORDS_MAX && next_word(text, &at, &w, a)) {
        if (list.n > 0 && merge_verb(&list.items[list.n - 1], &w, a)) {
            continue;
        }

        if (!add_word(&list, &room, &w, a)) {
            break;
        }
    }

    if (cx_arena_failed(a)) {
        return (cx_words) { 0 };
    }

    return list;
}


static bool
add_word(cx_words *list, size_t *room, const cx_word *w, cx_arena *a)
{
    cx_word  *items;

    if (list->n == *room) {
        *room = *room == 0 ? 32 : 2 * *room;
        items = CX_NEW_N(a, *room, cx_word);
        if (items == NULL) {
            return false;
        }

        if (list->n > 0) {
            memcpy(items, list->items, list->n * sizeof(*items));
        }

        list->items = items;
    }

    list->items[list->n++] = *w;
    return true;
}


/* Most of them are ASCII. */
static inline size_t
next_letter(cx_str text, size_t at, uint32_t *cp)
{
    const unsigned char  c = (unsigned char) text.p[at];

    if (c < 0x80) {
        *cp = c;
        return 1;
    }

    return cx_letter_next(cx_str_sub(text, at, 4), cp);
}


/* The word at or behind *at, which moves behind it. */
static bool
next_word(cx_str text, size_t *at, cx_word *w, cx_arena *a)
{
    size_t    from = *at, to, len;
    uint32_t  cp;

    while (from < text.len) {
        len = next_letter(text, from, &cp);
        if (cx_is_letter(cp)) {
            break;
        }

        from += len;
    }

    for (to = from; to < text.len; to += len) {
        len = next_letter(text, to, &cp);
        if (!cx_is_letter(cp)) {
            break;
        }
    }

    if (to == from) {
        return false;
    }

    *w = (cx_word) {
        .raw = cx_str_sub(text, from, to - from),
        .tied = from == *at + 1 && *at > 0 && text.p[*at] == '-',
    };
    w->fold = fold_word(a, w->raw);
    w->exact = verb_and_particle(w->fold);
    w->stop = cx_word_stop(w->fold);
    *at = to;

    return true;
}


static cx_str
fold_word(cx_arena *a, cx_str raw)
{
    char      p[FOLD_MAX];
    size_t    n = 0;
    uint32_t  cp;

    for (size_t i = 0; i < raw.len && n + CX_FOLD_MAX <= FOLD_MAX; ) {
        i += next_letter(raw, i, &cp);
        n += cx_letter_fold(cp, p + n);
    }

    return cx_dup(a, (cx_str) { n, p });
}


bool
cx_word_in(const char *list, cx_str word)
{
    char  key[FOLD_MAX + 2];

    if (word.len == 0 || word.len > FOLD_MAX) {
        return false;
    }

    key[0] = ' ';
    memcpy(key + 1, word.p, word.len);
    key[word.len + 1] = ' ';

    return cx_str_find(cx_strz(list), (cx_str) { word.len + 2, key })
           != SIZE_MAX;
}


/* What no particle ends with is told apart at once. */
static bool
may_be_particle(cx_str fold)
{
    const char  end = fold.len > 0 ? fold.p[fold.len - 1] : ' ';

    return end == 'n' || end == 'f' || end == 't' || end == 'p';
}


/* "check" and "in" become "checkin"; "checkin" stays what it is. */
static bool
merge_verb(cx_word *last, const cx_word *w, cx_arena *a)
{
    const char  *gap = last->raw.p + last->raw.len;

    if (!may_be_particle(w->fold) || last->exact || w->raw.p != gap + 1
        || (*gap != ' ' && *gap != '-')
        || w->fold.len > PARTICLE_MAX || !cx_word_in(particles, w->fold)
        || !cx_word_in(verbs, last->fold))
    {
        return false;
    }

    last->fold = cx_concat(a, last->fold, w->fold);
    last->raw.len = (size_t) (w->raw.p + w->raw.len - last->raw.p);
    last->exact = true;
    last->stop = false;

    return true;
}


static bool
verb_and_particle(cx_str fold)
{
    if (!may_be_particle(fold)) {
        return false;
    }

    for (size_t n = 2; n <= PARTICLE_MAX && n < fold.len; n++) {
        if (cx_word_in(particles, cx_str_sub(fold, fold.len - n, n))
            && cx_word_in(verbs, cx_str_sub(fold, 0, fold.len - n)))
        {
            return true;
        }
    }

    return false;
}


bool
cx_word_stop(cx_str fold)
{
    const unsigned  first = fold.len > 0 ? (unsigned) fold.p[0] - 'a' : 0;

    if (fold.len == 1 && (fold.p[0] < '0' || fold.p[0] > '9')) {
        return true;
    }

    return first < sizeof(stops) / sizeof(stops[0])
           && stops[first] != NULL && cx_str_listed(stops[first], fold);
}


bool
cx_word_number(cx_str fold)
{
    return fold.len > 0 && fold.p[0] >= '0' && fold.p[0] <= '9';
}


/*
 * Equal, or forms of one word: "pet" and "pets", "park" and "parking",
 * "arrive" and "arrival".  A guess without a dictionary: what it takes for
 * alike wrongly ("part", "party") costs a reviewer's look at worst.
 */
bool
cx_word_alike(const cx_word *a, const cx_word *b)
{
    const cx_str  x = a->fold.len <= b->fold.len ? a->fold : b->fold;
    const cx_str  y = a->fold.len <= b->fold.len ? b->fold : a->fold;
    const size_t  same = prefix_len(x, y);

    if (same == x.len && same == y.len) {
        return true;
    }

    if (a->exact || b->exact || cx_word_number(x) || cx_word_number(y)) {
        return false;
    }

    if (same == x.len) {
        return (x.len >= 3 && y.len == x.len + 1 && y.p[x.len] == 's')
               || (x.len == 4 && y.len <= x.len + 3)
               || (x.len >= 5 && y.len <= x.len + 6);
    }

    /* "smoke", "smoking" */
    if (x.len >= 5 && same == x.len - 1 && x.p[same] == 'e') {
        return y.len <= same + 3;
    }

    return same >= 5 && y.len - same <= 3;
}


static size_t
prefix_len(cx_str a, cx_str b)
{
    size_t  n = 0;

    while (n < a.len && n < b.len && a.p[n] == b.p[n]) {
        n++;
    }

    return n;
}


size_t
cx_words_group(const cx_words *q, size_t i)
{
    do {
        i++;
    } while (i < q->n && q->items[i].tied);

    return i;
}


/* "Wi-Fi-password": as one word, or each part by itself. */
bool
cx_words_find(const cx_words *in, const cx_words *q, size_t i, size_t *next)
{
    bool          all = true;
    char          whole[FOLD_MAX];
    size_t        len = 0;
    const size_t  end = cx_words_group(q, i);

    *next = end;

    for (size_t k = i; k < end; k++) {
        const cx_word  *w = &q->items[k];

        all = all && (w->stop || find_one(in, w));

        if (len + w->fold.len <= sizeof(whole)) {
            memcpy(whole + len, w->fold.p, w->fold.len);
            len += w->fold.len;
        }
    }

    return all || find_whole(in, (cx_str) { len, whole });
}


static bool
find_one(const cx_words *in, const cx_word *w)
{
    for (size_t i = 0; i < in->n; i++) {
        const cx_word  *x = &in->items[i];

        /* Words that are alike begin alike: most are told apart here. */
        if (x->fold.len > 0 && w->fold.len > 0 && x->fold.p[0] == w->fold.p[0]
            && cx_word_alike(x, w))
        {
            return true;
        }
    }

    return false;
}


/* As one word, or as two in a row. */
static bool
find_whole(const cx_words *in, cx_str whole)
{
    for (size_t i = 0; i < in->n; i++) {
        const cx_str  x = in->items[i].fold;
        const cx_str  y = i + 1 < in->n ? in->items[i + 1].fold : CX_NOSTR;

        if (cx_str_eq(x, whole)
            || (x.len + y.len == whole.len && cx_str_starts(whole, x)
                && cx_str_ends(whole, y)))
        {
            return true;
        }
    }

    return false;
}


cx_str
cx_words_join(cx_arena *a, const cx_words *w)
{
    cx_buf  b;
    size_t  max = 2;

    for (size_t i = 0; i < w->n; i++) {
        max += w->items[i].fold.len + 1;
    }

    cx_buf_init(&b, a, max, max);
    cx_buf_byte(&b, ' ');

    for (size_t i = 0; i < w->n; i++) {
        cx_buf_add(&b, w->items[i].fold);
        cx_buf_byte(&b, ' ');
    }

    return b.failed ? CX_NOSTR : cx_buf_str(&b);
}
