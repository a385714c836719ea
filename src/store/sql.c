#include "store/sql.h"

/* Numbers of states inside SQL; checked against the enum below. */
#define READY      "3"
#define SENDING    "4"
#define AMBIGUOUS  "5"
#define HELD       "6"
#define FAILED     "7"
#define ACCEPTED   "9"
#define DELIVERED  "11"

/* At the end of a SELECT of rows that are about to be changed.  SQLite has one
 * writer at a time anyway. */
#define FOR_UPDATE  ""

/* The very words of the partial index: SQLite uses it only for these. */
#define UNSETTLED  "state BETWEEN 1 AND 8"

#define STANDING                                                              \
    "id, conversation_id, channel_id, state, attempts, failed_attempts,"      \
    " accepted_at, delivered_at, read_at, provider_key <> 0"

#define MEDIA                                                                 \
    "id, message_id, channel_id, partition, ref_id, ref_url, name, mime,"     \
    " state, attempts, not_before, size, sha256, type, place, error_text,"    \
    " created_at, updated_at"

#define MESSAGE                                                               \
    "id, conversation_id, turn_id, part, outbound, author, content, text,"    \
    " provider_id, reply_to, state, attempts, not_before, error_code,"        \
    " error_text, event, meta, provider_ts, received_at, created_at,"         \
    " sending_at, accepted_at, delivered_at, read_at, updated_at"

/* The newest message is looked up, not kept: the hot path writes less. */
#define CONVERSATION                                                          \
    "SELECT c.id, c.channel_id, h.name, c.customer_id, c.peer, u.phone,"      \
    " u.name, u.username, c.state, coalesce(m.created_at, c.created_at),"     \
    " coalesce(m.text, ''), c.partition,"                                     \
    " (SELECT count(*) FROM messages n WHERE n.conversation_id = c.id),"      \
    " c.created_at, c.opted_out_at, c.quiet_until"                            \
    " FROM conversations c"                                                   \
    " JOIN channels h ON h.id = c.channel_id"                                 \
    " JOIN customers u ON u.id = c.customer_id"                               \
    " LEFT JOIN messages m ON m.id ="                                         \
    " (SELECT max(n.id) FROM messages n WHERE n.conversation_id = c.id)"

#define REVIEW                                                                \
    "SELECT r.id, r.conversation_id, r.agent_id, coalesce(a.name, ''),"       \
    " h.name, r.draft, r.confidence, r.reason, r.state, r.created_at,"        \
    " r.decided_at"                                                           \
    " FROM reviews r JOIN turns t ON t.id = r.id"                             \
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

const char *const cx_sql_text[CX_SQL_COUNT] = {
#define X(name, sql)  [CX_SQL_##name] = sql,
#include "store/sql.def"
#undef X
};
