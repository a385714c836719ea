#include "worker/engine.h"


/*
 * Two things cost memory and other people's patience while they are under
 * way: calls of a model, and sends.  Each kind has so many slots; who finds
 * none waits in line.
 */

void
cx_slots_init(cx_slots *s, size_t limit)
{
    *s = (cx_slots) { .limit = limit };
    s->tail = &s->head;
}


/* True: it has a slot.  False: it is in line, and its step is entered again
 * when there is one. */
bool
cx_slot_take(cx_conv *c, cx_slots *s)
{
    if (s->busy < s->limit) {
        s->busy++;
        c->slot = s;
        return true;
    }

    c->line = s;
    c->line_next = NULL;
    *s->tail = c;
    s->tail = &c->line_next;
    s->waiting++;
    return false;
}


bool
cx_slot_change(cx_conv *c, cx_slots *s)
{
    if (s->busy >= s->limit) {
        return false;
    }

    s->busy++;
    cx_slot_free(c);
    c->slot = s;
    return true;
}


/* Out of the line it may stand in. */
void
cx_slot_leave(cx_conv *c)
{
    cx_slots  *s = c->line;
    cx_conv  **at;

    if (s == NULL) {
        return;
    }

    for (at = &s->head; *at != c; at = &(*at)->line_next) {
        /* void */
    }

    *at = c->line_next;
    c->line = NULL;
    s->waiting--;

    if (s->tail == &c->line_next) {
        s->tail = at;
    }
}


/* Who is first in line may not go on any more and end instead: then it is the
 * next one's. */
void
cx_slot_free(cx_conv *c)
{
    cx_slots  *s = c->slot;

    if (s == NULL) {
        return;
    }

    c->slot = NULL;
    s->busy--;

    while (s->head != NULL && s->busy < s->limit) {
        cx_conv_go(s->head, s->head->step);
    }
}
