/*
 * Schema changes: numbered, only ever appended, each with its own SQL.  A
 * published one is never edited; what it did wrong, the next one puts right.
 */

#include "store/sql.h"

#include <inttypes.h>
#include <stdio.h>

_Static_assert(CX_PARTITIONS == 64, "the partitions' rows are made for 64");


/* Agents, channels, and who owns which partition. */
static const char first_config[] =
    "CREATE TABLE meta ("
    "    key    TEXT PRIMARY KEY,"
    "    value  INTEGER NOT NULL"
    ") STRICT, WITHOUT ROWID;"
    "INSERT INTO meta VALUES ('config_version', 1);"

    "CREATE TABLE partitions ("
    "    partition    INTEGER PRIMARY KEY,"
    "    owner        TEXT NOT NULL DEFAULT '',"
    "    epoch        INTEGER NOT NULL DEFAULT 0,"
    "    lease_until  INTEGER NOT NULL DEFAULT 0"
    ") STRICT;"
    "WITH RECURSIVE n(p) AS"
    "    (VALUES (0) UNION ALL SELECT p + 1 FROM n WHERE p < 63)"
    "    INSERT INTO partitions (partition) SELECT p FROM n;"

    "CREATE TABLE workers ("
    "    owner    TEXT PRIMARY KEY,"
    "    seen_at  INTEGER NOT NULL"
    ") STRICT, WITHOUT ROWID;"

    "CREATE TABLE agents ("
    "    id            INTEGER PRIMARY KEY,"
    "    tenant        INTEGER NOT NULL DEFAULT 1,"
    "    name          TEXT NOT NULL,"
    "    provider      TEXT NOT NULL,"
    "    base_url      TEXT NOT NULL,"
    "    model         TEXT NOT NULL,"
    "    api_key_file  TEXT NOT NULL,"
    "    prompt        TEXT NOT NULL,"
    "    handoff       TEXT NOT NULL,"
    "    threshold     REAL NOT NULL CHECK (threshold BETWEEN 0 AND 1),"
    "    temperature   REAL NOT NULL,"
    "    max_tokens    INTEGER NOT NULL,"
    "    created_at    INTEGER NOT NULL,"
    "    updated_at    INTEGER NOT NULL,"
    "    UNIQUE (tenant, name)"
    ") STRICT;"

    "CREATE TABLE channels ("
    "    id           INTEGER PRIMARY KEY,"
    "    tenant       INTEGER NOT NULL DEFAULT 1,"
    "    name         TEXT NOT NULL UNIQUE,"
    "    type         TEXT NOT NULL,"
    "    account      TEXT NOT NULL,"
    "    agent_id     INTEGER REFERENCES agents (id),"
    "    token_file   TEXT NOT NULL,"
    "    base_url     TEXT NOT NULL,"
    "    active       INTEGER NOT NULL,"
    "    health       TEXT NOT NULL"
    "                 CHECK (health IN ('ok', 'action_required')),"
    "    health_text  TEXT NOT NULL,"
    "    created_at   INTEGER NOT NULL,"
    "    updated_at   INTEGER NOT NULL"
    ") STRICT;"
    "CREATE UNIQUE INDEX channels_account ON channels (type, account)"
    "    WHERE account <> '';"
    "CREATE INDEX channels_agent ON channels (agent_id);";

/* Who writes to us, and where. */
static const char first_customers[] =
    "CREATE TABLE customers ("
    "    id          INTEGER PRIMARY KEY,"
    "    tenant      INTEGER NOT NULL DEFAULT 1,"
    "    name        TEXT NOT NULL,"
    "    username    TEXT NOT NULL,"
    "    phone       TEXT NOT NULL,"
    "    created_at  INTEGER NOT NULL,"
    "    updated_at  INTEGER NOT NULL"
    ") STRICT;"

    "CREATE TABLE conversations ("
    "    id           INTEGER PRIMARY KEY,"
    "    tenant       INTEGER NOT NULL DEFAULT 1,"
    "    channel_id   INTEGER NOT NULL REFERENCES channels (id),"
    "    customer_id  INTEGER NOT NULL REFERENCES customers (id),"
    "    partition    INTEGER NOT NULL,"
    "    peer         TEXT NOT NULL,"
    "    peer_alt     TEXT NOT NULL,"
    "    state        TEXT NOT NULL DEFAULT 'active'"
    "                 CHECK (state IN ('active', 'closed')),"
    "    created_at   INTEGER NOT NULL"
    ") STRICT;"
    "CREATE INDEX conversations_channel ON conversations (channel_id);"
    "CREATE INDEX conversations_customer ON conversations (customer_id);"

    "CREATE TABLE identities ("
    "    channel_id       INTEGER NOT NULL REFERENCES channels (id),"
    "    peer             TEXT NOT NULL,"
    "    tenant           INTEGER NOT NULL DEFAULT 1,"
    "    conversation_id  INTEGER NOT NULL REFERENCES conversations (id),"
    "    created_at       INTEGER NOT NULL,"
    "    PRIMARY KEY (channel_id, peer)"
    ") STRICT, WITHOUT ROWID;"
    "CREATE INDEX identities_conversation ON identities (conversation_id);";

/*
 * The hot tables.  Each index here is paid with every message; the partial
 * ones hold only what is under way.  States are the numbers of the enums in
 * store.h.  provider_key is a hash of channel and provider_id: an index over
 * the long ids themselves costs twice as much; whoever looks up by it compares
 * the id too.
 */
static const char first_messages[] =
    "CREATE TABLE turns ("
    "    id               INTEGER PRIMARY KEY,"
    "    tenant           INTEGER NOT NULL DEFAULT 1,"
    "    conversation_id  INTEGER NOT NULL REFERENCES conversations (id),"
    "    channel_id       INTEGER NOT NULL,"
    "    agent_id         INTEGER NOT NULL,"
    "    partition        INTEGER NOT NULL,"
    "    seq              INTEGER NOT NULL,"
    "    state            INTEGER NOT NULL CHECK (state BETWEEN 0 AND 4),"
    "    inputs           INTEGER NOT NULL,"
    "    parts            INTEGER NOT NULL DEFAULT 0,"
    "    attempts         INTEGER NOT NULL DEFAULT 0,"
    "    first_input      INTEGER NOT NULL,"
    "    opened_at        INTEGER NOT NULL,"
    "    deadline         INTEGER NOT NULL,"
    "    planned_at       INTEGER NOT NULL DEFAULT 0,"
    "    confidence       REAL NOT NULL DEFAULT 0,"
    "    tokens_in        INTEGER NOT NULL DEFAULT 0,"
    "    tokens_out       INTEGER NOT NULL DEFAULT 0,"
    "    event            TEXT NOT NULL,"
    "    reason           TEXT NOT NULL DEFAULT '',"
    "    model            TEXT NOT NULL DEFAULT '',"
    "    sources          TEXT NOT NULL DEFAULT ''"
    ") STRICT;"
    "CREATE INDEX turns_open ON turns (partition) WHERE state = 0;"

    "CREATE TABLE messages ("
    "    id               INTEGER PRIMARY KEY,"
    "    tenant           INTEGER NOT NULL DEFAULT 1,"
    "    conversation_id  INTEGER NOT NULL REFERENCES conversations (id),"
    "    turn_id          INTEGER NOT NULL,"
    "    outbound         INTEGER NOT NULL,"
    "    author           INTEGER NOT NULL CHECK (author BETWEEN 0 AND 3),"
    "    state            INTEGER NOT NULL CHECK (state BETWEEN 0 AND 13),"
    "    created_at       INTEGER NOT NULL,"
    "    content          TEXT NOT NULL,"
    "    text             TEXT NOT NULL,"
    "    channel_id       INTEGER NOT NULL,"
    "    partition        INTEGER NOT NULL,"
    "    provider_key     INTEGER NOT NULL DEFAULT 0,"
    "    provider_id      TEXT NOT NULL DEFAULT '',"
    "    event            TEXT NOT NULL DEFAULT '',"
    "    reply_to         TEXT NOT NULL DEFAULT '',"
    "    part             INTEGER NOT NULL DEFAULT 0,"
    "    attempts         INTEGER NOT NULL DEFAULT 0,"
    "    failed_attempts  INTEGER NOT NULL DEFAULT 0,"
    "    not_before       INTEGER NOT NULL DEFAULT 0,"
    "    provider_ts      INTEGER NOT NULL DEFAULT 0,"
    "    received_at      INTEGER NOT NULL DEFAULT 0,"
    "    sending_at       INTEGER NOT NULL DEFAULT 0,"
    "    accepted_at      INTEGER NOT NULL DEFAULT 0,"
    "    delivered_at     INTEGER NOT NULL DEFAULT 0,"
    "    read_at          INTEGER NOT NULL DEFAULT 0,"
    "    updated_at       INTEGER NOT NULL,"
    "    error_code       INTEGER NOT NULL DEFAULT 0,"
    "    error_text       TEXT NOT NULL DEFAULT '',"
    "    meta             TEXT NOT NULL DEFAULT ''"
    ") STRICT;"
    "CREATE INDEX messages_conversation ON messages (conversation_id);"
    "CREATE INDEX messages_provider ON messages (provider_key)"
    "    WHERE provider_key <> 0;"
    "CREATE INDEX messages_event ON messages (event) WHERE outbound = 0;"
    "CREATE INDEX messages_unsettled ON messages (state, partition)"
    "    WHERE state BETWEEN 1 AND 8;"

    "CREATE TABLE statuses ("
    "    id           INTEGER PRIMARY KEY,"
    "    tenant       INTEGER NOT NULL DEFAULT 1,"
    "    channel_id   INTEGER NOT NULL,"
    "    provider_id  TEXT NOT NULL,"
    "    state        INTEGER NOT NULL,"
    "    at           INTEGER NOT NULL,"
    "    error_code   INTEGER NOT NULL,"
    "    error_text   TEXT NOT NULL,"
    "    kept_at      INTEGER NOT NULL,"
    "    UNIQUE (channel_id, provider_id, state)"
    ") STRICT;"
    "CREATE INDEX statuses_kept ON statuses (kept_at);";

/* What waits for people, and what people did. */
static const char first_people[] =
    "CREATE TABLE reviews ("
    "    id               INTEGER PRIMARY KEY REFERENCES turns (id),"
    "    tenant           INTEGER NOT NULL DEFAULT 1,"
    "    conversation_id  INTEGER NOT NULL REFERENCES conversations (id),"
    "    agent_id         INTEGER NOT NULL,"
    "    draft            TEXT NOT NULL,"
    "    confidence       REAL NOT NULL,"
    "    reason           TEXT NOT NULL,"
    "    state            TEXT NOT NULL CHECK (state IN"
    "                     ('waiting', 'approved', 'edited', 'rejected')),"
    "    created_at       INTEGER NOT NULL,"
    "    decided_at       INTEGER NOT NULL DEFAULT 0,"
    "    who              TEXT NOT NULL DEFAULT '',"
    "    why              TEXT NOT NULL DEFAULT ''"
    ") STRICT;"
    "CREATE INDEX reviews_state ON reviews (state, id);"
    "CREATE INDEX reviews_conversation ON reviews (conversation_id);"

    "CREATE TABLE dead_letters ("
    "    id          INTEGER PRIMARY KEY,"
    "    tenant      INTEGER NOT NULL DEFAULT 1,"
    "    kind        TEXT NOT NULL CHECK (kind IN ('event', 'send', 'turn')),"
    "    channel     TEXT NOT NULL,"
    "    ref         INTEGER NOT NULL,"
    "    reason      TEXT NOT NULL,"
    "    text        TEXT NOT NULL,"
    "    body        TEXT NOT NULL,"
    "    partition   INTEGER NOT NULL,"
    "    state       TEXT NOT NULL CHECK (state IN"
    "                ('dead', 'retried', 'dropped')),"
    "    created_at  INTEGER NOT NULL"
    ") STRICT;"
    "CREATE INDEX dead_letters_state ON dead_letters (state, id);"

    "CREATE TABLE audit ("
    "    line    INTEGER PRIMARY KEY AUTOINCREMENT,"
    "    tenant  INTEGER NOT NULL DEFAULT 1,"
    "    id      INTEGER NOT NULL,"
    "    at      INTEGER NOT NULL,"
    "    who     TEXT NOT NULL,"
    "    what    TEXT NOT NULL,"
    "    ref     TEXT NOT NULL"
    ") STRICT;";

/* Passages with their full-text index, which triggers keep in step. */
static const char first_knowledge[] =
    "CREATE TABLE knowledge_files ("
    "    id          INTEGER PRIMARY KEY,"
    "    tenant      INTEGER NOT NULL DEFAULT 1,"
    "    agent_id    INTEGER NOT NULL REFERENCES agents (id),"
    "    name        TEXT NOT NULL,"
    "    bytes       INTEGER NOT NULL,"
    "    chunks      INTEGER NOT NULL,"
    "    created_at  INTEGER NOT NULL,"
    "    UNIQUE (agent_id, name)"
    ") STRICT;"

    "CREATE TABLE knowledge_chunks ("
    "    id        INTEGER PRIMARY KEY AUTOINCREMENT,"
    "    tenant    INTEGER NOT NULL DEFAULT 1,"
    "    file_id   INTEGER NOT NULL REFERENCES knowledge_files (id),"
    "    agent_id  INTEGER NOT NULL,"
    "    position  INTEGER NOT NULL,"
    "    question  TEXT NOT NULL,"
    "    text      TEXT NOT NULL"
    ") STRICT;"
    "CREATE INDEX knowledge_chunks_file ON knowledge_chunks (file_id);"

    "CREATE VIRTUAL TABLE knowledge_fts USING fts5 ("
    "    question, text, content='knowledge_chunks', content_rowid='id',"
    "    tokenize='porter unicode61 remove_diacritics 2');"
    "CREATE TRIGGER knowledge_chunks_added AFTER INSERT ON knowledge_chunks"
    " BEGIN"
    "    INSERT INTO knowledge_fts (rowid, question, text)"
    "        VALUES (new.id, new.question, new.text);"
    " END;"
    "CREATE TRIGGER knowledge_chunks_gone AFTER DELETE ON knowledge_chunks"
    " BEGIN"
    "    INSERT INTO knowledge_fts (knowledge_fts, rowid, question, text)"
    "        VALUES ('delete', old.id, old.question, old.text);"
    " END;";


/* Attachments of customers' messages: what is to be fetched, and where what
 * was fetched lies. */
static const char media[] =
    "CREATE TABLE media ("
    "    id          INTEGER PRIMARY KEY,"
    "    tenant      INTEGER NOT NULL DEFAULT 1,"
    "    message_id  INTEGER NOT NULL REFERENCES messages (id),"
    "    channel_id  INTEGER NOT NULL,"
    "    partition   INTEGER NOT NULL,"
    "    ref_id      TEXT NOT NULL,"
    "    ref_url     TEXT NOT NULL,"
    "    name        TEXT NOT NULL,"
    "    mime        TEXT NOT NULL,"
    "    state       INTEGER NOT NULL DEFAULT 0"
    "                CHECK (state BETWEEN 0 AND 2),"
    "    attempts    INTEGER NOT NULL DEFAULT 0,"
    "    not_before  INTEGER NOT NULL DEFAULT 0,"
    "    size        INTEGER NOT NULL DEFAULT 0,"
    "    sha256      TEXT NOT NULL DEFAULT '',"
    "    type        TEXT NOT NULL DEFAULT '',"
    "    place       TEXT NOT NULL DEFAULT '',"
    "    error_text  TEXT NOT NULL DEFAULT '',"
    "    created_at  INTEGER NOT NULL,"
    "    updated_at  INTEGER NOT NULL"
    ") STRICT;"
    "CREATE INDEX media_message ON media (message_id);"
    "CREATE INDEX media_wanted ON media (not_before) WHERE state = 0;";


/*
 * What is said out, in every kind: a type's own settings (a JSON object);
 * since when a customer wants no messages; how long the AI keeps quiet because
 * a person has spoken.
 */
static const char outbound[] =
    "ALTER TABLE channels ADD COLUMN settings TEXT NOT NULL DEFAULT '';"
    "ALTER TABLE conversations"
    "    ADD COLUMN opted_out_at INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE conversations"
    "    ADD COLUMN quiet_until INTEGER NOT NULL DEFAULT 0;";


/* What was asked for once, by whoever repeats a request to be sure. */
static const char requests[] =
    "CREATE TABLE requests ("
    "    conversation_id  INTEGER NOT NULL REFERENCES conversations (id),"
    "    key              TEXT NOT NULL,"
    "    tenant           INTEGER NOT NULL DEFAULT 1,"
    "    ref              INTEGER NOT NULL,"
    "    digest           TEXT NOT NULL,"
    "    created_at       INTEGER NOT NULL,"
    "    PRIMARY KEY (conversation_id, key)"
    ") STRICT, WITHOUT ROWID;"
    "CREATE INDEX requests_created ON requests (created_at);";


/*    number  name         SQL, run in order */
static const struct {
    int          number;
    const char  *name;
    const char  *sql[5];
} migrations[] = {
    { 1, "first light",
      { first_config, first_customers, first_messages, first_people,
        first_knowledge } },
    { 2, "media", { media } },
    { 3, "outbound", { outbound } },
    { 4, "requests", { requests } },
};

#define MIGRATIONS  (sizeof(migrations) / sizeof(migrations[0]))


static cx_err
run_sql(cx_store *s, const char *sql)
{
    return sqlite3_exec(s->db, sql, NULL, NULL, NULL) == SQLITE_OK
           ? CX_OK : cx_store_failed(s);
}


/* Not in the statement table: the tables it reads may not exist yet. */
static cx_err
ask(cx_store *s, const char *sql, int64_t *out)
{
    sqlite3_stmt  *st;
    cx_err         err = CX_IO;

    if (sqlite3_prepare_v2(s->db, sql, -1, &st, NULL) != SQLITE_OK) {
        return cx_store_failed(s);
    }

    if (sqlite3_step(st) == SQLITE_ROW) {
        *out = sqlite3_column_int64(st, 0);
        err = CX_OK;

    } else {
        (void) cx_store_failed(s);
    }

    sqlite3_finalize(st);
    return err;
}


static cx_err
schema_number(cx_store *s, int64_t *number)
{
    int64_t  known;
    cx_err   err;

    err = ask(s, "SELECT count(*) FROM sqlite_schema"
                 " WHERE type = 'table' AND name = 'schema_migrations'",
              &known);
    if (err != CX_OK) {
        return err;
    }

    if (known == 0) {
        *number = 0;
        return CX_OK;
    }

    return ask(s, "SELECT coalesce(max(number), 0) FROM schema_migrations",
               number);
}


static cx_err
apply(cx_store *s, size_t i)
{
    char    sql[256];
    cx_err  err = CX_OK;

    for (size_t k = 0; k < 5 && migrations[i].sql[k] != NULL; k++) {
        err = run_sql(s, migrations[i].sql[k]);
        if (err != CX_OK) {
            return err;
        }
    }

    snprintf(sql, sizeof(sql), "INSERT INTO schema_migrations"
             " VALUES (%d, '%s', unixepoch() * 1000)",
             migrations[i].number, migrations[i].name);

    return run_sql(s, sql);
}


/* Another process may have been here between our look and our lock: what to
 * do is decided under the lock. */
static cx_err
apply_missing(cx_store *s)
{
    int64_t  number = 0;
    cx_err   err;

    err = run_sql(s, "CREATE TABLE IF NOT EXISTS schema_migrations ("
                     "    number      INTEGER PRIMARY KEY,"
                     "    name        TEXT NOT NULL,"
                     "    applied_at  INTEGER NOT NULL"
                     ") STRICT");
    if (err != CX_OK) {
        return err;
    }

    err = schema_number(s, &number);

    for (size_t i = 0; i < MIGRATIONS && err == CX_OK; i++) {
        if (migrations[i].number > number) {
            err = apply(s, i);
        }
    }

    return err;
}


cx_err
cx_sqlite_migrate(cx_store *s, bool allowed, char *error, size_t error_size)
{
    const int  newest = migrations[MIGRATIONS - 1].number;
    int64_t    number = 0;
    cx_err     err;

    err = schema_number(s, &number);

    if (err == CX_OK && number > newest) {
        snprintf(error, error_size, "the database has schema %" PRId64
                 ", this program knows %d: use the newer program",
                 number, newest);
        return CX_VERSION;
    }

    if (err == CX_OK && number < newest && !allowed) {
        snprintf(error, error_size, "the database has schema %" PRId64
                 ", this program needs %d: start the worker once",
                 number, newest);
        return CX_IO;
    }

    if (err == CX_OK && number < newest) {
        err = run_sql(s, "BEGIN EXCLUSIVE");

        if (err == CX_OK) {
            err = apply_missing(s);
        }

        if (err == CX_OK) {
            err = run_sql(s, "COMMIT");
        }
    }

    if (err != CX_OK) {
        snprintf(error, error_size, "%s", s->error);
    }

    return err;
}
