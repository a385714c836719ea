/*
 * What knowledge costs: a file of 10 MB is read, split, and written in pieces
 * as the worker does it; then questions are asked, one after the other over
 * one connection.
 *
 *     knowledge [-m megabytes] [-q questions] [-d folder] [-u URL]
 *
 * Words are made up; how often each is used falls with its rank, as in
 * languages.  A question takes six words of one passage.  With a URL it is
 * that database, which has to be empty.
 */

#include "ai/file.h"
#include "ai/terms.h"
#include "store/store.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define AGENT       8
#define FILE_ID     9
#define WORDS       60000       /* different ones */
#define ASKED       6           /* of a question */
#define PIECE_S     0.010
#define ARENA_MAX   ((size_t) 512 << 20)

typedef struct {
    cx_store         *s;
    cx_arena         *a;
    cx_file           file;
    cx_terms          terms;
    cx_knowledge_row  row;
    size_t            done;
    char              words[WORDS][16];
    uint64_t          seed;
} bench;


static double
clock_of(clockid_t clock)
{
    struct timespec  t;

    clock_gettime(clock, &t);
    return (double) t.tv_sec + (double) t.tv_nsec / 1e9;
}


static double
seconds(void)
{
    return clock_of(CLOCK_MONOTONIC);
}


/* Of this process: what a busy machine does not change. */
static double
cpu(void)
{
    return clock_of(CLOCK_PROCESS_CPUTIME_ID);
}


static void
must(cx_err err, bench *b, const char *what)
{
    if (err != CX_OK) {
        fprintf(stderr, "knowledge bench: %s: %s (%s)\n", what,
                cx_err_word(err), b->s != NULL ? cx_store_error(b->s) : "");
        exit(1);
    }
}


/* --- a language ---------------------------------------------------------- */

static uint64_t
roll(bench *b)
{
    b->seed = b->seed * UINT64_C(6364136223846793005) + 1;
    return b->seed >> 33;
}


static void
make_words(bench *b)
{
    static const char  consonants[] = "bcdfghklmnprstvw", vowels[] = "aeiou";

    for (size_t i = 0; i < WORDS; i++) {
        const size_t  n = 2 + roll(b) % 3;
        char         *p = b->words[i];

        for (size_t k = 0; k < n; k++) {
            *p++ = consonants[roll(b) % 16];
            *p++ = vowels[roll(b) % 5];

            if (roll(b) % 3 == 0) {
                *p++ = consonants[roll(b) % 16];
            }
        }

        *p = '\0';
    }
}


/* The rank of a word, by Zipf's law. */
static const char *
word(bench *b)
{
    const double  u = (double) (roll(b) % 1000000 + 1) / 1000000;

    return b->words[(size_t) (pow((double) WORDS, u) - 1) % WORDS];
}


static cx_str
make_file(bench *b, size_t bytes)
{
    cx_buf  out;

    cx_buf_init(&out, b->a, bytes, bytes + 4096);
    cx_buf_add(&out, CX_STR("question,answer\n"));

    while (out.len + 2048 < bytes) {
        cx_buf_printf(&out, "How do I %s the %s?,\"", word(b), word(b));

        for (size_t i = 0, n = 40 + roll(b) % 60; i < n; i++) {
            cx_buf_printf(&out, "%s%s", word(b), i % 12 == 11 ? ". The "
                                                 : i % 5 == 4 ? " of " : " ");
        }

        cx_buf_add(&out, CX_STR("\"\n"));
    }

    return cx_buf_str(&out);
}


/* --- writing ------------------------------------------------------------- */

/* How many rows it wrote. */
static size_t
write_some(bench *b, size_t i)
{
    const size_t  n = b->file.chunks.n;
    size_t        left = n + b->terms.n - i;
    cx_hit_row    chunk;

    if (i >= n) {
        left = left < CX_TERMS_AT_ONCE ? left : CX_TERMS_AT_ONCE;
        must(cx_store_file_terms(b->s, &b->row, &b->terms.items[i - n], left),
             b, "terms");
        return left;
    }

    chunk = (cx_hit_row) {
        .number = (int64_t) i,
        .position = b->file.chunks.items[i].position,
        .question = b->file.chunks.items[i].question,
        .text = b->file.chunks.items[i].text,
    };
    must(cx_store_file_chunk(b->s, &b->row, &chunk), b, "passage");
    return 1;
}


/* One piece; how long it kept others from writing. */
static double
write_piece(bench *b)
{
    const size_t  all = b->file.chunks.n + b->terms.n;
    const double  from = seconds();

    must(cx_store_begin(b->s), b, "begin");
    must(cx_store_file_step(b->s, FILE_ID, (int64_t) b->done, 0), b, "step");

    while (b->done < all && seconds() < from + PIECE_S) {
        b->done += write_some(b, b->done);
    }

    if (b->done == all) {
        must(cx_store_file_ready(b->s, &b->row), b, "ready");
    }

    must(cx_store_commit(b->s), b, "commit");
    return seconds() - from;
}


static void
index_file(bench *b, cx_str content)
{
    const cx_file_how  how = { .name = CX_STR("bench.csv") };
    cx_arena          *scratch = cx_arena_new(ARENA_MAX);
    const double       from = seconds(), cpu_from = cpu();
    double             longest = 0, read, termed, took;

    must(cx_file_read(&how, content, b->a, &b->file), b, "the file");
    read = seconds();
    must(cx_ai_terms(b->file.chunks.items, b->file.chunks.n, b->a, scratch,
                     &b->terms), b, "terms");
    termed = seconds();
    b->row = (cx_knowledge_row) {
        .id = FILE_ID, .agent_id = AGENT, .name = how.name,
        .bytes = (int64_t) content.len,
        .chunks = (int64_t) b->file.chunks.n,
        .terms = (int64_t) b->terms.n, .created_at = 1,
    };

    must(cx_store_begin(b->s), b, "begin");
    must(cx_store_file_begin(b->s, &b->row, 0), b, "a version");
    must(cx_store_commit(b->s), b, "commit");

    while (b->done < b->file.chunks.n + b->terms.n) {
        took = write_piece(b);
        longest = took > longest ? took : longest;
    }

    printf("%-10s  index %4.1f MB: %.2f s (read %.2f, terms %.2f, write %.2f),"
           " %.2f s of CPU, %zu passages, %zu terms, longest piece %.0f ms\n",
           cx_store_kind(b->s), (double) content.len / (1 << 20),
           seconds() - from, read - from, termed - read, seconds() - termed,
           cpu() - cpu_from, b->file.chunks.n, b->terms.n, 1000 * longest);
    cx_arena_free(scratch);
}


/* --- asking -------------------------------------------------------------- */

static cx_str
make_question(bench *b, cx_arena *a)
{
    cx_str  text = b->file.chunks.items[roll(b) % b->file.chunks.n].text;
    cx_str  words[128], q = CX_STR("how can I"), w;
    size_t  n = 0;

    while (n < 128 && cx_str_split(&text, ' ', &w)) {
        words[n++] = w;
    }

    for (size_t i = 0; i < ASKED; i++) {
        const cx_str  one = words[roll(b) % n];

        q = cx_printf(a, "%.*s %.*s", CX_ARG(q), CX_ARG(one));
    }

    return q;
}


static int
by_time(const void *x, const void *y)
{
    const double  a = *(const double *) x, b = *(const double *) y;

    return a < b ? -1 : a > b;
}


static void
ask_all(bench *b, size_t n)
{
    cx_arena     *a = cx_arena_new(ARENA_MAX);
    double       *times = calloc(n, sizeof(*times)), sum = 0, busy = 0;
    size_t        empty = 0;
    cx_hit_list   list;
    cx_find       find;

    for (size_t i = 0; i < n; i++) {
        double  from, cpu_from;
        cx_str  q;

        cx_arena_reset(a);
        q = make_question(b, a);
        from = seconds();
        cpu_from = cpu();
        cx_ai_find_words(a, q, &find);
        must(cx_store_search(b->s, AGENT, &find, 5, a, &list), b, "search");
        times[i] = seconds() - from;
        sum += times[i];
        busy += cpu() - cpu_from;
        empty += list.n == 0;
    }

    qsort(times, n, sizeof(*times), by_time);
    printf("%-10s  ask %zu: %.0f/s over one connection, p50 %.2f ms, p99"
           " %.2f ms, %.2f ms of CPU, %zu without a hit\n",
           cx_store_kind(b->s), n, (double) n / sum, 1000 * times[n / 2],
           1000 * times[n * 99 / 100], 1000 * busy / (double) n, empty);
    free(times);
    cx_arena_free(a);
}


int
main(int argc, char **argv)
{
    static bench         b = { .seed = 42 };
    const char          *folder = ".", *url = NULL;
    char                 path[512], error[256], side[540];
    long                 megabytes = 10, questions = 5000;
    const cx_agent_row   agent = { .id = AGENT, .name = CX_STR("bench"),
                                   .provider = CX_STR("knowledge"),
                                   .active = true };

    for (int c; (c = getopt(argc, argv, "m:q:d:u:")) != -1; ) {
        switch (c) {
        case 'm': megabytes = strtol(optarg, NULL, 10); break;
        case 'q': questions = strtol(optarg, NULL, 10); break;
        case 'd': folder = optarg; break;
        case 'u': url = optarg; break;
        default: return 2;
        }
    }

    snprintf(path, sizeof(path), "%s/knowledge-bench.db", folder);
    b.a = cx_arena_new(ARENA_MAX);

    if (cx_store_open(url != NULL ? url : path, true, &b.s, error,
                      sizeof(error)) != CX_OK)
    {
        fprintf(stderr, "knowledge bench: %s\n", error);
        return 1;
    }

    must(cx_store_begin(b.s), &b, "begin");
    must(cx_store_agent_put(b.s, &agent, true), &b, "agent");
    must(cx_store_commit(b.s), &b, "commit");
    make_words(&b);
    index_file(&b, make_file(&b, (size_t) megabytes << 20));
    ask_all(&b, (size_t) questions);
    cx_store_close(b.s);
    cx_arena_free(b.a);

    for (size_t i = 0; url == NULL && i < 3; i++) {
        static const char *const  ends[] = { "", "-wal", "-shm" };

        snprintf(side, sizeof(side), "%s%s", path, ends[i]);
        (void) unlink(side);
    }

    return 0;
}
