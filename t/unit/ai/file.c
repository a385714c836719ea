/* Knowledge files: encodings and delimiters that are found, columns that are
 * chosen, and what is wrong, by its line. */

#include "ai/file.h"

#include "core/utf8.h"

#include "unit/tap.h"


#define ARENA_MAX  ((size_t) 256 << 20)

static cx_arena  *arena;
static cx_file    file;


static cx_err
read_as(const char *name, cx_str content, const char *encoding)
{
    const cx_file_how  how = { .name = cx_strz(name),
                               .encoding = cx_strz(encoding) };

    return cx_file_read(&how, content, arena, &file);
}


static cx_str
wide(const char *text, bool little, bool mark)
{
    cx_buf    b;
    cx_str    rest = cx_strz(text);
    uint32_t  cp;

    cx_buf_init(&b, arena, 256, 65536);

    if (mark) {
        cx_buf_add(&b, little ? CX_STR("\xff\xfe") : CX_STR("\xfe\xff"));
    }

    while (rest.len > 0) {
        uint32_t  units[2];
        size_t    n = 1;

        rest = cx_str_sub(rest, cx_utf8_next(rest, &cp), rest.len);
        units[0] = cp;

        if (cp > 0xffff) {
            units[0] = 0xd800 + ((cp - 0x10000) >> 10);
            units[1] = 0xdc00 + ((cp - 0x10000) & 0x3ff);
            n = 2;
        }

        for (size_t i = 0; i < n; i++) {
            cx_buf_byte(&b, (char) (little ? units[i] & 0xff
                                           : units[i] >> 8));
            cx_buf_byte(&b, (char) (little ? units[i] >> 8
                                           : units[i] & 0xff));
        }
    }

    return cx_buf_str(&b);
}


static void
encodings(void)
{
    static const char  text[] = "Caf\xc3\xa9: 3 \xe2\x82\xac \xf0\x9f\x98\x80";
    static const struct {
        bool  little, mark;
    } kinds[] = { { true, true }, { false, true }, { true, false },
                  { false, false } };

    read_as("a.txt", CX_STR("\xef\xbb\xbf" "Caf\xc3\xa9"), "");
    tap_is_str(file.encoding, CX_STR("utf-8"), "UTF-8 with a mark");
    tap_is_str(file.chunks.items[0].text, CX_STR("Caf\xc3\xa9"),
               "which is no text");
    read_as("a.txt", CX_STR("Caf\xc3\xa9"), "");
    tap_is_str(file.encoding, CX_STR("utf-8"), "UTF-8 without");

    for (size_t i = 0; i < 4; i++) {
        read_as("a.txt", wide(text, kinds[i].little, kinds[i].mark), "");
        tap_is_str(file.encoding, kinds[i].little ? CX_STR("utf-16le")
                                                  : CX_STR("utf-16be"),
                   "UTF-16");
        tap_is_str(file.chunks.items[0].text, cx_strz(text), "is read");
    }

    read_as("a.txt", wide(text, true, true), "UTF-16");
    tap_is_str(file.chunks.items[0].text, cx_strz(text), "as it is told");

    read_as("a.txt", CX_STR("Caf\xe9: 3 \x80 \x93gut\x94"), "");
    tap_is_str(file.encoding, CX_STR("windows-1252"), "Windows-1252");
    tap_is_str(file.chunks.items[0].text,
               CX_STR("Caf\xc3\xa9: 3 \xe2\x82\xac \xe2\x80\x9cgut"
                      "\xe2\x80\x9d"), "with its euro and quotes");
    read_as("a.txt", CX_STR("\xb3\xf3\xbf" "ko"), "windows-1250");
    tap_is_str(file.chunks.items[0].text,
               CX_STR("\xc5\x82\xc3\xb3\xc5\xbc" "ko"), "one that is named");

    tap_is_int(read_as("a.txt", CX_STR("text"), "utf-7"), CX_INVALID,
               "one that nobody knows");
    tap_ok(file.nfaults == 1 && file.faults[0].what.len > 0, "is told");
    tap_is_int(read_as("a.txt", CX_STR("PK\3\4\0\0\1\2\3"), ""), CX_INVALID,
               "an archive is no text");
}


static void
delimiters(void)
{
    static const struct {
        const char  *content;
        char         delimiter;
    } cases[] = {
        { "question,answer\nWhen; and how?,Now; so\n", ',' },
        { "Frage;Antwort\n1,5 kg; 2,5 kg\n3,5 kg, 4 kg; x\n", ';' },
        { "a\tb\n1,2\t3,4\n", '\t' },
        { "a|b|c\n1,2|3,4|5\n", '|' },
        { "\"a,b\";c\n\"1,2\n3,4\";5\n", ';' },
        { "one\ntwo\n", ',' },
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        read_as("a.csv", cx_strz(cases[i].content), "");
        tap_ok(file.delimiter == cases[i].delimiter, "delimiter %zu", i);
    }
}


static void
columns(void)
{
    const cx_str        content = CX_STR(
        "id;Thema;Kundenfrage;Kurz;Lang\n"
        "1;Anreise;Wann?;Ab 15 Uhr;Ab 15 Uhr,\n;x;Wo?;\"Hier;\nda\";Dort\n");
    const cx_str        good = CX_STR(
        "id;Thema;Kundenfrage;Kurz;Lang\n"
        "1;Anreise;Wann?;Ab 15 Uhr;\"Ab 15 Uhr,\njeden Tag\"\n");
    cx_file_how         how = { .name = CX_STR("a.csv"),
                                .question = CX_STR("kundenfrage"),
                                .answer = CX_STR("Kurz, 5") };

    tap_is_int(cx_file_read(&how, good, arena, &file), CX_OK,
               "columns by name and number");
    tap_is_int((int64_t) file.ncolumns, 5, "all of them");
    tap_is_int(file.columns[2].use, CX_COLUMN_QUESTION, "the question");
    tap_is_int(file.columns[4].use, CX_COLUMN_ANSWER, "an answer");
    tap_is_str(file.chunks.items[0].question,
               CX_STR("Wann? (id: 1; Thema: Anreise)"),
               "the others are said beside the question");
    tap_is_str(file.chunks.items[0].text,
               CX_STR("Kurz: Ab 15 Uhr\nLang: Ab 15 Uhr,\njeden Tag"),
               "several answers with their names");

    how.answer = CX_STR("Kurz");
    tap_is_int(cx_file_read(&how, content, arena, &file), CX_OK, "one answer");
    tap_is_str(file.chunks.items[1].text, CX_STR("Hier;\nda"),
               "a line end in quotes");
    how.answer = CX_NOSTR;
    tap_is_int(cx_file_read(&how, good, arena, &file), CX_INVALID,
               "a question alone");
    how.answer = CX_STR("Preis");
    tap_is_int(cx_file_read(&how, good, arena, &file), CX_INVALID,
               "a column that is not there");
    tap_ok(cx_str_find(file.faults[0].what, CX_STR("Preis")) != SIZE_MAX,
           "is named");
    how.delimiter = CX_STR("#");
    tap_is_int(cx_file_read(&how, good, arena, &file), CX_INVALID,
               "a delimiter that is none");
}


static void
faults(void)
{
    const cx_err  err = read_as("a.csv", CX_STR(
        "question,answer\nq1,\"a\n1\"\nq2,a2,a3\nq3\nq4,a4,,\nq5,a5\n"), "");

    tap_is_int(err, CX_INVALID, "rows with too many fields");
    tap_is_int((int64_t) file.nfaults, 2, "each is told");
    tap_is_int(file.faults[0].line, 4, "by its line, a quoted one counted");
    tap_is_int(file.faults[1].line, 6, "and the next");
    tap_is_str(cx_file_fault_text(arena, CX_STR("a.csv"), &file.faults[1]),
               CX_STR("a.csv:6: 4 fields where the first row has 2; put a "
                      "field that holds the separator in double quotes"),
               "what, where, how to fix");
    tap_ok(file.nnotes == 1 && file.notes[0].line == 5,
           "one with too few is taken, and told");
    tap_is_int((int64_t) file.chunks.n, 2, "the others are read");
}


/* Every cut of a file is read to some end, and a large one in its memory. */
static void
bounds(void)
{
    static const char  content[] =
        "\xff\xfeq\0;\0a\0\n\0\"\0x\0\"\0\"\0\"\0;\0\xe9\0\n\0";
    cx_buf             b;
    cx_arena          *big = cx_arena_new(ARENA_MAX);
    const cx_file_how  how = { .name = CX_STR("a.csv") };

    for (size_t n = 0; n < sizeof(content); n++) {
        (void) read_as("a.csv", (cx_str) { n, content }, "");
    }

    cx_buf_init(&b, arena, CX_FILE_MAX, CX_FILE_MAX);
    cx_buf_add(&b, CX_STR("question,answer\n"));

    while (b.len + 100 < CX_FILE_MAX) {
        cx_buf_add(&b, CX_STR("Is there \"\"one\"\"?,"
                              "\"Yes, there is one\"\n"));
    }

    tap_is_int(cx_file_read(&how, cx_buf_str(&b), big, &file), CX_OK,
               "10 MB");
    tap_ok(cx_arena_used(big) < (size_t) 100 << 20, "in %zu MB",
           cx_arena_used(big) >> 20);
    cx_arena_free(big);
}


int
main(void)
{
    arena = cx_arena_new(ARENA_MAX);

    encodings();
    delimiters();
    columns();
    faults();
    bounds();

    cx_arena_free(arena);
    return tap_done();
}
