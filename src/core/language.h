/* Which language a text is in, told by the small words that are in it. */

#ifndef CX_CORE_LANGUAGE_H
#define CX_CORE_LANGUAGE_H

#include "core/str.h"

/*    code   name */
#define CX_LANGUAGES(X)                                                       \
    X(EN, "en")                                                               \
    X(ES, "es")                                                               \
    X(DE, "de")                                                               \
    X(FR, "fr")                                                               \
    X(PT, "pt")                                                               \
    X(IT, "it")                                                               \
    X(NL, "nl")

typedef enum {
    CX_LANGUAGE_UNKNOWN,
#define X(code, word)  CX_LANGUAGE_##code,
    CX_LANGUAGES(X)
#undef X
    CX_LANGUAGE_COUNT
} cx_language;

/* "en", "unknown" */
cx_str cx_language_word(cx_language l);
/* UNKNOWN for any other word. */
cx_language cx_language_parse(cx_str word);
/* UNKNOWN when unsure: a wrong guess is worse than none.  words: what
 * cx_fold_words made of the text. */
cx_language cx_language_guess(cx_str words);

#endif /* CX_CORE_LANGUAGE_H */
