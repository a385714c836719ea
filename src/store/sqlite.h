/*
 * Inside the SQLite store: the connection, its statements and how to run one.
 * Only the files src/store/sqlite*.c and migrate.c include this.
 *
 * A statement is run so:
 *
 *     cx_query q = cx_query_of(s, CX_SQL_TURN_GET);
 *
 *     cx_bind_i64(&q, turn_id);
 *
 *     if (cx_query_next(&q)) {
 *         state = cx_get_i64(&q);
 *     }
 *
 *     err = cx_query_end(&q);
 *
 * Parameters are bound and columns are read in their order.  The first
 * failure sticks to the query; cx_query_end tells it as CX_IO.  One statement
 * runs once at a time.  Bound bytes are borrowed until cx_query_end.
 */

#ifndef CX_STORE_SQLITE_H
#define CX_STORE_SQLITE_H

#include <sqlite3.h>
#include <string.h>

#include "store/store.h"

typedef enum {
#define X(name, sql)  CX_SQL_##name,
#include "store/sqlite_sql.def"
#undef X
    CX_SQL_COUNT
} cx_sql_name;

extern const char *const cx_sql_text[CX_SQL_COUNT];

struct cx_store_s {
    sqlite3       *db;
    sqlite3_stmt  *statements[CX_SQL_COUNT];    /* prepared on first use */
    bool           writing;     /* between begin and commit or rollback */
    bool           broken;      /* a write failed: only rollback is left */
    /* Partitions whose epoch this transaction has seen: group commit pays
     * the look-up once. */
    uint64_t       fence_seen;
    int64_t        fence_epoch[CX_PARTITIONS];
    char           error[256];
};

typedef struct {
    cx_store      *store;
    sqlite3_stmt  *st;          /* NULL: could not be prepared */
    int            rc;
    int            bound;       /* parameters so far */
    int            column;      /* next one to be read */
} cx_query;

cx_query cx_query_of(cx_store *s, cx_sql_name name);
void cx_bind_i64(cx_query *q, int64_t n);
void cx_bind_f64(cx_query *q, double n);
void cx_bind_str(cx_query *q, cx_str text);
/* True when there is a row to be read; false at the end and on failure. */
bool cx_query_next(cx_query *q);
int64_t cx_get_i64(cx_query *q);
double cx_get_f64(cx_query *q);
cx_str cx_get_str(cx_query *q, cx_arena *a);
/* Borrowed until the next row or the end. */
cx_str cx_view_str(cx_query *q);
cx_err cx_query_end(cx_query *q);
/* For a statement without rows: step and end. */
cx_err cx_query_run(cx_query *q);

/* Statements with only numbers, which are many. */
cx_err cx_run_1(cx_store *s, cx_sql_name name, int64_t x);
cx_err cx_run_2(cx_store *s, cx_sql_name name, int64_t x, int64_t y);
/* First column of the only row; CX_NOT_FOUND without a row. */
cx_err cx_ask_1(cx_store *s, cx_sql_name name, int64_t x, int64_t *out);

/* Several reads that must see the same: begins and ends what is not inside a
 * transaction anyway. */
cx_err cx_look_begin(cx_store *s, bool *own);
cx_err cx_look_end(cx_store *s, bool own, cx_err err);

/* Keeps the database's text for error() and says CX_IO. */
cx_err cx_store_failed(cx_store *s);

/* A zeroed element at the end of a list, or NULL (then a has failed). */
#define CX_LIST_ADD(a, list)                                                  \
    (cx_list_fits((list)->n, (list)->room)                                    \
     || ((list)->items = cx_list_more((a), (list)->items, (list)->n,          \
            &(list)->room, sizeof(*(list)->items))) != NULL                   \
     ? &(list)->items[(list)->n++] : NULL)


static inline bool
cx_list_fits(size_t n, size_t room)
{
    return n < room;
}


void *cx_list_more(cx_arena *a, const void *items, size_t n, size_t *room,
    size_t size);

/* CX_FENCED unless the partition's epoch is that one. */
cx_err cx_sqlite_fence(cx_store *s, cx_fence fence);

/* CX_IO or CX_VERSION; *error is for people. */
cx_err cx_sqlite_migrate(cx_store *s, bool allowed, char *error,
    size_t error_size);

/* Who wrote a message: stored as its number. */
typedef enum {
    CX_AUTHOR_CUSTOMER,
    CX_AUTHOR_AI,
    CX_AUTHOR_HUMAN,
    CX_AUTHOR_SYSTEM,
    CX_AUTHOR_COUNT
} cx_author;

/* A turn and where it belongs. */
typedef struct {
    int64_t        id;
    cx_turn_state  state;
    int64_t        inputs;
    int64_t        partition;
    int64_t        parts;       /* outbound messages it has already */
    int64_t        conversation_id;
    int64_t        channel_id;
    int64_t        agent_id;
} cx_turn_place;

cx_err cx_sqlite_turn_place(cx_store *s, int64_t turn_id, cx_turn_place *t);

/* New outbound messages of a turn, READY at once, after those it has. */
typedef struct {
    const cx_str   *texts;
    const int64_t  *ids;
    size_t          n;
    cx_author       author;
    cx_str          reply_to;   /* of the first */
    bool            sending;    /* the first is claimed at once */
    int64_t         now_ms;
} cx_new_parts;

cx_err cx_sqlite_parts_add(cx_store *s, const cx_turn_place *t,
    const cx_new_parts *parts);
/* Never 0.  Others may have the same: compare the ids as well. */
int64_t cx_sqlite_provider_key(int64_t channel_id, cx_str provider_id);
cx_str cx_sqlite_author(int64_t author);
/* The texts of a turn's inputs, joined by newline. */
cx_err cx_sqlite_question(cx_store *s, int64_t turn_id, cx_arena *a,
    cx_str *out);
/* A HELD or FAILED message is READY again, or CANCELLED; CX_CONFLICT when it
 * is neither, CX_NOT_FOUND. */
cx_err cx_sqlite_release(cx_store *s, int64_t id, bool resend,
    int64_t now_ms);
cx_err cx_sqlite_audit_ref(cx_store *s, cx_str who, const char *what,
    const char *prefix, int64_t id, int64_t now_ms);

/* The operations of cx_store_ops, by file. */

/* sqlite_take.c */
cx_err cx_sqlite_take(cx_store *s, const cx_take *in, cx_taken *out);

/* sqlite_turn.c */
cx_err cx_sqlite_recall(cx_store *s, int64_t turn_id, size_t history,
    cx_arena *a, cx_recall *out);
cx_err cx_sqlite_plan(cx_store *s, const cx_plan *in);

/* sqlite_split.c */
/* Leaves the turn the inputs that the plan answers; CX_STALE when they cannot
 * be told from those that came later. */
cx_err cx_sqlite_split(cx_store *s, const cx_plan *in);

/* sqlite_send.c */
cx_err cx_sqlite_claim(cx_store *s, const cx_claim *in, cx_arena *a,
    cx_outgoing *out);
cx_err cx_sqlite_settle(cx_store *s, const cx_settle *in);
cx_err cx_sqlite_message_release(cx_store *s, int64_t id, bool resend,
    cx_str who, int64_t now_ms);

/* sqlite_status.c */
cx_err cx_sqlite_status(cx_store *s, const cx_status_in *in,
    cx_status_out *out);
/* SETTLE with ACCEPTED is evidence like a status; CX_NOT_FOUND. */
cx_err cx_sqlite_accepted(cx_store *s, int64_t message_id,
    cx_str provider_id, int64_t now_ms);

/* An echo of what we sent is evidence like a status; out->known: it is. */
cx_err cx_sqlite_echo(cx_store *s, const cx_take *in,
    int64_t conversation_id, int64_t partition, cx_status_out *out);

/* sqlite_say.c */
cx_err cx_sqlite_say(cx_store *s, const cx_say *in, int64_t *group);
cx_err cx_sqlite_conversation_quiet(cx_store *s, int64_t id, int64_t until);
cx_err cx_sqlite_hush(cx_store *s, int64_t conversation_id,
    int64_t partition, int64_t until, int64_t now_ms);

/* sqlite_lease.c */
cx_err cx_sqlite_worker_beat(cx_store *s, cx_str owner, int64_t now_ms,
    int64_t lease_ms, int64_t *live);
cx_err cx_sqlite_leases(cx_store *s, cx_arena *a, cx_lease *out);
cx_err cx_sqlite_lease_acquire(cx_store *s, unsigned partition, cx_str owner,
    bool force, int64_t now_ms, int64_t lease_ms, int64_t *epoch);
cx_err cx_sqlite_lease_renew(cx_store *s, cx_str owner, int64_t now_ms,
    int64_t lease_ms, int64_t *n);
cx_err cx_sqlite_lease_release(cx_store *s, cx_str owner, int partition);
cx_err cx_sqlite_recover(cx_store *s, cx_fence fence, int64_t give_up_at,
    int64_t now_ms, cx_arena *a, cx_recovered *out);
cx_err cx_sqlite_sweep(cx_store *s, unsigned partition, int64_t now_ms,
    cx_arena *a, cx_recovered *out);

/* sqlite_config.c */
cx_err cx_sqlite_config_version(cx_store *s, int64_t *version);
cx_err cx_sqlite_agents(cx_store *s, cx_arena *a, cx_agent_list *out);
cx_err cx_sqlite_agent_put(cx_store *s, const cx_agent_row *row, bool create);
cx_err cx_sqlite_agent_delete(cx_store *s, int64_t id);
cx_err cx_sqlite_channels(cx_store *s, cx_arena *a, cx_channel_list *out);
cx_err cx_sqlite_channel_put(cx_store *s, const cx_channel_row *row,
    bool create);
cx_err cx_sqlite_channel_delete(cx_store *s, int64_t id);
cx_err cx_sqlite_channel_health(cx_store *s, int64_t channel_id,
    cx_str health, cx_str text, int64_t now_ms);

/* sqlite_knowledge.c */
cx_err cx_sqlite_knowledge_put(cx_store *s, const cx_knowledge_row *row,
    const cx_hit_row *chunks, size_t n);
cx_err cx_sqlite_knowledge(cx_store *s, int64_t agent_id, cx_arena *a,
    cx_knowledge_list *out);
cx_err cx_sqlite_knowledge_delete(cx_store *s, int64_t id);
cx_err cx_sqlite_search(cx_store *s, int64_t agent_id, cx_str query,
    size_t limit, cx_arena *a, cx_hit_list *out);

/* sqlite_read.c */
cx_err cx_sqlite_conversations(cx_store *s, int64_t channel_id,
    int64_t before, size_t limit, cx_arena *a, cx_conversation_list *out);
cx_err cx_sqlite_conversation(cx_store *s, int64_t id, cx_arena *a,
    cx_conversation_row *out);
cx_err cx_sqlite_messages(cx_store *s, int64_t conversation_id,
    int64_t after, size_t limit, cx_arena *a, cx_message_list *out);
cx_err cx_sqlite_message(cx_store *s, int64_t id, cx_arena *a,
    cx_message_row *out);
cx_err cx_sqlite_timeline(cx_store *s, cx_str event, cx_arena *a,
    cx_message_list *out);
cx_err cx_sqlite_said(cx_store *s, int64_t conversation_id, int64_t group,
    cx_arena *a, cx_message_list *out);
cx_err cx_sqlite_messages_in(cx_store *s, cx_msg_state state, size_t limit,
    cx_arena *a, cx_message_list *out);
cx_err cx_sqlite_counts(cx_store *s, cx_counts *out);

/* sqlite_people.c */
cx_err cx_sqlite_reviews(cx_store *s, cx_str state, size_t limit,
    cx_arena *a, cx_review_list *out);
cx_err cx_sqlite_review(cx_store *s, int64_t id, cx_arena *a,
    cx_review_row *out);
cx_err cx_sqlite_review_decide(cx_store *s, int64_t id, cx_str verdict,
    const cx_str *parts, const int64_t *part_ids, size_t nparts, cx_str who,
    cx_str why, int64_t now_ms);
cx_err cx_sqlite_event_dead(cx_store *s, const cx_dead_row *d);
cx_err cx_sqlite_dead_letters(cx_store *s, cx_str state, size_t limit,
    cx_arena *a, cx_dead_list *out);
cx_err cx_sqlite_dead_letter(cx_store *s, int64_t id, cx_arena *a,
    cx_dead_row *out);
cx_err cx_sqlite_dead_retry(cx_store *s, int64_t id, bool drop, cx_str who,
    int64_t now_ms);
cx_err cx_sqlite_audit(cx_store *s, int64_t id, cx_str who, cx_str what,
    cx_str ref, int64_t now_ms);

/* sqlite_media.c */
cx_err cx_sqlite_media_add(cx_store *s, const cx_media_row *row);
cx_err cx_sqlite_media_due(cx_store *s, uint64_t mask, int64_t now_ms,
    size_t limit, cx_arena *a, cx_media_list *out);
cx_err cx_sqlite_media_settle(cx_store *s, const cx_media_row *row);
cx_err cx_sqlite_media(cx_store *s, int64_t id, cx_arena *a,
    cx_media_row *out);
cx_err cx_sqlite_media_of(cx_store *s, int64_t message_id, cx_arena *a,
    cx_media_list *out);

extern const cx_store_ops cx_sqlite_ops;

#endif /* CX_STORE_SQLITE_H */
