#include "ai/file.h"

#include "ai/split.h"
#include "core/charset.h"
#include "core/utf8.h"


#define LOOK_BYTES   4096       /* of the beginning, to tell an encoding */
#define REPLACEMENT  0xfffd


static cx_str utf16(cx_arena *a, cx_str bytes, bool little);


/* --- encodings ----------------------------------------------------------- */

/* Half of the bytes of western text in UTF-16 are zero: which half? */
static const char *
guess_utf16(cx_str bytes)
{
    size_t        even = 0, odd = 0;
    const size_t  n = bytes.len < LOOK_BYTES ? bytes.len : LOOK_BYTES;

    for (size_t i = 0; i < n; i++) {
        if (bytes.p[i] == '\0') {
            *(i % 2 == 0 ? &even : &odd) += 1;
        }
    }

    if (odd > n / 5 && even <= n / 50 + 1) {
        return "utf-16le";
    }

    return even > n / 5 && odd <= n / 50 + 1 ? "utf-16be" : NULL;
}


static cx_str
detect(cx_str bytes)
{
    const char  *wide = guess_utf16(bytes);

    if (cx_str_starts(bytes, CX_STR("\xef\xbb\xbf"))) {
        return CX_STR("utf-8");
    }

    if (cx_str_starts(bytes, CX_STR("\xff\xfe"))) {
        return CX_STR("utf-16le");
    }

    if (cx_str_starts(bytes, CX_STR("\xfe\xff"))) {
        return CX_STR("utf-16be");
    }

    if (wide != NULL) {
        return cx_strz(wide);
    }

    return cx_utf8_valid(bytes) ? CX_STR("utf-8") : CX_STR("windows-1252");
}


/* Control characters, but those of lines: a picture, an archive. */
static bool
is_text(cx_str s)
{
    size_t  odd = 0;

    for (size_t i = 0; i < s.len; i++) {
        const unsigned char  c = (unsigned char) s.p[i];

        if (c == 0) {
            return false;
        }

        odd += c < ' ' && c != '\n' && c != '\r' && c != '\t' && c != '\f';
    }

    return odd <= s.len / 500;
}


static cx_str
without_mark(cx_str s)
{
    return cx_str_starts(s, CX_STR("\xef\xbb\xbf"))
           ? cx_str_sub(s, 3, s.len) : s;
}


/* "utf-16" alone is told by its mark. */
static bool
is_little(cx_str encoding, cx_str bytes)
{
    return cx_str_eq_nocase(encoding, CX_STR("utf-16le"))
           || (cx_str_eq_nocase(encoding, CX_STR("utf-16"))
               && !cx_str_starts(bytes, CX_STR("\xfe\xff")));
}


cx_err
cx_file_decode(cx_str encoding, cx_str bytes, cx_arena *a, cx_str *text,
    cx_str *found)
{
    bool  known = true;

    *found = encoding.len > 0 ? encoding : detect(bytes);

    if (found->len > 5
        && cx_str_eq_nocase(cx_str_sub(*found, 0, 6), CX_STR("utf-16")))
    {
        *text = utf16(a, bytes, is_little(*found, bytes));

    } else if (cx_str_eq_nocase(*found, CX_STR("utf-8"))
               && cx_utf8_valid(bytes))
    {
        *text = bytes;

    } else {
        *text = cx_charset_utf8(a, *found, bytes, &known);
    }

    *text = without_mark(*text);

    return cx_arena_failed(a) ? CX_NOMEM
           : known && is_text(*text) ? CX_OK : CX_INVALID;
}


static uint32_t
unit_at(cx_str bytes, size_t i, bool little)
{
    const uint8_t  x = (uint8_t) bytes.p[i];
    const uint8_t  y = (uint8_t) bytes.p[i + 1];

    return little ? (uint32_t) (y << 8 | x) : (uint32_t) (x << 8 | y);
}


static cx_str
utf16(cx_arena *a, cx_str bytes, bool little)
{
    char      *p = cx_alloc_bytes(a, 3 * (bytes.len / 2) + 3);
    size_t     n = 0;
    uint32_t   cp, low;

    for (size_t i = 0; p != NULL && i + 1 < bytes.len; i += 2) {
        cp = unit_at(bytes, i, little);

        if (cp >= 0xd800 && cp < 0xdc00 && i + 3 < bytes.len) {
            low = unit_at(bytes, i + 2, little);

            if (low >= 0xdc00 && low < 0xe000) {
                cp = 0x10000 + ((cp - 0xd800) << 10) + (low - 0xdc00);
                i += 2;
            }
        }

        n += cx_utf8_put(p + n, cp >= 0xd800 && cp < 0xe000 ? REPLACEMENT
                                                            : cp);
    }

    return (cx_str) { n, p };
}


/* --- the whole file ------------------------------------------------------ */

static bool
name_ends(cx_str name, cx_str suffix)
{
    return name.len > suffix.len
           && cx_str_eq_nocase(cx_str_sub(name, name.len - suffix.len,
                                          suffix.len), suffix);
}


void
cx_file_fault_add(cx_file *f, int64_t line, cx_str what)
{
    if (f->nfaults < CX_FILE_FAULTS_MAX) {
        f->faults[f->nfaults++] = (cx_file_fault) { line, what };
    }
}


void
cx_file_note_add(cx_file *f, int64_t line, cx_str what)
{
    if (f->nnotes < CX_FILE_FAULTS_MAX) {
        f->notes[f->nnotes++] = (cx_file_fault) { line, what };
    }
}


static cx_err
decode(const cx_file_how *how, cx_str content, cx_arena *a, cx_str *text,
    cx_file *out)
{
    const cx_err  err = cx_file_decode(how->encoding, content, a, text,
                                       &out->encoding);

    if (err != CX_INVALID) {
        return err;
    }

    if (how->encoding.len > 0) {
        cx_file_fault_add(out, 0, cx_printf(a, "it is no text in \"%.*s\"; "
            "leave the encoding out to have it detected, or name another one:"
            " utf-8, utf-16, windows-1252, iso-8859-15, windows-1250",
            CX_ARG(cx_str_sub(how->encoding, 0, 40))));

    } else {
        cx_file_fault_add(out, 0, CX_STR("it is not text; save it as text, "
            "CSV or Markdown in UTF-8 and add it again"));
    }

    return err;
}


cx_err
cx_file_read(const cx_file_how *how, cx_str content, cx_arena *a,
    cx_file *out)
{
    cx_str  text;
    cx_err  err;

    memset(out, 0, sizeof(*out));
    err = decode(how, content, a, &text, out);

    if (err != CX_OK) {
        return cx_arena_failed(a) ? CX_NOMEM : err;
    }

    if (name_ends(how->name, CX_STR(".csv"))
        || name_ends(how->name, CX_STR(".tsv")))
    {
        cx_split_csv(how, text, a, out);

    } else if (name_ends(how->name, CX_STR(".md"))
               || name_ends(how->name, CX_STR(".markdown")))
    {
        cx_split_markdown(text, a, &out->chunks);

    } else {
        cx_split_text(text, a, &out->chunks);
    }

    if (out->nfaults == 0 && out->chunks.n == 0) {
        cx_file_fault_add(out, 0, CX_STR("there is no text in it"));
    }

    return cx_arena_failed(a) ? CX_NOMEM
           : out->nfaults > 0 ? CX_INVALID : CX_OK;
}


cx_str
cx_file_fault_text(cx_arena *a, cx_str name, const cx_file_fault *f)
{
    return f->line > 0
           ? cx_printf(a, "%.*s:%lld: %.*s", CX_ARG(name),
                       (long long) f->line, CX_ARG(f->what))
           : cx_printf(a, "%.*s: %.*s", CX_ARG(name), CX_ARG(f->what));
}


cx_err
cx_ai_split(cx_str name, cx_str content, cx_arena *a, cx_chunks *list,
    cx_str *error)
{
    const cx_file_how   how = { .name = name };
    cx_file            *f = CX_NEW(a, cx_file);
    cx_err              err;

    if (f == NULL) {
        return CX_NOMEM;
    }

    err = cx_file_read(&how, content, a, f);

    if (err == CX_INVALID) {
        *error = cx_file_fault_text(a, name, &f->faults[0]);
    }

    *list = f->chunks;

    return cx_arena_failed(a) ? CX_NOMEM : err;
}
