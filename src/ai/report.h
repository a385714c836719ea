/*
 * A model's own opinion of its answer: a last line that no customer sees,
 *
 *     @@<mark> {"sure":0.9,"basis":"knowledge","missing":""}
 *
 * The mark is made anew for every turn (cx_ai_prompt.report_mark), so that no
 * message and no file of knowledge can hold one.  It is one input of the
 * confidence among others: it may lower it, and never says yes alone.
 */

#ifndef CX_AI_REPORT_H
#define CX_AI_REPORT_H

#include "ai/ai.h"

#define CX_REPORT_MARK_MAX  64
#define CX_REPORT_LINE_MAX  1024    /* a longer one is cut off, and not read */

typedef enum {
    CX_REPORT_NONE,         /* not asked, or not given */
    CX_REPORT_READ,
    CX_REPORT_BROKEN        /* given, but not as asked: says nothing */
} cx_report_state;

typedef struct {
    cx_report_state  state;
    double           sure;      /* 0..1 */
    bool             based;     /* says that it used what it was given */
    cx_str           missing;   /* what it would have needed; a view, short */
} cx_report;

/* What a model is told of it, for the end of the instructions; empty when no
 * report is wanted (or there is no mark). */
cx_str cx_report_ask(const cx_ai_prompt *p, cx_arena *a);

/* Takes the line off *text, wherever it stands; it counts only at the end. */
cx_report cx_report_take(const cx_ai_prompt *p, cx_arena *a, cx_str *text);

/* While an answer comes in pieces: so many bytes at the end of what has come
 * and was not shown yet may belong to the line (or to the white space before
 * it), and are not shown.  The rest of unshown may be. */
size_t cx_report_held(const cx_ai_prompt *p, cx_str unshown);

#endif /* CX_AI_REPORT_H */
