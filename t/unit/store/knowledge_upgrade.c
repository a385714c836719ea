/* Knowledge of a database from before migration 13: its passages stay, in
 * their order, and the file asks for its terms. */

#include "unit/store/fixture.h"

#include "ai/terms.h"

#define BEFORE  13


static void
must(cx_store *s, const char *sql)
{
    fx_must(s->driver->exec(s, sql) == CX_OK, cx_store_error(s));
}


/* As a program of that time left it. */
static void
make_old(fixture *f)
{
    const cx_driver  *d = f->shared ? &cx_postgres_driver : &cx_sqlite_driver;
    cx_store         *s = NULL;
    char              error[256] = "", sql[256];
    int               last = 0;

    fx_must(d->open(f->path, true, &s, error, sizeof(error)) == CX_OK, error);
    must(s, d->make_schema);

    for (const cx_migration *m = d->schema; m->number != 0; m++) {
        if (m->number >= BEFORE) {
            continue;
        }

        must(s, m->sql);

        if (m->number != last) {
            last = m->number;
            snprintf(sql, sizeof(sql), "INSERT INTO schema_migrations"
                     " VALUES (%d, '%s', 0)", m->number, m->name);
            must(s, sql);
        }
    }

    must(s, "INSERT INTO agents (id, name, provider, base_url, model,"
            " api_key_file, prompt, handoff, threshold, temperature,"
            " max_tokens, created_at, updated_at) VALUES (11, 'shop',"
            " 'knowledge', '', '', '', '', '', 0.5, 0, 0, 0, 0);"
            "INSERT INTO knowledge_files (id, agent_id, name, bytes, chunks,"
            " created_at) VALUES (501, 11, 'a.md', 9, 2, 7), (502, 11,"
            " 'b.md', 9, 1, 7);"
            "INSERT INTO knowledge_chunks (file_id, agent_id, position,"
            " question, text) VALUES (501, 11, 1, 'When?', 'At nine.'),"
            " (502, 11, 1, '', 'Other.'),"
            " (501, 11, 2, '', 'Towels are included.');");
    cx_store_close(s);
}


static void
upgraded(fixture *f)
{
    const cx_chunk      towels = { .text = CX_STR("Towels are included.") };
    cx_arena           *scratch = cx_arena_new(1 << 20);
    cx_knowledge_list   files;
    cx_knowledge_row    row;
    cx_vector_list      list;
    cx_hit_list         hits;
    cx_terms            terms;
    cx_find             find;

    tap_is_int(cx_store_knowledge(f->s, AGENT, f->a, &files), CX_OK, "files");
    tap_is_int((int64_t) files.n, 2, "are there");
    tap_is_int(files.items[0].state, CX_FILE_READY, "ready");
    tap_is_int(files.items[0].chunks, 2, "with their passages");
    cx_store_vectors_wanted(f->s, 501, 0, 10, f->a, &list);
    tap_is_int((int64_t) list.n, 2, "all of them");
    tap_ok(list.items[1].number == 1
           && cx_str_eq(list.items[1].text, towels.text), "in their order");

    tap_is_int(cx_store_file_unindexed(f->s, f->a, &row), CX_OK,
               "one has no terms yet");
    tap_is_int(row.id, 501, "it is named");
    tap_is_int(row.tenant, 1, "with whose it is");

    cx_ai_find_words(f->a, CX_STR("towel"), &find);
    cx_store_search(f->s, AGENT, &find, 5, f->a, &hits);
    tap_is_int((int64_t) hits.n, 0, "nothing is found in it");
    fx_must(cx_ai_terms(&towels, 1, f->a, scratch, &terms) == CX_OK, "terms");
    row.id = 502;
    TX(f->s, cx_store_file_terms(f->s, &row, terms.items, terms.n));
    TX(f->s, cx_store_file_indexed(f->s, 502, (int64_t) terms.n));
    cx_store_search(f->s, AGENT, &find, 5, f->a, &hits);
    tap_is_int((int64_t) hits.n, 1, "until it has got them");
    tap_is_int(TX(f->s, cx_store_file_indexed(f->s, 501, 1)), CX_OK, "both");
    tap_is_int(cx_store_file_unindexed(f->s, f->a, &row), CX_NOT_FOUND,
               "now all have");
    cx_arena_free(scratch);
}


int
main(void)
{
    const char  *kind = getenv("CONNEXT_STORE");
    fixture      f;

    memset(&f, 0, sizeof(f));
    f.shared = kind != NULL && strcmp(kind, "postgresql") == 0;

    if (f.shared) {
        fx_database(&f);

    } else {
        fx_folder(&f);
    }

    make_old(&f);
    f.a = cx_arena_new((size_t) 16 << 20);
    f.s = fx_connect(f.path);
    upgraded(&f);

    fx_close(&f);
    return tap_done();
}
