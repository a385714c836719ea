/* Inside cx_out_fit: what its files share. */

#ifndef CX_CHANNEL_FIT_H
#define CX_CHANNEL_FIT_H

#include "channel/out.h"

typedef struct {
    const cx_caps  *caps;
    const cx_out   *out;        /* as it was asked for */
    cx_arena       *arena;
    cx_outs        *list;
    const char     *error;
} cx_fit;

/* Sets why, unless something is said already; CX_INVALID. */
cx_err cx_fit_refuse(cx_fit *f, const char *why);
/* Appends a copy of out, for the caller to change; NULL: no memory or too
 * many (then the error is set). */
cx_out *cx_fit_add(cx_fit *f, cx_out_kind kind);
bool cx_fit_can(const cx_caps *caps, cx_out_kind kind);
size_t cx_fit_len(const cx_caps *caps, cx_str s);
/* At most max, an ellipsis at the end if it was cut; max 0: as it is. */
cx_str cx_fit_short(cx_fit *f, cx_str s, size_t max);
/* The limit of a text; never 0. */
size_t cx_fit_text_max(const cx_caps *caps);
/* As so many texts as it takes; CX_INVALID: the channel has none. */
cx_err cx_fit_text(cx_fit *f, cx_str text);
/* The texts that are not empty, with sep between them. */
cx_str cx_fit_join(cx_fit *f, const char *sep, const cx_str *texts, size_t n);

/* fit_choices.c */
cx_err cx_fit_buttons(cx_fit *f);
cx_err cx_fit_list(cx_fit *f);

/* fit_media.c */
cx_err cx_fit_media_place(cx_fit *f);
cx_err cx_fit_media(cx_fit *f);
cx_err cx_fit_location(cx_fit *f);
cx_err cx_fit_contacts(cx_fit *f);

#endif /* CX_CHANNEL_FIT_H */
