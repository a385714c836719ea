/* Knowledge: files, their passages, and finding them. */

#include "unit/store/fixture.h"


static cx_knowledge_row
file_of(int64_t id, const char *name)
{
    return (cx_knowledge_row) {
        .id = id, .agent_id = AGENT, .name = cx_strz(name), .bytes = 100,
        .created_at = T0,
    };
}


static size_t
hits(const fixture *f, int64_t agent, const char *query, cx_hit_list *list)
{
    fx_must(cx_store_search(f->s, agent, cx_strz(query), 10, f->a, list)
            == CX_OK, "search");
    return list->n;
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

    tap_is_int(TX(f->s, cx_store_knowledge_put(f->s, &file, chunks, 3)), CX_OK,
               "a file");
    cx_store_knowledge(f->s, AGENT, f->a, &files);
    tap_is_int((int64_t) files.n, 1, "is listed");
    tap_is_int(files.items[0].chunks, 3, "with its passages");

    tap_is_int((int64_t) hits(f, AGENT, "\"delivery\"", &list), 2, "two hits");
    tap_is_int(list.items[0].position, 1,
               "the word in the question comes first");
    tap_ok(list.items[0].score > list.items[1].score, "a higher score");
    tap_is_str(list.items[0].source, CX_STR("faq.csv"), "its source");
    tap_is_str(list.items[0].question, chunks[0].question, "its question");
    tap_is_str(list.items[0].text, chunks[0].text, "its text");
    tap_is_int(list.items[0].file_id, 501, "its file");
    tap_ok(list.items[0].chunk_id > 0, "its number");

    tap_is_int((int64_t) hits(f, AGENT, "\"returned\" OR \"shoe\"", &list), 1,
               "words by their stem");
    tap_is_int((int64_t) hits(f, AGENT, "\"CAFE\"", &list), 1,
               "without accents and case");
    tap_is_int((int64_t) hits(f, AGENT, "\"unicorn\"", &list), 0, "no hit");
    tap_is_int((int64_t) hits(f, AGENT, "", &list), 0, "nothing asked");
    tap_is_int((int64_t) hits(f, AGENT + 1, "\"delivery\"", &list), 0,
               "another agent knows nothing of it");

    cx_store_search(f->s, AGENT, CX_STR("\"delivery\""), 1, f->a, &list);
    tap_is_int((int64_t) list.n, 1, "no more than the limit");
    tap_is_int(cx_store_search(f->s, AGENT, CX_STR("\"half"), 5, f->a, &list),
               CX_INVALID, "a query that cannot be read");
    tap_is_int(cx_store_search(f->s, AGENT, CX_STR("a AND"), 5, f->a, &list),
               CX_INVALID, "or ends too soon");
    tap_is_int((int64_t) hits(f, AGENT, "\"delivery\"", &list), 2,
               "and the next one works");
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

    tap_is_int(TX(f->s, cx_store_knowledge_put(f->s, &file, &chunk, 1)), CX_OK,
               "the same name again");
    cx_store_knowledge(f->s, AGENT, f->a, &files);
    tap_is_int((int64_t) files.n, 1, "there is one file still");
    tap_is_int(files.items[0].id, 502, "the new one");
    tap_is_int((int64_t) hits(f, AGENT, "\"shoes\"", &list), 0,
               "the old passages are gone");
    tap_is_int((int64_t) hits(f, AGENT, "\"free\"", &list), 1,
               "the new one is found");
    tap_is_str(list.items[0].text,
               fx_kept(f, chunk.text, "Delivery is free.\nA\xef\xbf\xbd"
                                      "B c"), "byte for byte");

    tap_is_int(TX(f->s, cx_store_knowledge_put(f->s, &clash, &chunk, 1)),
               CX_CONFLICT, "an id that is another file's");
    stranger.agent_id = 999;
    tap_is_int(TX(f->s, cx_store_knowledge_put(f->s, &stranger, &chunk, 1)),
               CX_NOT_FOUND, "an agent that is not");

    fx_begin(f->s);
    cx_store_knowledge_put(f->s, &file, NULL, 0);
    cx_store_rollback(f->s);
    tap_is_int((int64_t) hits(f, AGENT, "\"free\"", &list), 1,
               "what is rolled back is still found");
    tap_is_int(TX(f->s, cx_store_knowledge_put(f->s, &file, &chunk, 1)), CX_OK,
               "the same id and name is the same file");
}


static void
delete(fixture *f)
{
    const cx_agent_row      other = fx_agent(12, "other");
    cx_knowledge_row        file = file_of(504, "faq.csv");
    const cx_hit_row        chunk = { .text = CX_STR("secret sauce") };
    cx_hit_list             list;

    tap_is_int(TX(f->s, cx_store_knowledge_delete(f->s, 502)), CX_OK,
               "deleted");
    tap_is_int((int64_t) hits(f, AGENT, "\"free\"", &list), 0, "and gone");
    tap_is_int(TX(f->s, cx_store_knowledge_delete(f->s, 502)), CX_NOT_FOUND,
               "only once");

    TX(f->s, cx_store_agent_put(f->s, &other, true));
    file.agent_id = 12;
    TX(f->s, cx_store_knowledge_put(f->s, &file, &chunk, 1));
    tap_is_int((int64_t) hits(f, 12, "\"sauce\"", &list), 1, "another's");
    tap_is_int(TX(f->s, cx_store_agent_delete(f->s, 12)), CX_OK,
               "an agent takes what it knows along");
    tap_is_int((int64_t) hits(f, 12, "\"sauce\"", &list), 0, "all of it");
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
    TX(f->s, cx_store_knowledge_put(f->s, &file, &chunk, 1));
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
    delete(&f);
    recalled(&f);

    fx_close(&f);
    return tap_done();
}
