#include "double.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/*
 * The judge of the tests: a line here means that the provider took the
 * message.  Lines that come in one turn of the loop share one fsync, and
 * nobody is answered before it.
 */

typedef struct {
    td_fn   fn;
    void   *ctx;
} waiter;

typedef struct {
    waiter  *items;
    size_t   n;
    size_t   room;
} waiters;

static int         fd = -1;
static td_entry  **entries;
static size_t      n, room;
static size_t      first;          /* older ones belong to before a reset */
static waiters     waiting, syncing;
static td_buf      lines;
static bool        busy;           /* a sync is under way */
static uv_check_t  check;
static uv_idle_t   idle;
static uv_fs_t     fsync_req;


static void
wait_for(waiters *w, td_fn fn, void *ctx)
{
    if (w->n == w->room) {
        w->room = w->room > 0 ? 2 * w->room : 64;
        w->items = realloc(w->items, w->room * sizeof(*w->items));
        if (w->items == NULL) {
            abort();
        }
    }

    w->items[w->n++] = (waiter) { fn, ctx };
}


/* The loop may sleep before flush() runs when nothing else is due. */
static void
awake(uv_idle_t *h)
{
    (void) h;
}


static void
call_all(void)
{
    size_t i;

    for (i = 0; i < syncing.n; i++) {
        syncing.items[i].fn(syncing.items[i].ctx);
    }

    syncing.n = 0;
    busy = false;
    if (waiting.n > 0) {
        uv_idle_start(&idle, awake);
    }
}


static void
write_lines(void)
{
    size_t   done = 0;
    ssize_t  w;

    while (done < lines.len) {
        w = write(fd, lines.p + done, lines.len - done);
        if (w < 0 && errno != EINTR) {
            perror("double: ledger");
            exit(1);
        }

        done += w > 0 ? (size_t) w : 0;
    }

    lines.len = 0;
}


static void
synced(uv_fs_t *req)
{
    if (req->result < 0) {
        fputs("double: the ledger cannot be synced\n", stderr);
        exit(1);
    }

    uv_fs_req_cleanup(req);
    call_all();
}


/* After the reads of a loop turn: one write, one fsync for all of them. */
static void
flush(uv_check_t *h)
{
    waiters swap = syncing;

    (void) h;
    uv_idle_stop(&idle);
    if (busy || waiting.n == 0) {
        return;
    }

    busy = true;
    syncing = waiting;
    waiting = swap;

    if (fd < 0) {
        call_all();
        return;
    }

    write_lines();
    if (uv_fs_fdatasync(td.loop, &fsync_req, fd, synced) != 0) {
        exit(1);
    }
}


static const char *
string(const json_t *o, const char *key)
{
    const char *s = json_string_value(json_object_get(o, key));

    return s != NULL ? s : "";
}


static td_entry *
keep(json_t *j)
{
    td_buf     b = { 0 };
    td_entry  *e = td_alloc(sizeof(*e));

    if (n == room) {
        room = room > 0 ? 2 * room : 1024;
        entries = realloc(entries, room * sizeof(*entries));
        if (entries == NULL) {
            abort();
        }
    }

    td_buf_json(&b, j);
    e->line = b.p;
    e->wamid = td_dup(string(j, "wamid"), strlen(string(j, "wamid")));
    e->account = td_dup(string(j, "account"), strlen(string(j, "account")));
    e->to = td_dup(string(j, "to"), strlen(string(j, "to")));
    e->intent = td_dup(string(j, "intent"), strlen(string(j, "intent")));
    entries[n++] = e;
    return e;
}


static bool
load(const char *path)
{
    char     line[128 * 1024];
    FILE    *f = fopen(path, "r");
    json_t  *j;

    if (f == NULL) {
        return errno == ENOENT;
    }

    while (fgets(line, sizeof(line), f) != NULL) {
        j = json_loads(line, 0, NULL);
        if (j == NULL) {
            fclose(f);
            return false;
        }

        keep(j);
        json_decref(j);
    }

    fclose(f);
    return true;
}


bool
td_ledger_open(const char *path)
{
    uv_check_init(td.loop, &check);
    uv_check_start(&check, flush);
    uv_unref((uv_handle_t *) &check);
    uv_idle_init(td.loop, &idle);

    if (path == NULL) {
        return true;
    }

    if (!load(path)) {
        fprintf(stderr, "double: \"%s\" is not a ledger\n", path);
        return false;
    }

    fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (fd < 0) {
        fprintf(stderr, "double: cannot open \"%s\"\n", path);
        return false;
    }

    return true;
}


const td_entry *
td_ledger_add(const char *kind, const char *account, const char *to,
    const char *text, const char *intent, const char *reply_to, td_fn fn,
    void *ctx)
{
    char  wamid[80];

    (void) snprintf(wamid, sizeof(wamid), "wamid.HBgL%012llX%08zX",
                    (unsigned long long) td_now_ms(), n + 1);

    return td_ledger_add_id(wamid, kind, account, to, text, intent, reply_to,
                            fn, ctx);
}


const td_entry *
td_ledger_add_id(const char *id, const char *kind, const char *account,
    const char *to, const char *text, const char *intent,
    const char *reply_to, td_fn fn, void *ctx)
{
    json_t    *j;
    td_entry  *e;

    j = json_pack("{s:I, s:I, s:s, s:s, s:s, s:s, s:s, s:s, s:s}",
                  "n", (json_int_t) (n - first + 1),
                  "at_ms", (json_int_t) td_now_ms(), "kind", kind,
                  "account", account, "to", to, "text", text,
                  "intent", intent, "reply_to", reply_to, "wamid", id);
    e = keep(j);
    json_decref(j);

    if (fd >= 0) {
        td_buf_addz(&lines, e->line);
        td_buf_addz(&lines, "\n");
    }

    wait_for(&waiting, fn, ctx);
    uv_idle_start(&idle, awake);
    return e;
}


/* The entries are ours. */
void
td_ledger_object(const td_entry *e, const char *object)
{
    ((td_entry *) (uintptr_t) e)->object = object;
}


size_t
td_ledger_count(void)
{
    return n - first;
}


const td_entry *
td_ledger_at(size_t i)
{
    return entries[first + i];
}


/* Entries stay in memory: a status under way may still speak of them. */
void
td_ledger_reset(void)
{
    first = n;
    if (fd >= 0 && ftruncate(fd, 0) != 0) {
        perror("double: ledger");
    }
}
