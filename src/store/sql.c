#include "store/sql.h"

/* Numbers of states inside SQL; checked against the enum below. */
#define READY      "3"
#define SENDING    "4"
#define AMBIGUOUS  "5"
#define HELD       "6"
#define FAILED     "7"
#define ACCEPTED   "9"
#define DELIVERED  "11"

/* By the database's clock. */
#define NOW_MS  "CAST(extract(epoch FROM now()) * 1000 AS BIGINT)"

/* The very words of the partial index: SQLite uses it only for these. */
#define UNSETTLED  "state BETWEEN 1 AND 8"

#define STANDING                                                              \
    "id, conversation_id, channel_id, state, attempts, failed_attempts,"      \
    " accepted_at, delivered_at, read_at, provider_key <> 0"

#define MINE  "tenant = :tenant"

#define AGENT                                                                 \
    "SELECT id, tenant, name, provider, base_url, model, api_key_file,"       \
    " prompt, handoff, threshold, temperature, max_tokens, active, hours,"    \
    " zone, created_at, updated_at, review_timeout_ms, review_on_timeout,"    \
    " config"                                                                 \
    " FROM agents"

#define CHANNEL(active)                                                       \
    "SELECT id, tenant, name, type, account, coalesce(agent_id, 0),"          \
    " token_file, base_url, " active ", health, health_text, settings,"       \
    " created_at, updated_at FROM channels"

#define MEDIA                                                                 \
    "id, tenant, message_id, channel_id, partition, ref_id, ref_url, name,"   \
    " mime, state, attempts, not_before, size, sha256, type, place,"          \
    " error_text, created_at, updated_at, heard, transcript"

/* What a message says: a voice message's text is its transcript. */
#define SAID(m)                                                               \
    "CASE WHEN " m ".text = '' AND " m ".content <> 'text' THEN coalesce("    \
    "(SELECT x.transcript FROM media x WHERE x.message_id = " m ".id"         \
    " AND x.transcript <> '' ORDER BY x.id LIMIT 1), '') ELSE " m ".text END"

#define MESSAGE                                                               \
    "id, conversation_id, turn_id, part, outbound, author, content, text,"    \
    " provider_id, reply_to, state, attempts, not_before, error_code,"        \
    " error_text, event, meta, provider_ts, received_at, created_at,"         \
    " sending_at, accepted_at, delivered_at, read_at, updated_at,"            \
    " (SELECT h.name FROM channels h WHERE h.id = channel_id),"               \
    " CASE WHEN author = 1 THEN coalesce((SELECT t.evidence FROM turns t"     \
    " WHERE t.id = turn_id), '') ELSE '' END,"                                \
    " CASE WHEN author = 1 THEN coalesce((SELECT l.verdict FROM labels l"     \
    " WHERE l.id = turn_id), '') ELSE '' END,"                                \
    " CASE WHEN author = 1 THEN coalesce((SELECT t.sources FROM turns t"      \
    " WHERE t.id = turn_id), '') ELSE '' END"

/* The newest message is looked up, not kept: the hot path writes less. */
#define CONVERSATION                                                          \
    "SELECT c.id, c.channel_id, h.name, u.root_id, u.id, c.peer, u.phone,"    \
    " u.name, u.username, c.state, coalesce(m.created_at, c.created_at),"     \
    " coalesce(m.text, ''), c.partition,"                                     \
    " (SELECT count(*) FROM messages n WHERE n.conversation_id = c.id),"      \
    " c.created_at, c.opted_out_at, c.quiet_until, c.taken_by, c.taken_at,"   \
    " c.fence"                                                                \
    ", c.agent_id, coalesce(a.name, ''), c.closed_at, c.archived_at"          \
    " FROM conversations c"                                                   \
    " JOIN channels h ON h.id = c.channel_id"                                 \
    " JOIN customers u ON u.id = c.customer_id"                               \
    " LEFT JOIN agents a ON a.id = c.agent_id"                                \
    " LEFT JOIN messages m ON m.id ="                                         \
    " (SELECT max(n.id) FROM messages n WHERE n.conversation_id = c.id)"

/* Of those in a state (cx_talks), and those that are an agent's. */
#define WANTED                                                                \
    " AND (?3 = 4 OR (?3 = 0 AND c.archived_at = 0) OR ?3 ="                  \
    " CASE WHEN c.archived_at <> 0 THEN 3 WHEN c.state = 'closed' THEN 2"     \
    " ELSE 1 END) AND (?4 = 0 OR c.agent_id = ?4)"

#define CUSTOMER                                                              \
    "SELECT u.id, u.root_id, u.name, u.username, u.phone, u.email, u.locale," \
    " u.note, u.created_at, u.updated_at FROM customers u"

/* One row for all who are linked: the root, and what it does not say itself
 * by the first of the others who does. */
#define SAYS(column)                                                          \
    "coalesce(nullif(u." column ", ''), (SELECT v." column                    \
    " FROM customers v WHERE v.root_id = u.id AND v." column " <> ''"         \
    " ORDER BY v.id LIMIT 1), '')"
#define PERSON                                                                \
    "SELECT u.id, u.root_id, " SAYS("name") ", " SAYS("username") ", "        \
    SAYS("phone") ", " SAYS("email") ", " SAYS("locale") ", " SAYS("note")    \
    ", u.created_at, u.updated_at FROM customers u"

#define CUSTOMER_LINK                                                         \
    "SELECT k.id, k.a, k.b, k.kind, k.at, k.who, k.undone_at, k.undone_by"    \
    " FROM customer_links k"

#define ROUTE                                                                 \
    "SELECT w.id, w.tenant, w.position, w.name, w.active, w.channel_id,"      \
    " coalesce(h.name, ''), w.words, w.language, w.hours, w.zone,"            \
    " w.agent_id, coalesce(a.name, ''), w.group_id, coalesce(g.name, ''),"    \
    " w.created_at, w.updated_at FROM route_rules w"                          \
    " LEFT JOIN channels h ON h.id = w.channel_id"                            \
    " LEFT JOIN agents a ON a.id = w.agent_id"                                \
    " LEFT JOIN agent_groups g ON g.id = w.group_id"

#define REVIEW                                                                \
    "SELECT r.id, r.conversation_id, r.agent_id, coalesce(a.name, ''),"       \
    " h.name, r.draft, r.confidence, r.reason, r.state, r.created_at,"        \
    " r.decided_at, r.who, r.why, r.claimed_by, r.claimed_until,"             \
    " r.expired_at, r.fence < c.fence,"                                       \
    " EXISTS (SELECT 1 FROM messages n WHERE n.conversation_id = c.id"        \
    " AND n.id > t.first_input AND n.turn_id <> t.id AND n.outbound = 0),"    \
    " coalesce((SELECT coalesce(nullif(n.provider_ts, 0),"                    \
    " nullif(n.received_at, 0), n.created_at) FROM messages n"                \
    " WHERE n.conversation_id = c.id AND n.outbound = 0"                      \
    " ORDER BY n.id DESC LIMIT 1), 0), h.type, h.account, t.evidence,"        \
    " t.sources"                                                              \
    " FROM reviews r JOIN turns t ON t.id = r.id"                             \
    " JOIN conversations c ON c.id = r.conversation_id"                       \
    " JOIN channels h ON h.id = t.channel_id"                                 \
    " LEFT JOIN agents a ON a.id = r.agent_id"

#define DEAD                                                                  \
    "id, kind, channel, ref, reason, text, body, partition, state, created_at"

_Static_assert(CX_MSGSTATE_RECEIVED == 0 && CX_MSGSTATE_REVIEW == 1
               && CX_MSGSTATE_REJECTED == 2 && CX_MSGSTATE_READY == 3
               && CX_MSGSTATE_SENDING == 4 && CX_MSGSTATE_AMBIGUOUS == 5
               && CX_MSGSTATE_HELD == 6 && CX_MSGSTATE_FAILED == 7
               && CX_MSGSTATE_CANCELLED == 8 && CX_MSGSTATE_ACCEPTED == 9
               && CX_MSGSTATE_SENT == 10 && CX_MSGSTATE_DELIVERED == 11
               && CX_MSGSTATE_READ == 12 && CX_MSGSTATE_PLAYED == 13,
               "the numbers are in the databases already: only append");
_Static_assert(CX_TURN_OPEN == 0 && CX_TURN_REPLIED == 1
               && CX_TURN_HUMAN == 2 && CX_TURN_IGNORED == 3
               && CX_TURN_DEAD == 4,
               "the numbers are in the databases already: only append");

#define X(name, sql)  [CX_SQL_##name] = sql,

/* --- SQLite: one writer at a time ---------------------------------------- */

#define BEGIN_WRITING  "BEGIN IMMEDIATE"
#define BEGIN_READING  "BEGIN"
#define FOR_UPDATE     ""
#define FOR_SHARE      ""

#define SQLITE_ONLY(...)    __VA_ARGS__
#define POSTGRES_ONLY(...)  ""

const char *const cx_sqlite_sql[CX_SQL_COUNT] = {
#include "store/sql.def"
};

#undef BEGIN_WRITING
#undef BEGIN_READING
#undef FOR_UPDATE
#undef FOR_SHARE
#undef SQLITE_ONLY
#undef POSTGRES_ONLY

/* --- PostgreSQL: who changes a row waits for who reads it to change it --- */

#define BEGIN_WRITING  "BEGIN"
#define BEGIN_READING  "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"
/* Not against those who only refer to the row. */
#define FOR_UPDATE     " FOR NO KEY UPDATE"
#define FOR_SHARE      " FOR SHARE"

#define SQLITE_ONLY(...)    ""
#define POSTGRES_ONLY(...)  __VA_ARGS__

const char *const cx_postgres_sql[CX_SQL_COUNT] = {
#include "store/sql.def"
};
