/*
 * Markdown: each paragraph or list is a passage, and the headings above it
 * say what it is about.  Inside a code fence nothing is a heading.
 */

#include "ai/split.h"


#define LEVELS  6

typedef struct {
    cx_arena   *arena;
    cx_chunks  *list;
    cx_str      headings[LEVELS];
    int64_t     position;       /* blocks so far */
    cx_str      block;          /* at hand; empty: none */
    cx_str      last;           /* its last line, trimmed */
    bool        gap;            /* blank lines follow it */
    bool        fenced;         /* inside a code fence */
    bool        code;           /* the block has one: its lines stay */
} markdown;


static void take_line(markdown *m, cx_str line);
static void add_line(markdown *m, cx_str line, cx_str text);
static bool belongs(const markdown *m, cx_str line);
static void end_block(markdown *m);
static size_t heading_level(const markdown *m, cx_str text);
static void set_heading(markdown *m, size_t level, cx_str text);
static cx_str join_headings(const markdown *m);
static bool is_item(cx_str text);
static bool is_row_of(cx_str text, char c);


void
cx_split_markdown(cx_str content, cx_arena *a, cx_chunks *list)
{
    cx_str    line;
    markdown  m = { .arena = a, .list = list };

    while (cx_str_split(&content, '\n', &line)) {
        take_line(&m, line);
    }

    end_block(&m);
}


static void
take_line(markdown *m, cx_str line)
{
    const cx_str  text = cx_str_trim(line);
    const size_t  level = heading_level(m, text);

    if (level > 0) {
        set_heading(m, level, text);

    } else if (text.len == 0) {
        m->gap = true;

    } else if (!m->fenced && (is_row_of(text, '-') || is_row_of(text, '*')
                              || is_row_of(text, '=')))
    {
        end_block(m);

    } else {
        add_line(m, line, text);
    }
}


static void
add_line(markdown *m, cx_str line, cx_str text)
{
    if (m->gap && !belongs(m, line)) {
        end_block(m);
    }

    if (cx_str_starts(text, CX_STR("```"))
        || cx_str_starts(text, CX_STR("~~~")))
    {
        m->fenced = !m->fenced;
        m->code = true;
    }

    if (m->block.len == 0) {
        m->block.p = line.p;
    }

    m->block.len = (size_t) (line.p + line.len - m->block.p);
    m->last = text;
    m->gap = false;
}


/* A line behind a gap: still of the same block? */
static bool
belongs(const markdown *m, cx_str line)
{
    return m->fenced
           || cx_str_ends(m->last, CX_STR(":"))
           || (is_item(m->last) && is_item(cx_str_trim(line)))
           || cx_str_starts(line, CX_STR("  "))
           || cx_str_starts(line, CX_STR("\t"));
}


static void
end_block(markdown *m)
{
    if (m->block.len > 0) {
        m->position++;
        cx_split_add(m->list, m->arena, m->position, join_headings(m),
                     m->code ? m->block
                             : cx_split_unwrap(m->arena, m->block));
    }

    m->block = CX_NOSTR;
    m->last = CX_NOSTR;
    m->gap = false;
    m->code = m->fenced;
}


/* "## Text", or a line of "=" or "-" under a block of one line; else 0. */
static size_t
heading_level(const markdown *m, cx_str text)
{
    size_t  n = 0;

    if (m->fenced) {
        return 0;
    }

    if (m->block.len > 0 && !m->gap && !is_item(m->last)
        && cx_str_find_byte(m->block, '\n') == SIZE_MAX)
    {
        if (is_row_of(text, '=')) {
            return 1;
        }

        if (is_row_of(text, '-')) {
            return 2;
        }
    }

    while (n < text.len && text.p[n] == '#') {
        n++;
    }

    return n <= LEVELS && n < text.len && text.p[n] == ' ' ? n : 0;
}


static void
set_heading(markdown *m, size_t level, cx_str text)
{
    if (text.p[0] == '#') {
        end_block(m);

    } else {
        text = m->last;             /* the line above is the heading */
        m->block = CX_NOSTR;
        end_block(m);
    }

    while (text.len > 0 && text.p[0] == '#') {
        text = cx_str_sub(text, 1, text.len);
    }

    while (text.len > 0 && text.p[text.len - 1] == '#') {
        text.len--;
    }

    m->headings[level - 1] = cx_str_trim(text);

    for (size_t i = level; i < LEVELS; i++) {
        m->headings[i] = CX_NOSTR;
    }
}


static cx_str
join_headings(const markdown *m)
{
    cx_str  all = CX_NOSTR;

    for (size_t i = 0; i < LEVELS; i++) {
        if (m->headings[i].len == 0) {
            continue;
        }

        all = all.len == 0 ? m->headings[i]
                           : cx_printf(m->arena, "%.*s: %.*s", CX_ARG(all),
                                       CX_ARG(m->headings[i]));
    }

    return all;
}


static bool
is_item(cx_str text)
{
    size_t  n = 0;

    if (text.len > 2 && memchr("-*+", text.p[0], 3) != NULL) {
        return text.p[1] == ' ';
    }

    while (n < text.len && text.p[n] >= '0' && text.p[n] <= '9') {
        n++;
    }

    return n > 0 && n + 1 < text.len
           && (text.p[n] == '.' || text.p[n] == ')') && text.p[n + 1] == ' ';
}


/* "---": three or more and nothing else. */
static bool
is_row_of(cx_str text, char c)
{
    for (size_t i = 0; i < text.len; i++) {
        if (text.p[i] != c) {
            return false;
        }
    }

    return text.len >= 3;
}
