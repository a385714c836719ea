/*
 * The record: named operations over a database.
 *
 * A cx_store is one connection, used by one thread at a time.  Writes happen
 * between begin and commit; several operations may share one transaction
 * (group commit).  An operation checks before it writes, so that one that
 * fails (CX_FENCED, CX_STALE, CX_NOT_FOUND, CX_CONFLICT, CX_INVALID) has
 * changed nothing and its neighbours stand; after CX_IO the whole transaction
 * must be rolled back.  Reads may run outside a transaction.
 *
 * Times are ms since the epoch and come from the caller.  Ids come from the
 * caller too (core/id.h).  Results are views into the arena given.
 */

#ifndef CX_STORE_STORE_H
#define CX_STORE_STORE_H

#include "core/arena.h"
#include "core/err.h"
#include "core/msg.h"
#include "core/queue.h"
#include "store/knowledge.h"
#include "store/media.h"
#include "store/people_claim.h"
#include "store/people_fence.h"
#include "store/say.h"
#include "store/summary.h"
#include "store/take.h"
#include "store/usage.h"

/* --- values that are stored as words; one table each --------------------- */

/* A turn: one or more messages of a customer that get one reply. */
#define CX_TURN_STATES(X)                                                     \
    X(OPEN,    "open")       /* collecting, thinking; recovered if we die   */ \
    X(REPLIED, "replied")    /* its reply is in messages                    */ \
    X(HUMAN,   "human")      /* waits for a person (review)                 */ \
    X(IGNORED, "ignored")    /* by rule, see reason                         */ \
    X(DEAD,    "dead")       /* given up: dead letter                       */

/*
 * An outbound message is its own outbox entry: this is its state.
 *
 *  review -> ready -> sending -> accepted -> sent -> delivered -> read
 *              ^        |  |                            (played)
 *              |        |  +-> ambiguous -> accepted | ready | held
 *              +--------+-> failed
 *  inbound messages are "received".
 */
#define CX_MSG_STATES(X)                                                      \
    X(RECEIVED,  "received")                                                  \
    X(REVIEW,    "review")                                                    \
    X(REJECTED,  "rejected")                                                  \
    X(READY,     "ready")                                                     \
    X(SENDING,   "sending")                                                   \
    X(AMBIGUOUS, "ambiguous")                                                 \
    X(HELD,      "held")                                                      \
    X(FAILED,    "failed")                                                    \
    X(CANCELLED, "cancelled")                                                 \
    X(ACCEPTED,  "accepted")                                                  \
    X(SENT,      "sent")                                                      \
    X(DELIVERED, "delivered")                                                 \
    X(READ,      "read")                                                      \
    X(PLAYED,    "played")

typedef enum {
#define X(name, word)  CX_TURN_##name,
    CX_TURN_STATES(X)
#undef X
    CX_TURN_STATE_COUNT
} cx_turn_state;

typedef enum {
#define X(name, word)  CX_MSGSTATE_##name,
    CX_MSG_STATES(X)
#undef X
    CX_MSGSTATE_COUNT
} cx_msg_state;

const char *cx_turn_state_word(cx_turn_state s);
const char *cx_msg_state_word(cx_msg_state s);
bool cx_msg_state_parse(cx_str word, cx_msg_state *s);

/* --- rows ---------------------------------------------------------------- */

typedef struct {
    int64_t  id;
    int64_t  tenant;          /* read only */
    cx_str   name;            /* unique in the tenant */
    cx_str   provider;        /* "knowledge", "openai" */
    cx_str   base_url;
    cx_str   model;
    cx_str   api_key_file;
    cx_str   credentials;     /* what is sealed, for people: JSON, filled by
                               * the API */
    cx_str   prompt;
    cx_str   handoff;         /* what to say when we do not know */
    double   threshold;       /* 0..1 */
    double   temperature;     /* below 0: not sent */
    int64_t  max_tokens;      /* 0: not sent */
    int64_t  review_timeout_ms;   /* of its drafts; 0: none */
    cx_str   review_on_timeout;   /* "wait", "handoff", "drop" */
    bool     active;          /* else nothing new is given to it */
    cx_str   hours;           /* cx_hours_parse; empty: always */
    cx_str   zone;            /* of these; empty: UTC */
    cx_str   config;          /* JSON (ai/agent.h), or empty */
    int64_t  created_at;
    int64_t  updated_at;
} cx_agent_row;

typedef struct {
    int64_t  id;
    int64_t  tenant;          /* read only */
    cx_str   name;            /* slug, unique: the edge's channel name */
    cx_str   type;
    cx_str   account;         /* provider's id of our side; unique per type */
    int64_t  agent_id;        /* 0: people only */
    cx_str   token_file;      /* access token; never the token itself */
    cx_str   credentials;     /* as an agent's */
    cx_str   base_url;        /* empty: the provider's */
    cx_str   settings;        /* of the type: a JSON object of texts, or
                               * empty */
    bool     active;
    cx_str   health;          /* "ok", "action_required" */
    cx_str   health_text;     /* code and text of the provider */
    int64_t  created_at;
    int64_t  updated_at;
} cx_channel_row;

typedef struct {
    int64_t  id;
    int64_t  channel_id;
    cx_str   channel;         /* slug */
    int64_t  customer_id;     /* of those who are linked: the root */
    int64_t  identity_id;     /* the customer of this very address */
    cx_str   peer;
    cx_str   phone;
    cx_str   name;
    cx_str   username;
    cx_str   state;           /* "active", "closed" */
    int64_t  last_at;
    cx_str   last_text;
    int64_t  partition;
    int64_t  messages;        /* count */
    int64_t  created_at;
    int64_t  opted_out_at;    /* the customer wants no messages, 0: does */
    int64_t  quiet_until;     /* no AI until then: a person has spoken */
    cx_str   taken_by;        /* who has it; empty: the AI */
    int64_t  taken_at;
    int64_t  fence;           /* moves when a person speaks */
    int64_t  agent_id;        /* whose it is; 0: as the rules say, below: of
                               * people (store/routing.h) */
    cx_str   agent;
    int64_t  closed_at;
    int64_t  archived_at;     /* it is closed then, too */
} cx_conversation_row;

typedef struct {
    int64_t  id;
    int64_t  conversation_id;
    int64_t  turn_id;
    int64_t  part;            /* 0.. within the turn's reply */
    bool     outbound;
    cx_str   author;          /* "customer", "ai", "human", "system" */
    cx_str   content;         /* "text", "image", ... */
    cx_str   text;
    cx_str   provider_id;
    cx_str   reply_to;
    cx_str   state;           /* word of cx_msg_state */
    int64_t  attempts;
    int64_t  not_before;      /* ready: earliest; ambiguous: give up at */
    int64_t  error_code;
    cx_str   error_text;
    cx_str   event;           /* trace */
    cx_str   meta;            /* JSON: extra, media, referral of the event */
    int64_t  provider_ts;
    int64_t  received_at;     /* at the edge */
    int64_t  created_at;      /* taken, or planned */
    int64_t  sending_at;
    int64_t  accepted_at;
    int64_t  delivered_at;
    int64_t  read_at;
    int64_t  updated_at;
    cx_str   channel;         /* slug */
    cx_str   evidence;        /* of an agent's answer: JSON, or empty */
    cx_str   label;           /* what a person said of it, or empty */
    cx_str   sources;         /* the passages it is made of: JSON, or empty */
} cx_message_row;

typedef struct {
    int64_t  id;              /* = turn id */
    int64_t  conversation_id;
    int64_t  agent_id;
    cx_str   agent;
    cx_str   channel;
    cx_str   question;        /* inputs, joined by newline */
    cx_str   draft;
    double   confidence;
    cx_str   reason;
    cx_str   state;           /* "waiting", "approved", "edited", "rejected" */
    int64_t  created_at;
    int64_t  decided_at;
    cx_str   who;             /* decided it; "timeout": nobody did */
    cx_str   why;
    cx_str   claimed_by;
    int64_t  claimed_until;
    int64_t  expired_at;      /* its time was over, 0: not yet */
    bool     spoken;          /* by a person, since it was written */
    bool     newer;           /* messages of the customer since then */
    cx_str   channel_type;
    cx_str   account;
    int64_t  last_in_at;      /* the customer's newest message */
    cx_str   evidence;        /* what the confidence is made of: JSON */
    cx_str   sources;         /* the passages the draft is made of: JSON */
} cx_review_row;

typedef struct {
    int64_t  id;
    cx_str   kind;            /* "event", "send", "turn" */
    cx_str   channel;
    int64_t  ref;             /* message or turn id, 0 for an event */
    cx_str   reason;          /* word of CX_OUTCOMES or provider's code */
    cx_str   text;
    cx_str   body;            /* event: the stream entry as it was */
    int64_t  partition;       /* event: where it came from */
    cx_str   state;           /* "dead", "retried", "dropped" */
    int64_t  created_at;
} cx_dead_row;

/* Growing lists in an arena. */
#define CX_LIST(type)  struct { type *items; size_t n; size_t room; }

typedef CX_LIST(cx_agent_row)         cx_agent_list;
typedef CX_LIST(cx_channel_row)       cx_channel_list;
typedef CX_LIST(cx_conversation_row)  cx_conversation_list;
typedef CX_LIST(cx_message_row)       cx_message_list;
typedef CX_LIST(cx_review_row)        cx_review_list;
typedef CX_LIST(cx_dead_row)          cx_dead_list;
typedef CX_LIST(cx_knowledge_row)     cx_knowledge_list;
typedef CX_LIST(cx_hit_row)           cx_hit_list;
typedef CX_LIST(cx_media_row)         cx_media_list;
typedef CX_LIST(cx_summary_row)       cx_summary_list;

/* --- the engine's operations: arguments and results ---------------------- */

/* RECALL: what the answer needs. */
typedef struct {
    int64_t              turn_id;
    int64_t              tenant;
    int64_t              conversation_id;
    int64_t              root_id;       /* of a customer who is linked to
                                         * others; 0: is not */
    int64_t              customer_id;   /* linked: the root */
    int64_t              agent_id;
    int64_t              channel_id;
    int64_t              inputs;
    int64_t              opened_at;
    int64_t              attempts;
    cx_turn_state        state;
    cx_str               question;      /* inputs' texts, joined by '\n' */
    cx_str               last_input;    /* provider id of the newest input */
    int64_t              last_input_id;
    int64_t              last_input_at; /* by the provider's clock */
    cx_str               last_meta;
    cx_str               peer;
    cx_str               peer_alt;
    cx_str               event;         /* trace of the newest input */
    bool                 knowledge;     /* the agent has files to search */
    int64_t              fence;         /* moves when a person speaks */
    bool                 taken;         /* a person has the conversation */
    bool                 budgeted;      /* a budget has to be asked first */
    /* Oldest first, of all conversations of the customer; inputs, and what
     * the customer never got, left out.  Only id, conversation_id, turn_id,
     * outbound, author, state, created_at, content, text (of a voice message
     * its transcript); channel where it is another one. */
    cx_message_list      history;
    cx_summary_list      summaries;     /* of these, this one's first; only
                                         * id, channel, last, text */
    cx_media_list        media;         /* of the inputs, at most 32 */
    cx_str               reply_id;      /* of the agent's last turn that has
                                         * one: "provider id" */
} cx_recall;

/* The customer does not pause and has waited long enough: the plan answers
 * what the recall saw, what came later opens a turn of its own. */
typedef struct {
    int64_t  last_input_id;       /* the newest the recall saw */
    int64_t  turn_id;             /* of the next turn, if one is needed */
    int64_t  quiet_ms;            /* its deadline, as TAKE's */
    int64_t  cap_ms;
    cx_flood flood;
    int64_t  inputs;              /* out; 0: nothing had come */
    int64_t  deadline;            /* out */
} cx_split;

/* PLAN: the reply becomes record, to be sent or to be reviewed. */
typedef struct {
    cx_fence         fence;
    int64_t          turn_id;
    int64_t          inputs;        /* as recalled: CX_STALE if it changed */
    int64_t          agent_id;      /* the same; 0: not looked at */
    cx_split        *split;         /* ... unless not NULL */
    cx_turn_state    state;         /* REPLIED, HUMAN, IGNORED, DEAD */
    cx_str           reason;
    double           confidence;
    cx_str           model;
    int64_t          tokens_in;
    int64_t          tokens_out;
    cx_str           sources;       /* JSON */
    cx_str           evidence;      /* JSON: what the confidence is made of */
    int64_t          sampled;       /* REPLIED: drawn for a look afterwards, as
                                     * so many of 100 are; 0: not */
    cx_str           reply_id;      /* as cx_recall has it */
    const cx_usage_row  *usage;     /* calls of models that were made for it */
    size_t           nusage;
    bool             reserved;      /* of budgets (store/budgets.h): settle */
    const cx_str    *parts;         /* texts to be sent, in order */
    const int64_t   *part_ids;
    size_t           nparts;
    cx_str           draft;         /* HUMAN: waits as a review */
    cx_str           reply_to;      /* of the first part */
    /* Not NULL: the first part is claimed in the same step. False then: it was
     * not, and is a matter for CLAIM. */
    bool            *claimed;
    int64_t          recall_fence;
    /* Not NULL: true when a person has spoken since the recall, or has the
     * conversation.  Then nothing is said: the turn is ignored ("person"), or
     * waits for that person ("taken"). */
    bool            *person;
    int64_t          now_ms;
} cx_plan;

/* SEND: intent first. CX_STALE unless it is READY and due; see
 * cx_outgoing.withdrawn. */
typedef struct {
    cx_fence  fence;
    int64_t   message_id;
    int64_t   now_ms;
} cx_claim;

/* SETTLE: what came of it.  CX_STALE when it is not being sent any more: a
 * status has proven it meanwhile, or a person has decided.  ACCEPTED is taken
 * then too: it adds the id to what a faster status has told. */
typedef struct {
    cx_fence      fence;
    int64_t       message_id;
    cx_msg_state  state;          /* ACCEPTED READY AMBIGUOUS HELD FAILED */
    cx_str        provider_id;
    int64_t       not_before;     /* READY: retry at; AMBIGUOUS: give up at */
    int64_t       error_code;
    cx_str        error_text;
    int64_t       dead_id;        /* not 0: also a dead letter of this id */
    cx_str        reason;         /* of that; empty: the error's code */
    /* Not NULL: what a turn said goes back to a person instead of becoming a
     * letter, for that reason.  False then: it was no turn's. */
    bool         *review;
    bool          unsent;         /* nothing left us: no attempt is counted */
    int64_t       now_ms;
} cx_settle;

/* What a new owner of a partition has to go on with. */
typedef struct {
    int64_t   turn_id;
    int64_t   conversation_id;
    int64_t   seq;
    int64_t   deadline;
    int64_t   attempts;           /* raised by this very operation */
} cx_open_turn;

typedef struct {
    int64_t       message_id;
    int64_t       conversation_id;
    int64_t       turn_id;
    int64_t       part;
    cx_msg_state  state;          /* READY or AMBIGUOUS (SENDING became it) */
    int64_t       not_before;
    int64_t       attempts;
    int64_t       channel_id;
} cx_open_out;

typedef struct {
    CX_LIST(cx_open_turn)  turns;
    CX_LIST(cx_open_out)   outs;  /* by conversation, then turn, then part */
} cx_recovered;

typedef struct {
    unsigned  partition;
    cx_str    owner;
    int64_t   epoch;
    int64_t   lease_until;
} cx_lease;

typedef struct {
    int64_t  turns_open;
    int64_t  oldest_open_at;
    int64_t  reviews_waiting;
    int64_t  outs_ready;
    int64_t  outs_ambiguous;
    int64_t  outs_held;
    int64_t  dead;
    int64_t  conversations;
    int64_t  messages;
} cx_counts;

typedef struct cx_store_s  cx_store;

/* By URL: "sqlite:/path" or a path, and then "?synchronous=off|normal|full"
 * (full: a commit is on the disk).  migrate: creates and migrates, under a
 * lock.  CX_IO (also: an older schema, and migrate is not set), CX_VERSION
 * (schema newer than we know), CX_INVALID (not a URL, or none of ours); *error
 * is for people. */
cx_err cx_store_open(const char *url, bool migrate, cx_store **out,
    char *error, size_t error_size);
void cx_store_close(cx_store *s);
/* The number of the schema that is there, 0 for none, and of the one that
 * this program needs; nothing is changed.  Errors as above. */
cx_err cx_store_look(const char *url, int64_t *has, int64_t *needs,
    char *error, size_t error_size);

cx_err cx_store_begin(cx_store *s);
cx_err cx_store_commit(cx_store *s);       /* durable when it returns CX_OK */
void cx_store_rollback(cx_store *s);
const char *cx_store_error(cx_store *s);   /* text of the last CX_IO */
/* Nothing was wrong with what led to the last CX_IO: others were in its way,
 * or the connection.  The same transaction may go well once more. */
bool cx_store_again(cx_store *s);
/* Outside of a transaction: a connection that went away meanwhile is made
 * again, for which up to a second may pass.  If it cannot be, what follows
 * says so. */
void cx_store_ready(cx_store *s);

/* Whose record the operations for people see and change from now on; 1 at
 * first.  What the engine does goes by ids of its own partitions. */
void cx_store_as(cx_store *s, int64_t tenant);

/* --- engine (inside begin/commit) --- */
cx_err cx_store_take(cx_store *s, const cx_take *in, cx_taken *out);
cx_err cx_store_recall(cx_store *s, int64_t turn_id, size_t history,
    cx_arena *a, cx_recall *out);
cx_err cx_store_plan(cx_store *s, const cx_plan *in);
cx_err cx_store_claim(cx_store *s, const cx_claim *in, cx_arena *a,
    cx_outgoing *out);
cx_err cx_store_settle(cx_store *s, const cx_settle *in);
cx_err cx_store_status(cx_store *s, const cx_status_in *in,
    cx_status_out *out);
/* SENDING messages become AMBIGUOUS until give_up_at. */
cx_err cx_store_recover(cx_store *s, cx_fence fence, int64_t give_up_at,
    int64_t now_ms, cx_arena *a, cx_recovered *out);
/* Open turns and due READY messages of a partition, without side effect:
 * finds what another process put there (API, another worker's TAKE).  And
 * SENDING ones that were claimed long ago: who owns the partition and does
 * not know of them has claimed them without being told (the database went
 * away before it could say so), so they never left. */
cx_err cx_store_sweep(cx_store *s, unsigned partition, int64_t now_ms,
    cx_arena *a, cx_recovered *out);
cx_err cx_store_event_dead(cx_store *s, const cx_dead_row *d);
cx_err cx_store_channel_health(cx_store *s, int64_t channel_id, cx_str health,
    cx_str text, int64_t now_ms);

/* --- partitions (inside begin/commit) --- */
/* Says that this worker lives; *live: how many did within lease_ms. */
cx_err cx_store_worker_beat(cx_store *s, cx_str owner, int64_t now_ms,
    int64_t lease_ms, int64_t *live);
/* Rows for all CX_PARTITIONS, made on first use. */
cx_err cx_store_leases(cx_store *s, cx_arena *a, cx_lease *out);
/* CX_CONFLICT: a live owner has it. force: its owner is proven dead. */
cx_err cx_store_lease_acquire(cx_store *s, unsigned partition, cx_str owner,
    bool force, int64_t now_ms, int64_t lease_ms, int64_t *epoch);
/* Renews all of this owner's; *n how many it still has. */
cx_err cx_store_lease_renew(cx_store *s, cx_str owner, int64_t now_ms,
    int64_t lease_ms, int64_t *n);
/* partition below 0: all of them, and the worker itself is gone. */
cx_err cx_store_lease_release(cx_store *s, cx_str owner, int partition);

/* --- configuration and people (API) --- */
/* A number that changes with every change of channels and agents. */
cx_err cx_store_config_version(cx_store *s, int64_t *version);
cx_err cx_store_agents(cx_store *s, cx_arena *a, cx_agent_list *out);
/* Of all tenants: the engine's; likewise channels_all, where those of a
 * suspended one are not active. */
cx_err cx_store_agents_all(cx_store *s, cx_arena *a, cx_agent_list *out);
cx_err cx_store_agent_put(cx_store *s, const cx_agent_row *row, bool create);
cx_err cx_store_agent_delete(cx_store *s, int64_t id);  /* CX_CONFLICT: used */
cx_err cx_store_channels(cx_store *s, cx_arena *a, cx_channel_list *out);
cx_err cx_store_channels_all(cx_store *s, cx_arena *a, cx_channel_list *out);
cx_err cx_store_channel_put(cx_store *s, const cx_channel_row *row,
    bool create);
/* CX_CONFLICT: it has conversations. */
cx_err cx_store_channel_delete(cx_store *s, int64_t id);

/* By name; a version that is not ready stands beside the one that is. */
cx_err cx_store_knowledge(cx_store *s, int64_t agent_id, cx_arena *a,
    cx_knowledge_list *out);
cx_err cx_store_knowledge_get(cx_store *s, int64_t id, cx_arena *a,
    cx_knowledge_row *out);
cx_err cx_store_knowledge_delete(cx_store *s, int64_t id);
/* The best passages by their terms; nothing to be found gives nothing. */
cx_err cx_store_search(cx_store *s, int64_t agent_id, const cx_find *find,
    size_t limit, cx_arena *a, cx_hit_list *out);
/* At most CX_SPOTS_MAX, in that order, with these scores. */
cx_err cx_store_spots(cx_store *s, int64_t agent_id, const cx_spot *spots,
    size_t n, cx_arena *a, cx_hit_list *out);

/* Which conversations; the numbers stand in the SQL. */
typedef enum {
    CX_TALKS_CURRENT = 0,         /* not archived */
    CX_TALKS_ACTIVE = 1,
    CX_TALKS_CLOSED = 2,
    CX_TALKS_ARCHIVED = 3,
    CX_TALKS_ALL = 4
} cx_talks;

typedef struct {
    int64_t   channel_id;         /* 0: all */
    int64_t   agent_id;           /* 0: all; or of people (store/routing.h) */
    cx_talks  talks;
    int64_t   before;             /* id to page down from, 0: the newest */
    size_t    limit;
} cx_conversation_query;

cx_err cx_store_conversations(cx_store *s, const cx_conversation_query *in,
    cx_arena *a, cx_conversation_list *out);
cx_err cx_store_conversation(cx_store *s, int64_t id, cx_arena *a,
    cx_conversation_row *out);
/* *group: in->group_id, or that of the first time.  CX_CONFLICT: the key
 * was used for something else. */
cx_err cx_store_say(cx_store *s, const cx_say *in, int64_t *group);
/* Outbound messages of a turn or a group, in order. */
cx_err cx_store_said(cx_store *s, int64_t conversation_id, int64_t group,
    cx_arena *a, cx_message_list *out);
/* Oldest first, after that id. */
cx_err cx_store_messages(cx_store *s, int64_t conversation_id, int64_t after,
    size_t limit, cx_arena *a, cx_message_list *out);
cx_err cx_store_message(cx_store *s, int64_t id, cx_arena *a,
    cx_message_row *out);
/* The inbound message of that event and its turn's outbound ones, in
 * order: what --wait shows. */
cx_err cx_store_timeline(cx_store *s, cx_str event, cx_arena *a,
    cx_message_list *out);
/* Outbound messages in that state. */
cx_err cx_store_messages_in(cx_store *s, cx_msg_state state, size_t limit,
    cx_arena *a, cx_message_list *out);
/* A person's word on a held or failed message: send again as a new
 * intent (READY) or cancel. CX_CONFLICT: not held or failed. */
cx_err cx_store_message_release(cx_store *s, int64_t id, bool resend,
    cx_str who, int64_t now_ms);

cx_err cx_store_reviews(cx_store *s, cx_str state, size_t limit, cx_arena *a,
    cx_review_list *out);
cx_err cx_store_review(cx_store *s, int64_t id, cx_arena *a,
    cx_review_row *out);
/* verdict: "approved", "edited", "rejected". parts: what is to be sent
 * (none when rejected). CX_CONFLICT: decided already; CX_STALE: somebody else
 * has claimed it. */
cx_err cx_store_review_decide(cx_store *s, int64_t id, cx_str verdict,
    const cx_str *parts, const int64_t *part_ids, size_t nparts,
    cx_str who, cx_str why, int64_t now_ms);

cx_err cx_store_dead_letters(cx_store *s, cx_str state, size_t limit,
    cx_arena *a, cx_dead_list *out);
cx_err cx_store_dead_letter(cx_store *s, int64_t id, cx_arena *a,
    cx_dead_row *out);
/* A dead send or turn goes back to READY or OPEN; an event's row is only
 * marked (the caller enqueues it again). */
cx_err cx_store_dead_retry(cx_store *s, int64_t id, bool drop, cx_str who,
    int64_t now_ms);

/* Attachments.  add and settle inside begin/commit; add takes what is
 * known at TAKE.  due: bit p of mask says that partition p is ours.
 * settle: id, state and all that comes with it; CX_STALE when it is not
 * WANTED any more. */
cx_err cx_store_media_add(cx_store *s, const cx_media_row *row);
cx_err cx_store_media_due(cx_store *s, uint64_t mask, int64_t now_ms,
    size_t limit, cx_arena *a, cx_media_list *out);
cx_err cx_store_media_settle(cx_store *s, const cx_media_row *row);
cx_err cx_store_media(cx_store *s, int64_t id, cx_arena *a, cx_media_row *out);
cx_err cx_store_media_of(cx_store *s, int64_t message_id, cx_arena *a,
    cx_media_list *out);
/* Of a turn's inputs. */
cx_err cx_store_media_inputs(cx_store *s, int64_t turn_id, size_t limit,
    cx_arena *a, cx_media_list *out);

cx_err cx_store_audit(cx_store *s, int64_t id, cx_str who, cx_str what,
    cx_str ref, int64_t now_ms);
cx_err cx_store_counts(cx_store *s, cx_counts *out);

/* "sqlite" */
const char *cx_store_kind(const cx_store *s);

#endif /* CX_STORE_STORE_H */
