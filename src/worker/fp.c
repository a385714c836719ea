#include "worker/fp.h"

#ifdef CX_FAILPOINTS

#include "core/str.h"

#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <unistd.h>

#define POINTS_MAX  8
#define FAIL_US     20000

/* Hits of each entry of CONNEXT_FAILPOINT; the writer thread hits some. */
static atomic_llong  fp_hits[POINTS_MAX];


static void
act(cx_str word)
{
    if (cx_str_eq(word, CX_STR("kill"))) {
        (void) kill(getpid(), SIGKILL);

    } else if (cx_str_eq(word, CX_STR("stop"))) {
        (void) kill(getpid(), SIGSTOP);

    } else if (cx_str_eq(word, CX_STR("exit"))) {
        _exit(1);
    }
}


/* entry: name=act[:n] */
static bool
try_entry(cx_str entry, cx_str name, atomic_llong *hits)
{
    cx_str   word;
    int64_t  nth = 1, hit;

    if (!cx_str_split(&entry, '=', &word) || !cx_str_eq(word, name)) {
        return false;
    }

    if (!cx_str_split(&entry, ':', &word)) {
        return false;
    }

    if (entry.p != NULL && (!cx_str_to_i64(entry, &nth) || nth < 1)) {
        return false;
    }

    hit = atomic_fetch_add(hits, 1) + 1;

    if (cx_str_eq(word, CX_STR("fail"))) {
        if (hit % nth == 0) {
            (void) usleep(FAIL_US);     /* as disks do */
        }

        return hit % nth == 0;
    }

    if (hit == nth) {
        act(word);
    }

    return false;
}


bool
cx_failpoint(const char *name)
{
    cx_str  rest = cx_strz(getenv("CONNEXT_FAILPOINT"));
    cx_str  entry;
    bool    fails = false;

    for (size_t i = 0; i < POINTS_MAX && cx_str_split(&rest, ',', &entry);
         i++)
    {
        fails |= try_entry(entry, cx_strz(name), &fp_hits[i]);
    }

    return fails;
}

#else

/* ISO C wants at least one declaration in a translation unit. */
typedef int  cx_fp_nothing;

#endif
