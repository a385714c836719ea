/* Texts into passages. */

#include "ai/split.h"

#include "core/utf8.h"


#define TITLE_MAX  60       /* code points of a line that only announces */


static bool grow(cx_chunks *list, cx_arena *a);
static cx_str without_colon(cx_str title);
static bool announces(cx_str paragraph);
static bool question_and_answer(cx_str paragraph, cx_str *question,
    cx_str *text);
static cx_str after_label(cx_str line, char label);


void
cx_split_add(cx_chunks *list, cx_arena *a, int64_t position, cx_str question,
    cx_str text)
{
    cx_str  piece;

    while (cx_utf8_split(&text, CX_CHUNK_MAX, &piece)) {
        piece = cx_str_trim(piece);

        if (piece.len > 0 && grow(list, a)) {
            list->items[list->n++] = (cx_chunk) {
                .position = position,
                .question = question,
                .text = piece,
            };
        }
    }
}


static bool
grow(cx_chunks *list, cx_arena *a)
{
    size_t     room;
    cx_chunk  *items;

    if (list->n < list->room) {
        return true;
    }

    room = list->room == 0 ? 32 : 2 * list->room;
    items = CX_NEW_N(a, room, cx_chunk);
    if (items == NULL) {
        return false;
    }

    if (list->n > 0) {
        memcpy(items, list->items, list->n * sizeof(*items));
    }

    list->items = items;
    list->room = room;

    return true;
}


bool
cx_split_paragraph(cx_str *rest, cx_str *paragraph)
{
    cx_str       line;
    const char  *from = NULL, *to = NULL;

    while (cx_str_split(rest, '\n', &line)) {
        if (cx_str_trim(line).len > 0) {
            from = from == NULL ? line.p : from;
            to = line.p + line.len;

        } else if (from != NULL) {
            break;
        }
    }

    if (from == NULL) {
        return false;
    }

    *paragraph = (cx_str) { (size_t) (to - from), from };
    return true;
}


cx_str
cx_split_unwrap(cx_arena *a, cx_str text)
{
    char    *p = cx_alloc_bytes(a, text.len);
    size_t   n = 0;

    if (p == NULL) {
        return CX_NOSTR;
    }

    for (size_t i = 0; i < text.len; i++) {
        if (text.p[i] == '\r') {
            continue;
        }

        p[n++] = text.p[i];

        if (n > 1 && i + 1 < text.len && text.p[i] == '\n'
            && memchr(".!?:;|", p[n - 2], 6) == NULL
            && text.p[i + 1] >= 'a' && text.p[i + 1] <= 'z')
        {
            p[n - 1] = ' ';
        }
    }

    return (cx_str) { n, p };
}


/* By paragraph; one that only announces ("Parking:") is what the next one is
 * about. */
void
cx_split_text(cx_str content, cx_arena *a, cx_chunks *list)
{
    int64_t  position = 0;
    cx_str   paragraph, question, text, title = CX_NOSTR;

    while (cx_split_paragraph(&content, &paragraph)) {
        position++;

        if (question_and_answer(paragraph, &question, &text)) {
            title = question;

        } else if (announces(paragraph) && cx_str_trim(content).len > 0) {
            title = without_colon(cx_str_trim(paragraph));
            continue;

        } else {
            text = paragraph;
        }

        cx_split_add(list, a, position, title, cx_split_unwrap(a, text));
        title = CX_NOSTR;
    }
}


static cx_str
without_colon(cx_str title)
{
    title.len -= cx_str_ends(title, CX_STR(":"));
    return title;
}


/* One short line that is no sentence. */
static bool
announces(cx_str paragraph)
{
    const cx_str  s = cx_str_trim(paragraph);

    return cx_str_find_byte(s, '\n') == SIZE_MAX
           && cx_utf8_count(s) <= TITLE_MAX
           && memchr(".!?", s.p[s.len - 1], 3) == NULL;
}


/* "Q: ...", then a line "A: ...". */
static bool
question_and_answer(cx_str paragraph, cx_str *question, cx_str *text)
{
    cx_str  line, rest = paragraph;

    (void) cx_str_split(&rest, '\n', &line);

    *question = after_label(line, 'q');
    *text = after_label(rest, 'a');

    return question->len > 0 && text->len > 0;
}


static cx_str
after_label(cx_str line, char label)
{
    line = cx_str_trim(line);

    if (line.len < 3 || (line.p[0] | 0x20) != label || line.p[1] != ':') {
        return CX_NOSTR;
    }

    return cx_str_trim(cx_str_sub(line, 2, line.len));
}
