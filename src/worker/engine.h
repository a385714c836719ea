/*
 * Inside the engine: what its files share.  Others include worker.h.
 *
 *   partition.c     leases; which partitions are ours
 *   owner.c         a lock file that dies with its process
 *   sweep.c         what others put into our partitions
 *   group.c         a group of our own per stream; what is pending in it
 *   reader.c        XREADGROUP per lane; backpressure
 *   take.c          TAKE and statuses: events become record, then XDEL, XACK
 *   take_item.c     what an entry of a stream is
 *   directory.c     channels and agents as last read from the store
 *   unsealed.c      what their boxes hold
 *   routing.c       whose turn it is: the rules, as TAKE asks them
 *   conversation.c  who is under way; turns and sends wait here in order
 *   slots.c         how many think, how many send at once
 *   job.c           RECALL
 *   near.c          RECALL by meaning; vectors.h has what belongs to it
 *   prompt.c        what the model is given
 *   seeing.c        images and voice messages of the turn: waited for, read
 *   summary.c       what is older than the history, told shorter
 *   transcribe.c    voice messages become text
 *   may.c           MAY: loops and budgets; may.h
 *   think.c         THINK; think.h has what belongs to it
 *   typing.c        what the customer sees meanwhile
 *   plan.c          PLAN: the gate
 *   silence.c       a person speaks: what the AI had begun to send gets out
 *   send.c          CLAIM SETTLE, evidence; send.h has what belongs to it
 *   media.c         attachments: fetched and kept beside all that
 *   knowledge.c     what old files have left, vectors of new ones
 *   idle.c          conversations that end by themselves
 *   reconcile.c     messages whose webhook never came
 *
 * One thread: the loop.  Store jobs run elsewhere and come back here.
 */

#ifndef CX_WORKER_ENGINE_H
#define CX_WORKER_ENGINE_H

#include "ai/agent.h"
#include "channel/channel.h"
#include "store/templates.h"
#include "worker/fp.h"
#include "worker/log.h"
#include "worker/may.h"
#include "worker/rates.h"
#include "worker/routing.h"
#include "worker/unsealed.h"
#include "worker/way.h"
#include "worker/worker.h"

#define CX_PARTS_MAX      16       /* texts one reply may be split into */
#define CX_KNOWLEDGE_HITS 5
#define CX_NEAR_OFF       61       /* agents whose embeddings have failed */
#define CX_JOB_ARENA      (8 * 1024 * 1024)
#define CX_BATCH_ARENA    (64 * 1024 * 1024)
#define CX_SCRATCH_ARENA  (32 * 1024 * 1024)
#define CX_COMMAND_MS     5000     /* an answer of Redis */

/* --- partitions ---------------------------------------------------------- */

/*
 *  NONE --acquired--> RECOVER --turns known--> PENDING --PEL empty--> LIVE
 *    ^                                            ^                    |
 *    |                                            +--- Redis is back --+
 *    +--------- lost, or released after LEAVING (its jobs end) --------+
 */
typedef enum {
    CX_PART_NONE,
    CX_PART_RECOVER,
    CX_PART_PENDING,
    CX_PART_LIVE,
    CX_PART_LEAVING
} cx_part_state;

typedef struct {
    cx_worker      *worker;
    unsigned        number;
    cx_part_state   state;
    int64_t         epoch;
    size_t          convs;             /* conversations under way in it */
    size_t          batches;           /* of its entries, not yet back */
    bool            failed;            /* one was, those behind it follow */
    bool            waiting;           /* to be read when they are back */
    uint64_t        pass;              /* of reading what is pending */
    unsigned        lanes_left;        /* lanes whose PEL is not empty yet */
    struct {
        char        key[CX_QUEUE_PREFIX_MAX + 16];
        size_t      len;
        char        pending_id[48];    /* PEL is read beyond this id */
        bool        missed;            /* more came to be pending since */
    }               lane[2];
} cx_partition;

/* --- conversations ------------------------------------------------------- */

/*
 *  REST --turn--> QUIET --deadline--> QUEUED --slot--> RECALL THINK PLAN
 *   |  ^            ^                                          |      |
 *   |  |            +------- newer message: think again -------+------+
 *   |  +---------------------------------------------------------- (parts)
 *   |  |
 *   +--|--a send is due--> DUE --slot--> CLAIM --> WIRE --> SETTLE --> (REST)
 *   |  |     (PLAN --> WIRE when its first part may leave at once)
 *   |  |
 *   +--+--not yet, or unknown--> WAIT: retry at, or evidence until
 *
 * A conversation without a turn or a send is forgotten.
 */
#define CX_STEPS(X)                                                           \
    X(REST,   "rest",   cx_step_rest)                                         \
    X(QUIET,  "quiet",  cx_step_quiet)                                        \
    X(QUEUED, "queued", cx_step_queued)                                       \
    X(RECALL, "recall", cx_step_recall)                                       \
    X(MAY,    "may",    cx_step_may)                                          \
    X(THINK,  "think",  cx_step_think)                                        \
    X(PLAN,   "plan",   cx_step_plan)                                         \
    X(DUE,    "due",    cx_step_due)                                          \
    X(CLAIM,  "claim",  cx_step_claim)                                        \
    X(WIRE,   "wire",   cx_step_wire)                                         \
    X(SETTLE, "settle", cx_step_settle)                                       \
    X(WAIT,   "wait",   cx_step_wait)

typedef enum {
#define X(name, word, enter)  CX_STEP_##name,
    CX_STEPS(X)
#undef X
    CX_STEP_COUNT
} cx_step;

typedef struct {
    int64_t       message_id;
    cx_msg_state  state;               /* READY, AMBIGUOUS, or SENDING */
    int64_t       not_before;
    int64_t       attempts;            /* AMBIGUOUS: those made so far ... */
    int64_t       channel_id;          /* ... on that channel, 0: not known */
} cx_out_wait;

typedef struct cx_conv_s  cx_conv;

/* So many at once; who waits for one stands in line. */
typedef struct {
    size_t     limit;
    size_t     busy;
    size_t     waiting;
    cx_conv   *head;
    cx_conv  **tail;
} cx_slots;

struct cx_conv_s {
    cx_db_job      job;                /* of the step under way */
    cx_worker     *worker;
    int64_t        id;
    unsigned       partition;
    cx_step        step;
    bool           lost;               /* its partition is no longer ours */
    bool           trial;              /* ask.c: no conversation at all */
    cx_slots      *slot;               /* the one it has, or NULL */
    cx_slots      *line;               /* where it waits for one, or NULL */
    bool           in_store;           /* job is with the store */
    uv_timer_t     timer;

    /* The open turn; turn_id 0: none. */
    int64_t        turn_id;
    int64_t        inputs;
    int64_t        deadline;
    int64_t        attempts;

    /* Sends in order; the first is the one CLAIM takes. */
    cx_out_wait   *outs;
    size_t         nouts;
    size_t         outs_room;

    /* The job, from RECALL on. */
    cx_arena      *arena;
    cx_recall      recall;
    cx_ai_prompt   prompt;
    cx_ai_answer   answer;
    cx_plan        plan;
    cx_split       split;
    bool           claimed;            /* PLAN claims its first part */
    bool           person;             /* PLAN: a person speaks here */
    bool           replan;             /* the store failed: the same again */
    int64_t        part_ids[CX_PARTS_MAX];
    int64_t        think_since;
    unsigned       tries;
    struct cx_thought_s  *thought;     /* think.h; NULL: no model was asked */
    struct cx_near_s  *near;           /* near.c: the question's vector */
    void          *call;               /* under way, and how it went */
    const cx_way  *way;
    cx_hit_list    hits;
    size_t         want;               /* of the history, so far */
    int64_t        told_from;          /* what is older is no history; 0: all
                                        * is */
    size_t         untold;             /* of that, and in no summary */
    cx_may         may;                /* MAY: whether a model is asked */
    struct cx_seeing_s  *seeing;       /* seeing.h; NULL: nothing to see */

    /* The send, from CLAIM on. */
    cx_fence       fence;
    cx_outgoing    outgoing;
    cx_settle      settle;
    bool           reviewed;           /* SETTLE gave it back to a person */
    int64_t        claimed_at;
    cx_str         health;             /* SETTLE also sets the channel's */

    cx_conv       *bucket_next;        /* table */
    cx_conv       *line_next;
};

/* --- directory ----------------------------------------------------------- */

typedef struct {
    cx_channel_row     row;
    const cx_channel  *adapter;        /* NULL: unknown type */
    cx_str             token;
    cx_str             sealed;         /* why the token does not open */
    const cx_setting  *settings;
    size_t             nsettings;
    int64_t            probed_at;      /* last try while its health is bad */
    bool               mirrored;       /* its templates are known: */
    const cx_template_row  *templates;
    size_t             ntemplates;
} cx_dir_channel;

/* A model that may be asked, with all that a call needs. */
typedef struct {
    const cx_ai       *provider;       /* NULL: unknown */
    cx_ai_settings     settings;
} cx_dir_model;

typedef struct {
    cx_agent_row       row;
    const cx_ai       *provider;       /* NULL: unknown */
    cx_str             api_key;
    cx_agent_config    config;
    cx_dir_model       models[1 + CX_AGENT_FALLBACKS_MAX];
    size_t             nmodels;        /* its own, then who stands in */
} cx_dir_agent;

typedef struct {
    cx_arena        *arena;
    cx_dir_channel  *channels;
    size_t           nchannels;
    cx_dir_channel **accounts;         /* the same, by account and type */
    size_t           naccounts;
    cx_dir_agent    *agents;
    size_t           nagents;
    cx_routing      *routing;
    cx_unsealed      tokens;           /* of channels */
    cx_unsealed      api_keys;         /* of agents */
    int64_t          version;
} cx_directory;

/* --- the engine ---------------------------------------------------------- */

typedef struct {
    cx_worker  *worker;
    cx_lane     lane;
    cx_redis   *redis;                 /* blocks in XREADGROUP: its own */
    int64_t     client_id;
    char        group[80];             /* of this connection alone */
    unsigned    connects;
    bool        reading;
    bool        kicked;                /* UNBLOCK is under way */
    uint64_t    set;                   /* live_set of the read at hand */
    size_t      batches;               /* with the store */
} cx_reader;

typedef struct cx_media_s  cx_media;
typedef struct cx_look_s  cx_look;
typedef struct cx_mirror_s  cx_mirror;
typedef struct cx_hooks_s  cx_hooks;
typedef struct cx_rotate_s  cx_rotate;
typedef struct cx_gone_s  cx_gone;
typedef struct cx_expiry_s  cx_expiry;
typedef struct cx_knowledge_s  cx_knowledge;
typedef struct cx_embedder_s  cx_embedder;
typedef struct cx_tools_s  cx_tools;

struct cx_worker_s {
    uv_loop_t       *loop;
    const cx_conf   *conf;
    cx_db           *db;
    cx_http         *http;
    cx_arena        *arena;            /* of the worker's own strings */
    cx_arena        *scratch;          /* reset by whoever uses it next */
    cx_redis        *redis;            /* commands */
    cx_id_maker      ids;
    cx_secrets      *secrets;          /* used by the store's threads, too */
    char             owner[64];
    int              owner_lock;       /* flock that dies with us; or -1 */

    cx_partition     part[CX_PARTITIONS];
    cx_reader        reader[2];
    uint64_t         live_set;         /* changes with the set of streams */
    uv_timer_t       beat;             /* leases, sweep, configuration */
    bool             beating;          /* its job is with the store */

    cx_directory     dir;
    bool             dir_loading;
    bool             dir_stale;
    struct cx_take_batch_s  *unrouted; /* wait for the directory */

    cx_conv        **buckets;
    size_t           nbuckets;
    size_t           nconvs;
    cx_slots         thinking;         /* RECALL..PLAN */
    cx_slots         sending;          /* CLAIM..SETTLE */
    cx_rates         rates;            /* what was sent of late */
    struct cx_breakers_s  *breakers;   /* of models: breaker.h */
    struct cx_metrics_s  *metrics;     /* metrics.h */
    struct cx_login_slot_s  *logins;

    cx_media        *media;            /* NULL: attachments stay away */
    cx_look         *looks;            /* reconcile.c: one a channel */
    cx_mirror       *mirrors;          /* templates.c: the same */
    cx_hooks        *hooks;            /* hooks.c */
    cx_tools        *tools;            /* tools.c; NULL: none can be called */
    struct cx_asking_s *asks;          /* ask.c */
    bool             expiring;         /* reviews.c: a job is with the store */
    cx_rotate       *rotate;           /* NULL: not since the start */
    cx_gone         *gone;             /* likewise */
    cx_expiry       *expiry;
    size_t           reading;          /* seeing.c: files, in the pool */
    cx_knowledge    *knowledge;        /* NULL: not since the start */
    size_t           indexing;         /* knowledge files on their way */
    struct cx_vectors_s  *vectors;     /* the store's reader's; or NULL */
    cx_embedder     *embedder;         /* NULL: not since the start */
    struct {
        int64_t      agent_id;
        int64_t      until;            /* its questions get no vectors */
    }                near_off[CX_NEAR_OFF];
    struct cx_summaries_s  *summaries;     /* summary.c; NULL: none so far */
    struct cx_transcribe_s *transcribe;    /* likewise */
    int64_t          rewritten_ms;     /* forget.c: Redis' file, last time */
    bool             rewrite_asked;
    bool             settling;         /* may.c: its job is with the store */
    int64_t          settle_at;        /* when it looks next */
    bool             idling;           /* idle.c: its job is with the store */
    int64_t          idle_at;          /* when it looks next, and where */
    unsigned         idle_from;
    cx_worker_stats  stats;
    bool             draining;
    bool             goodbye;          /* said to the store */
    bool             started;
    uv_timer_t       drain_timer;
    void           (*drained)(void *ctx);
    void            *drained_ctx;
    size_t           handles;          /* open uv handles of ours */
};

/* partition.c */
void cx_partition_set(cx_partition *p, cx_part_state state);
bool cx_partition_ours(const cx_worker *w, unsigned p);
cx_fence cx_partition_fence(const cx_worker *w, unsigned p);
void cx_partitions_init(cx_worker *w);
void cx_partitions_beat(cx_worker *w);
void cx_partition_lost(cx_worker *w, unsigned p);
/* A conversation of it ended: a leaving partition may be free now. */
void cx_partition_conv_ended(cx_worker *w, unsigned p);
/* A batch of its entries came back from the store. */
void cx_partition_batch_done(cx_worker *w, unsigned p);
void cx_partitions_leave(cx_worker *w, size_t keep);
/* All is given back: the others need not count us any more. */
void cx_partitions_goodbye(cx_worker *w);
size_t cx_partitions_owned(const cx_worker *w);

/* owner.c */
void cx_owner_lock(cx_worker *w);
void cx_owner_unlock(cx_worker *w);
bool cx_owner_dead(cx_worker *w, cx_str owner);

/* sweep.c */
/* What recover and sweep found. */
void cx_convs_adopt(cx_worker *w, unsigned partition,
    const cx_recovered *found);
void cx_sweep_start(cx_worker *w);

/* reader.c */
void cx_readers_init(cx_worker *w);
void cx_readers_free(cx_worker *w);
/* The set of partitions changed: a blocked read has an old list. */
void cx_readers_kick(cx_worker *w);
/* There may be room for more work. */
void cx_readers_room(cx_worker *w);
void cx_reader_batch_done(cx_worker *w, cx_lane lane);
bool cx_reply_is_error(const redisReply *reply, const char *prefix);

/* group.c */
cx_str cx_lane_key(const cx_partition *p, cx_lane lane);
/* A group of ours, what is pending in it, then LIVE. */
void cx_partition_read(cx_worker *w, unsigned p);
/* The same at the next beat: something failed, and gets time to recover. */
void cx_partition_reread(cx_worker *w, unsigned p);
/* All of them: a connection broke (replies may be lost between Redis and us:
 * those are pending), or a group is gone. */
void cx_partitions_read(cx_worker *w);

/* redis_check.c */
void cx_redis_check(cx_worker *w);

/* take.c */
void cx_take_entries(cx_worker *w, unsigned p, cx_lane lane,
    const redisReply *entries);
/* The directory was read: batches that waited for it go on. */
void cx_take_resume(cx_worker *w);

/* media.c */
void cx_media_init(cx_worker *w);
/* Something may be due. */
void cx_media_kick(cx_worker *w);
/* Drops what is being fetched; it stays due. */
void cx_media_stop(cx_worker *w);
void cx_media_free(cx_worker *w);
/* Where they are kept; NULL: nowhere. */
const struct cx_keep_s *cx_media_keep(const cx_worker *w);

/* knowledge.c */
void cx_knowledge_free(cx_worker *w);

/* forget.c */
void cx_forget_beat(cx_worker *w);

/* slots.c */
void cx_slots_init(cx_slots *s, size_t limit);
bool cx_slot_take(cx_conv *c, cx_slots *s);
/* From the one it has to one of s; false: there is none now. */
bool cx_slot_change(cx_conv *c, cx_slots *s);
void cx_slot_leave(cx_conv *c);
void cx_slot_free(cx_conv *c);

/* directory.c */
void cx_directory_load(cx_worker *w);
void cx_directory_free(cx_directory *d);
cx_dir_channel *cx_directory_account(const cx_worker *w, cx_str type,
    cx_str account);
cx_dir_channel *cx_directory_channel(const cx_worker *w, int64_t id);
bool cx_directory_healthy(const cx_dir_channel *ch);
/* Our side, as its adapter wants to see it; views of the directory. */
cx_sender cx_directory_sender(const cx_dir_channel *ch);
const cx_dir_agent *cx_directory_agent(const cx_worker *w, int64_t id);
/* A secret that the agent's config names: of a file, or a sealed one.  Empty:
 * there is none.  A copy in a, which the caller wipes. */
cx_str cx_directory_secret(const cx_worker *w, const cx_dir_agent *agent,
    cx_str file, cx_str credential, cx_arena *a);

/* conversation.c */
cx_conv *cx_conv_find(cx_worker *w, int64_t id);
/* Found or made; NULL: no memory. */
cx_conv *cx_conv_get(cx_worker *w, int64_t id, unsigned partition);
void cx_conv_go(cx_conv *c, cx_step step);
/* It waits, and goes on when something comes for it. */
bool cx_step_is_passive(cx_step step);
void cx_conv_turn(cx_conv *c, int64_t turn_id, int64_t inputs,
    int64_t deadline);
bool cx_conv_out(cx_conv *c, int64_t message_id, cx_msg_state state,
    int64_t not_before);
/* What else is known of one that another owner left. */
void cx_conv_out_found(cx_conv *c, const cx_open_out *found);
void cx_conv_out_done(cx_conv *c, int64_t message_id);
/* It has something new to send. */
void cx_conv_wake(cx_conv *c);
/* A person has answered: its turn is closed in the store. */
void cx_conv_hush(cx_conv *c);
/* It is erased: nothing more is begun, what is under way finds nothing. */
void cx_conv_forget(cx_conv *c);
void cx_conv_timer(cx_conv *c, int64_t at_ms);
void cx_conv_call_cancel(cx_conv *c);
/* Hands the conversation's job to the store; false when it is lost. */
void cx_conv_write(cx_conv *c,
    cx_err (*run)(cx_store *, cx_db_job *),
    void (*done)(cx_db_job *, cx_err));
void cx_conv_read(cx_conv *c,
    cx_err (*run)(cx_store *, cx_db_job *),
    void (*done)(cx_db_job *, cx_err));
/* Its customer has waited long enough: what comes now is the next turn's. */
bool cx_turn_is_capped(const cx_conv *c);
/* First thing in done: false when the partition was lost meanwhile (the
 * conversation is gone then), true when the step may go on. */
bool cx_conv_back(cx_conv *c);
/* The partition is leaving (what is under way ends first) or lost. */
void cx_convs_lost(cx_worker *w, unsigned partition);
/* Wakes those that wait (configuration changed, a person decided). */
void cx_convs_kick(cx_worker *w);
bool cx_convs_init(cx_worker *w);
void cx_convs_free(cx_worker *w);

/* job.c */
/* Its hits are known. */
void cx_recall_go_on(cx_conv *c);
/* The turn is safe in the store: try again in a while. */
void cx_turn_later(cx_conv *c, const char *what, cx_err err);

/* think_call.c, think_paid.c */
/* What is under way for it is not wanted any more; it is paid for. */
void cx_think_cancel(cx_conv *c);
/* What was paid is on record; or nobody will ask any more. */
void cx_think_settled(cx_conv *c);
/* PLAN: what was paid for the turn. */
void cx_think_paid(const cx_conv *c, cx_plan *plan);
/* There will be no plan here: it is on record without one. */
void cx_think_gone(cx_conv *c);
/* It is not said: a page that has pieces of it forgets them. */
void cx_think_unsaid(cx_conv *c);

/* prompt.c */
/* In the job's arena; the directory may be another one when the model has
 * answered. */
void cx_prompt_fill(cx_conv *c, const cx_dir_agent *agent);
/* What is the same whoever asks: instructions, facts, tools. */
void cx_prompt_agent(cx_ai_prompt *p, const cx_dir_agent *agent, cx_arena *a);
/* So many messages of context. */
size_t cx_prompt_history(const cx_worker *w, const cx_agent_config *config);

/* steps */
#define X(name, word, enter)  void enter(cx_conv *c);
CX_STEPS(X)
#undef X

/* ask.c */
/* For one that is a trial, instead of the step. */
void cx_ask_step(cx_conv *c, cx_step step);
/* Whether somebody waits for pieces; one of them, as tokens.c has it. */
bool cx_ask_wants(const cx_conv *c);
void cx_ask_push(cx_conv *c, cx_str text);

/* engine.c */
void cx_worker_check_drained(cx_worker *w);

#endif /* CX_WORKER_ENGINE_H */
