/*
 * What an answer may be made of: the agent's prompt, its facts, the knowledge
 * at hand, what tools said and what we have said before are ours; what the
 * customer wrote is not, but may be repeated to the customer.
 */

#ifndef CX_AI_SOURCES_H
#define CX_AI_SOURCES_H

#include "ai/ai.h"

typedef struct {
    const cx_str  *items;
    size_t         n;       /* all of them */
    size_t         nours;   /* the first so many */
} cx_sources;

typedef enum {
    CX_FROM_OURS,
    CX_FROM_ANYBODY
} cx_from;

/* False: no memory. */
bool cx_sources_of(const cx_ai_prompt *p, cx_arena *a, cx_sources *out);

/* In any case of its letters. */
bool cx_sources_text(const cx_sources *s, cx_from from, cx_str text);
/* "9.30" stands for "9:30", "15" for "15:00". */
bool cx_sources_number(const cx_sources *s, cx_from from, cx_str number);

/* --- what stands in a text ----------------------------------------------- */

/* With 0 to 9 for the digits of other scripts; the text itself if there are
 * none, or no memory. */
cx_str cx_plain_digits(cx_arena *a, cx_str text);

/* Digits, with separators between digits; leading zeros are left out.  What is
 * before it is cut off *rest as well. */
bool cx_number_next(cx_str *rest, cx_str *number);

typedef enum {
    CX_PLACE_LINK,          /* with a scheme */
    CX_PLACE_BARE,          /* "example.org/x", which many apps link */
    CX_PLACE_MAIL
} cx_place_kind;

typedef struct {
    cx_place_kind  kind;
    cx_str         host;    /* without port */
    cx_str         mail;    /* MAIL: the whole address */
    bool           odd;     /* written so that people and programs may read
                             * another host than we do */
} cx_place;

/* The next link or e-mail address of a text. */
bool cx_place_next(cx_str *rest, cx_place *place);

#endif /* CX_AI_SOURCES_H */
