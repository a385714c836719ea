/* Transfer encodings, and the walk over the parts of a message. */

#include "core/mime.h"

#include <string.h>


#define BOUNDARY_MAX  200


/* --- transfer encodings -------------------------------------------------- */

/* word: as in a header, where "_" is a space. */
cx_str
cx_mime_quoted(cx_arena *a, cx_str body, bool word)
{
    char    *p = cx_alloc_bytes(a, body.len + 1);
    size_t   n = 0, i = 0, end;
    uint8_t  byte;

    while (p != NULL && i < body.len) {
        if (body.p[i] != '=') {
            p[n++] = word && body.p[i] == '_' ? ' ' : body.p[i];
            i++;
            continue;
        }

        if (cx_hex_decode(cx_str_sub(body, i + 1, 2), &byte, 1)) {
            p[n++] = (char) byte;
            i += 3;
            continue;
        }

        for (end = i + 1; end < body.len && (body.p[end] == ' '
                          || body.p[end] == '\t' || body.p[end] == '\r');
             end++)
        {
            /* A soft break may be followed by blanks. */
        }

        if (end < body.len && body.p[end] == '\n') {
            i = end + 1;

        } else {
            p[n++] = body.p[i++];
        }
    }

    return p == NULL ? CX_NOSTR : (cx_str) { n, p };
}


static int
digit(char c)
{
    if (c >= 'A' && c <= 'Z') {
        return c - 'A';
    }

    if (c >= 'a' && c <= 'z') {
        return c - 'a' + 26;
    }

    if (c >= '0' && c <= '9') {
        return c - '0' + 52;
    }

    return c == '+' ? 62 : c == '/' ? 63 : -1;
}


/* As mail has it: line breaks and other foreign bytes are passed over. */
cx_str
cx_mime_base64(cx_arena *a, cx_str body)
{
    char      *p = cx_alloc_bytes(a, body.len / 4 * 3 + 3);
    size_t     n = 0;
    unsigned   bits = 0, held = 0;

    for (size_t i = 0; p != NULL && i < body.len && body.p[i] != '='; i++) {
        const int  v = digit(body.p[i]);

        if (v < 0) {
            continue;
        }

        bits = bits << 6 | (unsigned) v;
        held += 6;

        if (held >= 8) {
            held -= 8;
            p[n++] = (char) (bits >> held & 0xff);
            bits &= (1u << held) - 1;
        }
    }

    return p == NULL ? CX_NOSTR : (cx_str) { n, p };
}


cx_str
cx_mime_decode(cx_arena *a, cx_str encoding, cx_str body)
{
    if (cx_str_eq_nocase(encoding, CX_STR("quoted-printable"))) {
        return cx_mime_quoted(a, body, false);
    }

    if (cx_str_eq_nocase(encoding, CX_STR("base64"))) {
        return cx_mime_base64(a, body);
    }

    return body;
}


/* --- the walk ------------------------------------------------------------ */

void
cx_mime_open(cx_mime_walk *w, cx_str message, cx_arena *a)
{
    *w = (cx_mime_walk) { .arena = a, .rest = message };
}


/* Takes the fields off w->rest, which is the body then. */
static cx_str
take_head(cx_mime_walk *w)
{
    cx_header     f;
    unsigned      n = 0;
    const cx_str  all = w->rest;

    while (n++ < CX_MIME_FIELDS && cx_mime_field(&w->rest, w->arena, &f)) {
        /* Only their end is of interest. */
    }

    return (cx_str) { all.len - w->rest.len, all.p };
}


/* How the line at p ends the part at hand: the depth whose boundary it is
 * (from 1), and whether it is the closing one; 0: it is no boundary. */
static unsigned
boundary_at(const cx_mime_walk *w, cx_str line, bool *closes)
{
    cx_str  rest;

    if (!cx_str_starts(line, CX_STR("--"))) {
        return 0;
    }

    line = cx_str_sub(line, 2, line.len);

    for (unsigned i = w->depth; i > 0; i--) {
        if (!cx_str_starts(line, w->bounds[i - 1])) {
            continue;
        }

        rest = cx_str_sub(line, w->bounds[i - 1].len, line.len);
        *closes = cx_str_starts(rest, CX_STR("--"));
        rest = cx_str_sub(rest, *closes ? 2 : 0, rest.len);

        if (cx_str_trim(rest).len == 0) {
            return i;
        }
    }

    return 0;
}


/* Goes on to the next boundary: what stood before it.  *part: another part
 * follows.  Without any boundary it is all that is left. */
static cx_str
take_body(cx_mime_walk *w, bool *part)
{
    bool      closes = false;
    size_t    at = 0, end;
    unsigned  level;
    cx_str    body = w->rest;

    *part = false;

    while (w->depth > 0 && at < w->rest.len) {
        const cx_str  here = cx_str_sub(w->rest, at, w->rest.len);

        end = cx_str_find_byte(here, '\n');
        end = end == SIZE_MAX ? here.len : end;
        level = boundary_at(w, cx_str_sub(here, 0, end), &closes);

        if (level == 0) {
            at += end + 1;
            continue;
        }

        body.len = at > 0 ? at - 1 : 0;         /* its line end is its own */
        body.len -= body.len > 0 && body.p[body.len - 1] == '\r';
        w->rest = cx_str_sub(here, end + 1, here.len);
        w->depth = closes ? level - 1 : level;
        *part = !closes;
        return body;
    }

    w->rest = CX_NOSTR;
    return body;
}


/* To where the next part begins; false: there is none. */
static bool
next_start(cx_mime_walk *w)
{
    bool  part = false;

    while (w->rest.len > 0 && w->depth > 0 && !part) {
        (void) take_body(w, &part);
    }

    return part;
}


static void
read_part(cx_mime_walk *w, cx_str head, cx_mime_part *part)
{
    cx_arena     *a = w->arena;
    const cx_str  type = cx_mime_find(head, a, "content-type");
    const cx_str  place = cx_mime_find(head, a, "content-disposition");
    cx_str        id = cx_mime_find(head, a, "content-id");

    *part = (cx_mime_part) {
        .head = head,
        .type = cx_mime_value(type, a),
        .charset = cx_mime_param(type, a, "charset"),
        .encoding = cx_mime_find(head, a, "content-transfer-encoding"),
        .disposition = cx_mime_value(place, a),
        .name = cx_mime_words(a, cx_mime_param(place, a, "filename")),
    };

    if (part->name.len == 0) {
        part->name = cx_mime_words(a, cx_mime_param(type, a, "name"));
    }

    if (part->type.len == 0) {
        part->type = CX_STR("text/plain");
    }

    if (id.len > 2 && id.p[0] == '<' && id.p[id.len - 1] == '>') {
        id = cx_str_sub(id, 1, id.len - 2);
    }

    part->content_id = id;
}


/* Steps into a multipart; false: it is too deep, or has no boundary. */
static bool
step_in(cx_mime_walk *w, cx_str head)
{
    const cx_str  type = cx_mime_find(head, w->arena, "content-type");
    const cx_str  bound = cx_mime_param(type, w->arena, "boundary");

    if (bound.len == 0 || bound.len > BOUNDARY_MAX
        || w->depth == CX_MIME_DEPTH)
    {
        return false;
    }

    w->bounds[w->depth++] = bound;
    return true;
}


bool
cx_mime_next(cx_mime_walk *w, cx_mime_part *part)
{
    bool    more = w->started ? true : w->rest.len > 0, follows;
    cx_str  head;

    while (more && w->parts < CX_MIME_PARTS) {
        if (w->started && !next_start(w)) {
            return false;
        }

        head = take_head(w);

        if (!w->started) {
            w->head = head;
        }

        read_part(w, head, part);
        w->report = w->report
                    || cx_str_eq(part->type, CX_STR("multipart/report"));

        if (cx_str_starts(part->type, CX_STR("multipart/"))
            && step_in(w, head))
        {
            w->started = true;
            continue;
        }

        /* Its end is the next one's start: read again from there. */
        const cx_str  before = w->rest;
        const unsigned  depth = w->depth;

        part->body = take_body(w, &follows);

        if (depth > 0 && part->body.len <= before.len) {
            w->rest = cx_str_sub(before, part->body.len, before.len);
            w->depth = depth;
        }

        w->started = true;
        w->parts++;
        return true;
    }

    return false;
}
