/*
 * Two machines that answer each other: they read and type faster than people
 * do, they repeat themselves, and some of them say what they are.
 *
 * Looked at is the end of a talk: as long as each message of the customer
 * bears such a mark, it is counted; one that does not ends the counting, and
 * so does a person of ours who has spoken, or a pause.
 */

#ifndef CX_AI_LOOP_H
#define CX_AI_LOOP_H

#include "core/arena.h"

#define CX_LOOP_SCORE     3         /* marks that are enough ... */
#define CX_LOOP_LEAST     2         /* ... of so many messages */
#define CX_LOOP_PAUSE_MS  (15 * 60 * 1000)

/* A message of a talk, oldest first. */
typedef struct {
    bool     ours;
    bool     person;        /* ours: said by a person */
    bool     typed;         /* not chosen, not an attachment */
    cx_str   text;
    int64_t  at;            /* ms: received, or planned */
} cx_loop_line;

/* The last line is the customer's. */
bool cx_ai_loop(const cx_loop_line *lines, size_t n, cx_arena *a);

/* It says of itself that a machine wrote it. */
bool cx_ai_automatic(cx_str text, cx_arena *a);

/* Both say the same, but for a word in five. */
bool cx_ai_alike(cx_str x, cx_str y, cx_arena *a);

#endif /* CX_AI_LOOP_H */
