/* Knowledge: files, their versions and passages, and finding them. */

#include "unit/store/fixture.h"

#include "ai/terms.h"


static cx_knowledge_row
file_of(int64_t id, const char *name)
{
    return (cx_knowledge_row) {
        .id = id, .agent_id = AGENT, .name = cx_strz(name), .bytes = 100,
        .created_at = T0,
    };
}


static cx_terms
terms_of(const fixture *f, const cx_hit_row *rows, size_t n)
{
    cx_terms   terms = { NULL, 0 };
    cx_arena  *scratch = cx_arena_new((size_t) 16 << 20);
    cx_chunk   chunks[16];

    for (size_t i = 0; i < n; i++) {
        chunks[i] = (cx_chunk) { rows[i].position, rows[i].question,
                                 rows[i].text };
    }

    fx_must(cx_ai_terms(chunks, n, f->a, scratch, &terms) == CX_OK, "terms");
    cx_arena_free(scratch);

    return terms;
}


static cx_err
put(const fixture *f, const cx_knowledge_row *file, const cx_hit_row *rows,
    size_t n)
{
    const cx_terms  terms = terms_of(f, rows, n);

    return TX(f->s, cx_store_knowledge_put(f->s, file, rows, n, &terms));
}


static size_t
hits(const fixture *f, int64_t agent, const char *question, cx_hit_list *list)
{
    cx_find  find;

    cx_ai_find_words(f->a, cx_strz(question), &find);
    fx_must(cx_store_search(f->s, agent, &find, 10, f->a, list) == CX_OK,
            "search");
    return list->n;
}


static int64_t
rows_of(const fixture *f, const char *table)
{
    char  sql[128];

    snprintf(sql, sizeof(sql), "SELECT count(*) FROM %s", table);
    return fx_ask(f->s, sql);
}


/* All that is left behind, in pieces of two rows. */
static int
sweep(const fixture *f)
{
    int      pieces = 0;
    bool     done;
    int64_t  id;

    while (cx_store_file_left(f->s, &id) == CX_OK && pieces < 1000) {
        fx_must(TX(f->s, cx_store_file_sweep(f->s, id, 2, &done)) == CX_OK,
                "a piece is swept");
        pieces++;
    }

    return pieces;
}


static void
put_and_find(fixture *f)
{
    const cx_knowledge_row  file = file_of(501, "faq.csv");
    const cx_hit_row        chunks[] = {
        { .position = 1, .question = CX_STR("How long does delivery take?"),
          .text = CX_STR("Three to five working days.") },
        { .position = 2, .question = CX_STR("Can I return shoes?"),
          .text = CX_STR("Yes, within thirty days of delivery.") },
        { .position = 3, .question = CX_NOSTR,
          .text = CX_STR("Notre caf\xc3\xa9 est ouvert le dimanche.") },
    };
    cx_knowledge_list       files;
    cx_hit_list             list;
    cx_find                 find;

    tap_is_int(put(f, &file, chunks, 3), CX_OK, "a file");
    cx_store_knowledge(f->s, AGENT, f->a, &files);
    tap_is_int((int64_t) files.n, 1, "is listed");
    tap_is_int(files.items[0].chunks, 3, "with its passages");
    tap_is_int(files.items[0].state, CX_FILE_READY, "ready");
    tap_ok(files.items[0].terms > 5, "with its terms");

    tap_is_int((int64_t) hits(f, AGENT, "delivery", &list), 2, "two hits");
    tap_is_int(list.items[0].position, 1,
               "the word in the question comes first");
    tap_ok(list.items[0].score > list.items[1].score, "a higher score");
    tap_ok(list.items[0].score <= 1 && list.items[1].score > 0,
           "a share of one");
    tap_is_str(list.items[0].source, CX_STR("faq.csv"), "its source");
    tap_is_str(list.items[0].question, chunks[0].question, "its question");
    tap_is_str(list.items[0].text, chunks[0].text, "its text");
    tap_is_int(list.items[0].file_id, 501, "its file");
    tap_is_int(list.items[0].number, 0, "its place there");
    tap_ok(list.items[0].chunk_id > 0, "its number");

    tap_is_int((int64_t) hits(f, AGENT, "returned shoe", &list), 1,
               "words by their stem");
    tap_is_int((int64_t) hits(f, AGENT, "CAFE", &list), 1,
               "without accents and case");
    tap_is_int((int64_t) hits(f, AGENT, "delvery", &list), 2,
               "a slip of the finger");
    tap_is_int((int64_t) hits(f, AGENT, "unicorn", &list), 0, "no hit");
    tap_is_int((int64_t) hits(f, AGENT, "", &list), 0, "nothing asked");
    tap_is_int((int64_t) hits(f, AGENT + 1, "delivery", &list), 0,
               "another agent knows nothing of it");
    cx_store_as(f->s, 2);
    tap_is_int((int64_t) hits(f, AGENT, "delivery", &list), 0,
               "nor does another tenant");
    cx_store_as(f->s, 1);

    cx_ai_find_words(f->a, CX_STR("delivery"), &find);
    cx_store_search(f->s, AGENT, &find, 1, f->a, &list);
    tap_is_int((int64_t) list.n, 1, "no more than the limit");
}


static void
replace(fixture *f)
{
    const cx_knowledge_row  file = file_of(502, "faq.csv");
    const cx_knowledge_row  clash = file_of(502, "other.md");
    cx_knowledge_row        stranger = file_of(503, "x.md");
    const cx_hit_row        chunk = {
        .position = 1, .text = CX_STR("Delivery is free.\nA\0B c"),
    };
    cx_knowledge_list       files;
    cx_hit_list             list;

    tap_is_int(put(f, &file, &chunk, 1), CX_OK, "the same name again");
    cx_store_knowledge(f->s, AGENT, f->a, &files);
    tap_is_int((int64_t) files.n, 1, "there is one file still");
    tap_is_int(files.items[0].id, 502, "the new one");
    tap_is_int((int64_t) hits(f, AGENT, "shoes", &list), 0,
               "the old passages are not found");
    tap_is_int((int64_t) hits(f, AGENT, "free", &list), 1,
               "the new one is");
    tap_is_str(list.items[0].text,
               fx_kept(f, chunk.text, "Delivery is free.\nA\xef\xbf\xbd"
                                      "B c"), "byte for byte");
    tap_ok(sweep(f) > 3, "the old ones are swept in pieces");
    tap_is_int(rows_of(f, "knowledge_chunks"), 1, "and gone");
    tap_is_int(rows_of(f, "knowledge_files"), 1, "with their file");

    tap_is_int(put(f, &clash, &chunk, 1), CX_CONFLICT,
               "an id that is another file's");
    stranger.agent_id = 999;
    tap_is_int(put(f, &stranger, &chunk, 1), CX_NOT_FOUND,
               "an agent that is not");
}


/* The old version is found until the new one is ready. */
static void
versions(fixture *f)
{
    const cx_knowledge_row  next = file_of(510, "faq.csv");
    const cx_knowledge_row  last = file_of(511, "faq.csv");
    const cx_hit_row        chunk = { .position = 1,
                                      .text = CX_STR("Pickup costs nothing") };
    const cx_terms          terms = terms_of(f, &chunk, 1);
    cx_knowledge_row        got;
    cx_hit_list             list;

    tap_is_int(TX(f->s, cx_store_file_begin(f->s, &next, T0 + 1000)), CX_OK,
               "a version is begun");
    tap_is_int(TX(f->s, cx_store_file_chunk(f->s, &next, &chunk)), CX_OK,
               "a passage");
    TX(f->s, cx_store_file_terms(f->s, &next, terms.items, terms.n));

    tap_is_int((int64_t) hits(f, AGENT, "free delivery", &list), 1,
               "the old one is found");
    tap_is_int((int64_t) hits(f, AGENT, "pickup", &list), 0,
               "the new one not yet");
    tap_is_int(TX(f->s, cx_store_file_step(f->s, 510, 1, T0 + 2000)), CX_OK,
               "its progress");
    cx_store_knowledge_get(f->s, 510, f->a, &got);
    tap_is_int(got.state, CX_FILE_INDEXING, "is seen");
    tap_is_int(got.done, 1, "as a number");

    TX(f->s, cx_store_files_expire(f->s, T0 + 1500));
    cx_store_knowledge_get(f->s, 510, f->a, &got);
    tap_is_int(got.state, CX_FILE_INDEXING, "in time");
    TX(f->s, cx_store_files_expire(f->s, T0 + 2001));
    cx_store_knowledge_get(f->s, 510, f->a, &got);
    tap_is_int(got.state, CX_FILE_FAILED, "interrupted");
    tap_ok(got.error.len > 0, "it says so");
    tap_is_int(TX(f->s, cx_store_file_step(f->s, 510, 2, T0 + 9000)), CX_STALE,
               "who comes back has lost it");
    tap_is_int(TX(f->s, cx_store_file_ready(f->s, &next)), CX_STALE,
               "for good");
    tap_ok(sweep(f) > 0, "what it has left is swept");
    tap_is_int(rows_of(f, "knowledge_chunks"), 1, "and gone");
    tap_is_int((int64_t) hits(f, AGENT, "free delivery", &list), 1,
               "the old one is found still");

    tap_is_int(TX(f->s, cx_store_file_begin(f->s, &last, T0 + 1000)), CX_OK,
               "another try");
    tap_is_int(cx_store_knowledge_get(f->s, 510, f->a, &got), CX_NOT_FOUND,
               "takes its place");
    TX(f->s, cx_store_file_chunk(f->s, &last, &chunk));
    TX(f->s, cx_store_file_terms(f->s, &last, terms.items, terms.n));
    tap_is_int(TX(f->s, cx_store_file_ready(f->s, &last)), CX_OK, "ready");
    tap_is_int((int64_t) hits(f, AGENT, "free delivery", &list), 0,
               "now the old one is not found");
    fx_must(cx_store_file_begin(f->s, &next, 0) != CX_IO, "an id twice");
    (void) sweep(f);
}


static void
delete(fixture *f)
{
    const cx_agent_row      other = fx_agent(12, "other");
    cx_knowledge_row        file = file_of(504, "faq.csv");
    const cx_hit_row        chunk = { .text = CX_STR("secret sauce") };
    cx_hit_list             list;

    tap_is_int(TX(f->s, cx_store_knowledge_delete(f->s, 511)), CX_OK,
               "deleted");
    tap_is_int((int64_t) hits(f, AGENT, "pickup", &list), 0, "not found");
    tap_is_int(TX(f->s, cx_store_knowledge_delete(f->s, 511)), CX_NOT_FOUND,
               "only once");
    (void) sweep(f);
    tap_is_int(rows_of(f, "knowledge_chunks") + rows_of(f, "knowledge_terms")
               + rows_of(f, "knowledge_files"), 0, "and gone");

    TX(f->s, cx_store_agent_put(f->s, &other, true));
    file.agent_id = 12;
    put(f, &file, &chunk, 1);
    tap_is_int((int64_t) hits(f, 12, "sauce", &list), 1, "another's");
    tap_is_int(TX(f->s, cx_store_agent_delete(f->s, 12)), CX_OK,
               "an agent takes what it knows along");
    tap_is_int(rows_of(f, "knowledge_chunks") + rows_of(f, "knowledge_terms")
               + rows_of(f, "knowledge_files"), 0, "all of it");
}


/* Vectors are of one model, and of what is ready. */
static void
vectors(fixture *f)
{
    const cx_knowledge_row  file = file_of(520, "v.md");
    const cx_hit_row        chunks[] = {
        { .position = 1, .text = CX_STR("one") },
        { .position = 2, .text = CX_STR("two") },
    };
    cx_vector_row           rows[] = {
        { .number = 0, .vector = CX_STR("AA") },
        { .number = 1, .vector = CX_STR("BB") },
    };
    cx_knowledge_row        got;
    cx_vector_list          list;
    cx_spot_list            files;

    put(f, &file, chunks, 2);
    tap_is_int(TX(f->s, cx_store_vectors_claim(f->s, AGENT, CX_STR("m1"), T0,
                                               T0 + 10, f->a, &got)), CX_OK,
               "a file without vectors");
    tap_is_int(got.id, 520, "is claimed");
    tap_is_int(TX(f->s, cx_store_vectors_claim(f->s, AGENT, CX_STR("m1"), T0,
                                               T0 + 10, f->a, &got)),
               CX_NOT_FOUND, "by one");
    cx_store_vectors_wanted(f->s, 520, 1, 10, f->a, &list);
    tap_is_int((int64_t) list.n, 1, "passages from a number on");
    tap_is_str(list.items[0].text, CX_STR("two"), "with their text");
    cx_store_vectors_files(f->s, AGENT, CX_STR("m1"), f->a, &files);
    tap_is_int((int64_t) files.n, 0, "not all are there");
    tap_is_int(TX(f->s, cx_store_vectors_put(f->s, 520, CX_STR("m1"), rows, 2,
                                             0)), CX_OK, "vectors");
    cx_store_vectors_files(f->s, AGENT, CX_STR("m1"), f->a, &files);
    tap_is_int((int64_t) files.n, 1, "all are");
    cx_store_vectors(f->s, 520, 0, 10, f->a, &list);
    tap_is_int((int64_t) list.n, 2, "and are read");
    tap_is_str(list.items[1].vector, CX_STR("BB"), "as they were");
    tap_is_int(TX(f->s, cx_store_vectors_put(f->s, 520, CX_STR("m2"), rows, 1,
                                             0)), CX_STALE, "another model");
    tap_is_int(TX(f->s, cx_store_vectors_claim(f->s, AGENT, CX_STR("m2"), T0,
                                               T0 + 10, f->a, &got)), CX_OK,
               "begins anew");
    tap_is_int(rows_of(f, "knowledge_vectors"), 0, "without the old ones");
    TX(f->s, cx_store_knowledge_delete(f->s, 520));
    (void) sweep(f);
}


/* A recall tells whether there is anything to search. */
static void
recalled(fixture *f)
{
    const cx_knowledge_row  file = file_of(505, "a.md");
    const cx_hit_row        chunk = { .text = CX_STR("something") };
    const cx_taken          t = fx_taken(f, "4990", "wamid.k", "q", T0);
    cx_recall               r;

    cx_store_recall(f->s, t.turn_id, 0, f->a, &r);
    tap_ok(!r.knowledge, "the agent knows nothing");
    put(f, &file, &chunk, 1);
    cx_store_recall(f->s, t.turn_id, 0, f->a, &r);
    tap_ok(r.knowledge, "now it does");
}


int
main(void)
{
    fixture  f;

    fx_open(&f);

    put_and_find(&f);
    replace(&f);
    versions(&f);
    delete(&f);
    vectors(&f);
    recalled(&f);

    fx_close(&f);
    return tap_done();
}
