#include "core/multipart.h"

#include "core/mime.h"

#define BOUNDARY_MAX  200
#define FIELDS_MAX    32        /* header fields of one part */


cx_err
cx_multipart_open(cx_multipart *m, cx_str body, cx_arena *a)
{
    cx_str        line, rest = body;
    const cx_str  end = CX_STR("\r\n");

    *m = (cx_multipart) { .arena = a };

    (void) cx_str_split(&rest, '\n', &line);

    if (rest.p == NULL || line.len < 4 || line.len > BOUNDARY_MAX
        || !cx_str_starts(line, CX_STR("--")) || line.p[line.len - 1] != '\r')
    {
        m->err = CX_MALFORMED;
        return CX_MALFORMED;
    }

    line.len--;
    m->bound = cx_concat(a, end, line);
    m->rest = rest;
    return cx_arena_failed(a) ? CX_NOMEM : CX_OK;
}


static void
read_head(cx_multipart *m, cx_str *text, cx_multipart_part *part)
{
    cx_header  f;
    unsigned   n = 0;
    cx_str     place = CX_NOSTR;

    *part = (cx_multipart_part) { .name = CX_NOSTR };

    while (n++ < FIELDS_MAX && cx_mime_field(text, m->arena, &f)) {
        if (cx_str_eq_nocase(f.name, CX_STR("content-disposition"))) {
            place = f.value;

        } else if (cx_str_eq_nocase(f.name, CX_STR("content-type"))) {
            part->type = f.value;
        }
    }

    part->name = cx_mime_param(place, m->arena, "name");
    part->file = cx_mime_param(place, m->arena, "filename");
}


bool
cx_multipart_next(cx_multipart *m, cx_multipart_part *part)
{
    size_t  end;
    cx_str  text;

    if (m->err != CX_OK || m->rest.p == NULL) {
        return false;
    }

    text = m->rest;
    read_head(m, &text, part);
    end = cx_str_find(text, m->bound);

    if (text.p == NULL || end == SIZE_MAX || part->name.len == 0
        || ++m->parts > CX_MULTIPART_PARTS)
    {
        m->err = cx_arena_failed(m->arena) ? CX_NOMEM : CX_MALFORMED;
        return false;
    }

    part->body = cx_str_sub(text, 0, end);
    text = cx_str_sub(text, end + m->bound.len, text.len);

    if (cx_str_starts(text, CX_STR("--"))) {
        m->rest = CX_NOSTR;

    } else if (cx_str_starts(text, CX_STR("\r\n"))) {
        m->rest = cx_str_sub(text, 2, text.len);

    } else {
        m->err = CX_MALFORMED;
        return false;
    }

    return true;
}
