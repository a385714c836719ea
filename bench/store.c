/*
 * What the record costs: full message cycles (take, recall, plan, claim,
 * settle) a second on one core, with each operation in a commit of its own
 * and with 64 of a kind in one.
 *
 *     store [-n messages] [-c conversations] [-d folder] [-s synchronous]
 *           [-g 1|64] [-u URL]
 *
 * The folder decides the disk; the file is removed again.  With a URL it is
 * that database, which has to be empty and stays as it is then; its own CPU
 * time is not counted.
 */

#include "core/id.h"
#include "store/store.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define BATCH    64
#define CHANNEL  7
#define AGENT    8
#define HISTORY  20

enum { TAKE, RECALL, PLAN, CLAIM, SETTLE, STEPS };

typedef struct {
    int64_t   number;
    int64_t   conversation;
    cx_taken  taken;
    int64_t   out_id;
    unsigned  partition;
} cycle;

typedef struct {
    cx_store     *s;
    cx_arena     *a;
    cx_id_maker   ids;
    int64_t       epochs[CX_PARTITIONS];
    int64_t       conversations;
    int64_t       next;
    double        spent[STEPS];       /* seconds, commits included */
    double        cpu;
} bench;


static void
must(cx_err err, bench *b, const char *what)
{
    if (err != CX_OK) {
        fprintf(stderr, "store bench: %s: %s (%s)\n", what, cx_err_word(err),
                b->s != NULL ? cx_store_error(b->s) : "");
        exit(1);
    }
}


static double
seconds(clockid_t clock)
{
    struct timespec  t;

    clock_gettime(clock, &t);
    return (double) t.tv_sec + (double) t.tv_nsec / 1e9;
}


static int64_t
now_ms(void)
{
    return (int64_t) (seconds(CLOCK_REALTIME) * 1000);
}


static void
take(bench *b, cycle *c)
{
    char     peer[32], id[80], event[40];
    cx_msg   m = { .kind = CX_STR("message"), .content = CX_STR("text") };
    cx_take  in;

    /* As long and as unordered as WhatsApp's. */
    const uint64_t  mixed = (uint64_t) c->number * UINT64_C(0x9e3779b97f4a7c15);

    snprintf(peer, sizeof(peer), "US.%014" PRId64, c->conversation);
    snprintf(id, sizeof(id), "wamid.HBgLMTU1NTEyMzQ1NjcVAgASGBQz%016" PRIX64
             "%010" PRId64 "AA==", mixed, c->number);
    snprintf(event, sizeof(event), "ev_01J%023" PRId64, c->number);

    m.id = cx_strz(id);
    m.event = cx_strz(event);
    m.peer = cx_strz(peer);
    m.name = CX_STR("Ada Lovelace");
    m.text = CX_STR("Hello, where is my parcel? I ordered it last week and"
                    " the tracking page still says that it waits.");
    m.ts_ms = m.recv_ms = now_ms();

    in = (cx_take) {
        .fence = { c->partition, b->epochs[c->partition] },
        .msg = &m,
        .channel_id = CHANNEL,
        .agent_id = AGENT,
        .now_ms = m.ts_ms,
    };

    for (int i = 0; i < 4; i++) {
        in.new_id[i] = cx_id_next(&b->ids, m.ts_ms);
    }

    must(cx_store_take(b->s, &in, &c->taken), b, "take");
}


static void
recall(bench *b, cycle *c)
{
    cx_recall  r;

    cx_arena_reset(b->a);
    must(cx_store_recall(b->s, c->taken.turn_id, HISTORY, b->a, &r), b, "recall");
}


static void
plan(bench *b, cycle *c)
{
    const cx_str   text = CX_STR("Parcels take three to five working days."
                                 " Yours was handed over on Tuesday, it should"
                                 " be with you by Friday evening.");
    const int64_t  now = now_ms();
    const cx_plan  in = {
        .fence = { c->partition, b->epochs[c->partition] },
        .turn_id = c->taken.turn_id,
        .inputs = c->taken.inputs,
        .state = CX_TURN_REPLIED,
        .confidence = 0.97,
        .model = CX_STR("knowledge"),
        .sources = CX_STR("[123]"),
        .parts = &text,
        .part_ids = &c->out_id,
        .nparts = 1,
        .now_ms = now,
    };

    c->out_id = cx_id_next(&b->ids, now);
    must(cx_store_plan(b->s, &in), b, "plan");
}


static void
claim(bench *b, cycle *c)
{
    const cx_claim  in = {
        { c->partition, b->epochs[c->partition] }, c->out_id, now_ms(),
    };
    cx_outgoing     o;

    cx_arena_reset(b->a);
    must(cx_store_claim(b->s, &in, b->a, &o), b, "claim");
}


static void
settle(bench *b, cycle *c)
{
    char             id[80];
    const uint64_t   mixed = (uint64_t) c->number
                             * UINT64_C(0xd1342543de82ef95);
    const cx_settle  in = {
        .fence = { c->partition, b->epochs[c->partition] },
        .message_id = c->out_id,
        .state = CX_MSGSTATE_ACCEPTED,
        .provider_id = { (size_t) snprintf(id, sizeof(id),
                             "wamid.HBgLMTU1NTEyMzQ1NjcVAgARGBI%016" PRIX64
                             "%010" PRId64 "AA==", mixed, c->number), id },
        .now_ms = now_ms(),
    };

    must(cx_store_settle(b->s, &in), b, "settle");
}


static void (*const steps[STEPS])(bench *b, cycle *c) = {
    take, recall, plan, claim, settle,
};


/* One step of all cycles of a batch, in one transaction; a recall only reads
 * and needs none. */
static void
run_step(bench *b, int step, cycle *cycles, size_t n)
{
    const double  from = seconds(CLOCK_MONOTONIC);

    if (step != RECALL) {
        must(cx_store_begin(b->s), b, "begin");
    }

    for (size_t i = 0; i < n; i++) {
        steps[step](b, &cycles[i]);
    }

    if (step != RECALL) {
        must(cx_store_commit(b->s), b, "commit");
    }

    b->spent[step] += seconds(CLOCK_MONOTONIC) - from;
}


static void
run(bench *b, int64_t messages, size_t batch)
{
    const double  cpu = seconds(CLOCK_PROCESS_CPUTIME_ID);
    cycle         cycles[BATCH];

    memset(b->spent, 0, sizeof(b->spent));

    for (int64_t done = 0; done < messages; done += (int64_t) batch) {

        for (size_t i = 0; i < batch; i++) {
            memset(&cycles[i], 0, sizeof(cycles[i]));
            cycles[i].number = b->next++;
            cycles[i].conversation = (int64_t)
                ((uint64_t) cycles[i].number * UINT64_C(2654435761)
                 % (uint64_t) b->conversations);
            cycles[i].partition = (unsigned) cycles[i].conversation
                                  % CX_PARTITIONS;
        }

        for (int step = 0; step < STEPS; step++) {
            run_step(b, step, cycles, batch);
        }
    }

    b->cpu = seconds(CLOCK_PROCESS_CPUTIME_ID) - cpu;
}


static void
print(const bench *b, int64_t messages, size_t batch)
{
    double  total = 0;

    printf("| %5zu |", batch);

    for (int i = 0; i < STEPS; i++) {
        total += b->spent[i];
        printf(" %8.0f |", (double) messages / b->spent[i]);
    }

    printf(" %8.0f | %6.1f |\n", (double) messages / total,
           b->cpu / (double) messages * 1e6);
}


static void
prepare(bench *b, const char *url)
{
    const cx_agent_row    agent = {
        .id = AGENT, .name = CX_STR("a"), .provider = CX_STR("knowledge"),
        .threshold = 0.95, .active = true,
    };
    const cx_channel_row  channel = {
        .id = CHANNEL, .name = CX_STR("wa"), .type = CX_STR("whatsapp"),
        .account = CX_STR("1"), .agent_id = AGENT, .active = true,
    };
    char                  error[256];
    cx_err                err;

    err = cx_store_open(url, true, &b->s, error, sizeof(error));

    if (err != CX_OK) {
        fprintf(stderr, "store bench: %s\n", error);
        exit(1);
    }

    must(cx_store_begin(b->s), b, "begin");
    must(cx_store_agent_put(b->s, &agent, true), b, "agent");
    must(cx_store_channel_put(b->s, &channel, true), b, "channel");

    for (unsigned p = 0; p < CX_PARTITIONS; p++) {
        must(cx_store_lease_acquire(b->s, p, CX_STR("bench"), false, now_ms(),
                                    600000, &b->epochs[p]), b, "lease");
    }

    must(cx_store_commit(b->s), b, "commit");
}


static void
forget(const char *path)
{
    static const char *const ends[] = { "", "-wal", "-shm" };
    char                     name[512];

    for (size_t i = 0; i < 3; i++) {
        snprintf(name, sizeof(name), "%s%s", path, ends[i]);
        (void) unlink(name);
    }
}


int
main(int argc, char **argv)
{
    int64_t      messages = 64 * 1000;
    bench        b = { .conversations = 5000, .ids = { .maker = 1 } };
    int64_t      only = 0;
    const char  *folder = ".", *synchronous = "full", *database = NULL;
    char         path[256], url[512];
    int          c;

    while ((c = getopt(argc, argv, "n:c:d:s:g:u:")) != -1) {
        switch (c) {
        case 'n':
            messages = strtoll(optarg, NULL, 10) / BATCH * BATCH;
            break;
        case 'c':
            b.conversations = strtoll(optarg, NULL, 10);
            break;
        case 'd':
            folder = optarg;
            break;
        case 'g':
            only = strtoll(optarg, NULL, 10);
            break;
        case 's':
            synchronous = optarg;
            break;
        case 'u':
            database = optarg;
            break;
        default:
            return 2;
        }
    }

    if (messages <= 0 || b.conversations <= 0) {
        return 2;
    }

    snprintf(path, sizeof(path), "%s/store-bench.%d.db", folder,
             (int) getpid());

    if (database != NULL) {
        snprintf(url, sizeof(url), "%s", database);

    } else {
        snprintf(url, sizeof(url), "sqlite:%s?synchronous=%s", path,
                 synchronous);
    }

    b.a = cx_arena_new((size_t) 16 << 20);
    prepare(&b, url);

    printf("%s, synchronous=%s, %" PRId64 " conversations, history %d;"
           " operations a second\n\n", cx_store_kind(b.s),
           database == NULL ? synchronous : "as it is", b.conversations,
           HISTORY);
    printf("| group |     take |   recall |     plan |    claim |   settle |"
           "   cycles | cpu us |\n");
    printf("|------:|---------:|---------:|---------:|---------:|---------:|"
           "---------:|-------:|\n");

    run(&b, messages / 10, BATCH);            /* warm: customers exist */

    if (only != BATCH) {
        run(&b, messages / 10, 1);
        print(&b, messages / 10, 1);
    }

    if (only != 1) {
        run(&b, messages, BATCH);
        print(&b, messages, BATCH);
    }

    cx_store_close(b.s);
    cx_arena_free(b.a);
    forget(path);

    return 0;
}
