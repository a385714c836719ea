#include "channel/out.h"


static const char *const  words[] = {
#define X(name, word)  word,
    CX_OUT_KINDS(X)
#undef X
};


const char *
cx_out_word(cx_out_kind kind)
{
    return (unsigned) kind < CX_OUT_COUNT ? words[kind] : "unknown";
}


bool
cx_out_parse_kind(cx_str word, cx_out_kind *kind)
{
    for (unsigned i = 0; i < CX_OUT_COUNT; i++) {
        if (cx_str_eq(word, cx_strz(words[i]))) {
            *kind = (cx_out_kind) i;
            return true;
        }
    }

    return false;
}


cx_out *
cx_outs_add(cx_outs *list, cx_arena *a)
{
    cx_out  *items;
    size_t   room;

    if (list->n == list->room) {
        room = list->room == 0 ? 4 : 2 * list->room;
        items = CX_NEW_N(a, room, cx_out);
        if (items == NULL) {
            return NULL;
        }

        for (size_t i = 0; i < list->n; i++) {
            items[i] = list->items[i];
        }

        list->items = items;
        list->room = room;
    }

    return &list->items[list->n++];
}
