/*
 * Inside the store: statements, how to run one, and what a driver is.  Only
 * files of src/store include this; those named after a database know it.
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

#ifndef CX_STORE_SQL_H
#define CX_STORE_SQL_H

#include <string.h>

#include "store/store.h"

typedef enum {
#define X(name, sql)  CX_SQL_##name,
#include "store/sql.def"
#undef X
    CX_SQL_COUNT
} cx_sql_name;

typedef struct cx_query_s  cx_query;

/* A numbered change of the schema; several rows of one number run in order. */
typedef struct {
    int          number;
    const char  *name;
    const char  *sql;
} cx_migration;

/* One kind of database.  Nothing above knows which. */
typedef struct {
    const char          *kind;
    bool                 shared;        /* several write at the same time */
    const char *const   *sql;           /* by cx_sql_name */
    const cx_migration  *schema;        /* ends with number 0 */

    /* As cx_store_open(), whatever the schema is. */
    cx_err   (*open)(const char *url, bool create, cx_store **out,
        char *error, size_t error_size);
    void     (*close)(cx_store *s);
    /* reading: one view of all, nothing will be written. */
    cx_err   (*begin)(cx_store *s, bool reading);
    cx_err   (*commit)(cx_store *s);
    void     (*rollback)(cx_store *s);
    bool     (*inside)(cx_store *s);    /* a transaction */
    bool     (*again)(cx_store *s);     /* cx_store_again(); NULL: never */
    void     (*ready)(cx_store *s);     /* cx_store_ready(); NULL: it is */

    /* start sets st, or leaves it NULL and rc not 0. */
    void     (*start)(cx_query *q, cx_sql_name name);
    void     (*bind_i64)(cx_query *q, int64_t n);
    void     (*bind_f64)(cx_query *q, double n);
    void     (*bind_str)(cx_query *q, cx_str text);
    void     (*ahead)(cx_query *q);     /* NULL: nothing is gained by it */
    bool     (*next)(cx_query *q);
    int64_t  (*i64)(cx_query *q, int column);
    double   (*f64)(cx_query *q, int column);
    cx_str   (*str)(cx_query *q, int column);
    cx_err   (*end)(cx_query *q);
    /* Without rows; inside a transaction it may only be queued, and its
     * failure is told by what comes after, at last by commit. */
    cx_err   (*run)(cx_query *q);
    int64_t  (*changed)(cx_store *s);

    /* Texts that are in no table, for migrations.  exec takes several at
     * once; ask wants one number. */
    cx_err   (*exec)(cx_store *s, const char *sql);
    cx_err   (*ask)(cx_store *s, const char *sql, int64_t *out);
    const char  *has_schema;            /* asks for 1 or 0 */
    const char  *lock_schema;           /* begins, one at a time */
    const char  *make_schema;           /* schema_migrations */
    const char  *now_ms;                /* an expression */
    cx_err   (*protect)(cx_store *s);   /* after migrations, or NULL */
} cx_driver;

extern const cx_driver cx_sqlite_driver;
extern const char *const cx_sqlite_sql[CX_SQL_COUNT];
extern const cx_migration cx_sqlite_schema[];
extern const cx_driver cx_postgres_driver;
extern const char *const cx_postgres_sql[CX_SQL_COUNT];
extern const cx_migration cx_postgres_schema[];

struct cx_query_s {
    cx_store      *store;
    void          *st;          /* the driver's; NULL: could not be prepared */
    int            rc;          /* 0: all is well */
    int            bound;       /* parameters so far */
    int            column;      /* next one to be read */
    bool           fenced;      /* what stands before it is not ours */
};

/* What every driver's own struct begins with. */
struct cx_store_s {
    const cx_driver  *driver;
    int64_t        tenant;      /* what `:tenant` in a statement stands for */
    uint64_t       audits;      /* lines written, for whoever wants to know
                                 * that there was one */
    bool           writing;     /* between begin and commit or rollback */
    bool           broken;      /* a write failed: only rollback is left */
    /* Partitions whose epoch this transaction has seen: group commit pays
     * the look-up once. */
    uint64_t       fence_seen;
    int64_t        fence_epoch[CX_PARTITIONS];
    /* One that is on its way: the next read comes back with it. */
    bool           fence_asked;
    cx_fence       fence_due;
    cx_query       fence_query;
    char           error[256];
};

cx_query cx_query_of(cx_store *s, cx_sql_name name);
void cx_bind_i64(cx_query *q, int64_t n);
void cx_bind_f64(cx_query *q, double n);
void cx_bind_str(cx_query *q, cx_str text);
/* Sends it now and reads it later: queries that do so one after the other
 * share one wait.  Every one of them has to be ended. */
void cx_query_ahead(cx_query *q);
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
/* Rows that the last statement changed.  Waits for it: ask only when the
 * answer matters. */
int64_t cx_changed(cx_store *s);

/* How a statement counts its parameters. */
typedef struct {
    int  n;                     /* those that are bound by an operation */
    int  tenant;                /* the number of `:tenant`; 0: not there */
} cx_params;

/* The same statement with every parameter numbered behind that sign, and
 * `:tenant` as the last; from malloc, or NULL. */
char *cx_sql_number(const char *sql, char sign, cx_params *params);

/* Locks until the end of the transaction, where others write at the same time
 * (nothing on SQLite).  First what is locked, then what is read: a statement
 * sees all that was committed before it began.  A conversation's row stands
 * for all that belongs to it: name is one of LOCK_CONVERSATION, LOCK_TURN,
 * LOCK_MESSAGE... which say what x is.  A key stands for what may not be there
 * yet; cx_store_provider_key makes good ones. */
cx_err cx_lock(cx_store *s, cx_sql_name name, int64_t x);
cx_err cx_lock_key(cx_store *s, int64_t key);
/* All that TAKE may change, or make, for this message. */
cx_err cx_lock_event(cx_store *s, const cx_take *in);
/* What a delivery status may speak of. */
cx_err cx_lock_status(cx_store *s, const cx_status_in *in);

/* Statements with only numbers, which are many. */
cx_err cx_run_1(cx_store *s, cx_sql_name name, int64_t x);
cx_err cx_run_2(cx_store *s, cx_sql_name name, int64_t x, int64_t y);
/* First column of the only row; CX_NOT_FOUND without a row. */
cx_err cx_ask_1(cx_store *s, cx_sql_name name, int64_t x, int64_t *out);

/* Several reads that must see the same: begins and ends what is not inside a
 * transaction anyway. */
cx_err cx_look_begin(cx_store *s, bool *own);
cx_err cx_look_end(cx_store *s, bool own, cx_err err);

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

/* CX_FENCED unless the partition's epoch is that one.  Where that takes a
 * wait, the next read of the same operation says it in its place: read before
 * you write. */
cx_err cx_store_fence(cx_store *s, cx_fence fence);
/* What became of one that is on its way. */
cx_err cx_store_fence_told(cx_store *s);

/* The schema is brought to where this program is if that is allowed; CX_IO or
 * CX_VERSION, *error is for people. */
cx_err cx_store_migrate(cx_store *s, bool allowed, char *error,
    size_t error_size);
/* The number the database has, and the one this program needs. */
cx_err cx_store_schema(cx_store *s, int64_t *has, int64_t *needs);

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

cx_err cx_store_turn_place(cx_store *s, int64_t turn_id, cx_turn_place *t);

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

cx_err cx_store_parts_add(cx_store *s, const cx_turn_place *t,
    const cx_new_parts *parts);
/* Never 0.  Others may have the same: compare the ids as well. */
int64_t cx_store_provider_key(int64_t channel_id, cx_str provider_id);
cx_str cx_store_author(int64_t author);
/* Add the rows of a query of CONVERSATION or MESSAGE (sql.c), which has its
 * parameters already, and end it. */
cx_err cx_store_read_conversations(cx_query *q, cx_arena *a,
    cx_conversation_list *list);
cx_err cx_store_read_messages(cx_query *q, cx_arena *a,
    cx_message_list *list);
/* An event's own JSON, with the reason why nothing came of it. */
cx_str cx_store_ignored_meta(cx_arena *a, cx_str meta, cx_str reason);
/* The texts of a turn's inputs, joined by newline. */
cx_err cx_store_question(cx_store *s, int64_t turn_id, cx_arena *a,
    cx_str *out);
/* A HELD or FAILED message is READY again, or CANCELLED; CX_CONFLICT when it
 * is neither, CX_NOT_FOUND. */
cx_err cx_store_release(cx_store *s, int64_t id, bool resend,
    int64_t now_ms);
cx_err cx_store_audit_ref(cx_store *s, cx_str who, const char *what,
    const char *prefix, int64_t id, int64_t now_ms);

/* split.c: leaves the turn the inputs that the plan answers; CX_STALE when
 * they cannot be told from those that came later. */
cx_err cx_store_split(cx_store *s, const cx_plan *in);

/* status.c: SETTLE with ACCEPTED is evidence like a status; CX_NOT_FOUND.
 * What the record says of the message is asked before. */
cx_query cx_store_accepted_ask(cx_store *s, int64_t message_id);
cx_err cx_store_accepted(cx_store *s, cx_query *asked, cx_str provider_id,
    int64_t now_ms);
/* An echo of what we sent is evidence like a status; out->known: it is. */
cx_err cx_store_echo(cx_store *s, const cx_take *in,
    int64_t conversation_id, int64_t partition, cx_status_out *out);

/* people.c: what a verdict means for the turn, which has so many parts now. */
cx_err cx_store_turn_close(cx_store *s, int64_t id, int64_t parts);

/* people_claim.c: a new draft waits; hooks are told.  And: CX_STALE when
 * another one than who has claimed it. */
cx_err cx_store_review_opened(cx_store *s, int64_t id, int64_t now_ms);
cx_err cx_store_review_free(cx_store *s, int64_t id, cx_str who,
    int64_t now_ms);

/* people_fence.c: a person speaks.  What the AI was about to say is not said,
 * and no AI answers until then, at least.  CX_NOT_FOUND. */
cx_err cx_store_hush(cx_store *s, int64_t conversation_id, int64_t until,
    int64_t now_ms);
/* The same, and questions that wait without a draft have their answer. */
cx_err cx_store_spoken(cx_store *s, int64_t conversation_id, int64_t until,
    int64_t now_ms);

#endif /* CX_STORE_SQL_H */
