/*
 * All that is on record of one customer, and of those linked, as one archive.
 * It is made in a file, a page at a time: the store's reader serves others in
 * between.
 */

#include "worker/api_export.h"

#include "store/customers.h"

#include <fcntl.h>
#include <unistd.h>

#define PAGE_ARENA  (64 * 1024 * 1024)
#define FILE_BYTES  (4 * 1024 * 1024)     /* of a file at a time */
#define NAME_ROOM   64

typedef cx_export  telling;

static cx_err tell(cx_api_request *req, cx_store *s);

static const char  readme[] =
    "What is on record of one customer, with all records linked to it.\n"
    "\n"
    "customer.json        names, addresses, links\n"
    "conversations.jsonl  a line each: channel, address, state\n"
    "messages.jsonl       a line each, oldest first\n"
    "reviews.jsonl        drafts that a person has looked at\n"
    "models.jsonl         models that were asked for an answer\n"
    "labels.jsonl         what people said of answers of an agent\n"
    "summaries.jsonl      what was said earlier, as models were told it\n"
    "media.jsonl          attachments; files of them are in media/, unless\n"
    "                     they lie in another storage (\"place\")\n"
    "\n"
    "Times are milliseconds since 1970-01-01 UTC.\n";


/* --- lines --------------------------------------------------------------- */

static cx_err
tell_customer(cx_api_request *req, cx_store *s, telling *t, bool *more)
{
    cx_customer_list  all = { .n = 0 };
    cx_link_list      links = { .n = 0 };
    cx_peer_list      peers = { .n = 0 };
    cx_err            err;

    *more = false;
    err = cx_store_customer_members(s, t->root, t->page, &all);

    if (err == CX_OK) {
        err = cx_store_customer_links(s, t->root, t->page, &links);
    }

    if (err == CX_OK) {
        err = cx_store_customer_peers(s, t->root, t->page, &peers);
    }

    cx_out_open(req, NULL, '{');
    cx_out_id(req, "id", "cu", t->root);
    cx_out_open(req, "records", '[');

    for (size_t i = 0; i < all.n; i++) {
        const cx_customer_row  *r = &all.items[i];

        cx_out_open(req, NULL, '{');
        cx_out_id(req, "id", "cu", r->id);
        cx_out_str(req, "name", r->name);
        cx_out_str(req, "username", r->username);
        cx_out_str(req, "phone", r->phone);
        cx_out_str(req, "email", r->email);
        cx_out_str(req, "locale", r->locale);
        cx_out_str(req, "note", r->note);
        cx_out_time(req, "created_at", r->created_at);
        cx_out_close(req, '}');
    }

    cx_out_close(req, ']');
    cx_out_open(req, "links", '[');

    for (size_t i = 0; i < links.n; i++) {
        cx_out_link(req, &links.items[i]);
    }

    cx_out_close(req, ']');
    cx_out_open(req, "addresses", '[');

    for (size_t i = 0; i < peers.n; i++) {
        cx_out_open(req, NULL, '{');
        cx_out_str(req, "channel", peers.items[i].channel);
        cx_out_str(req, "type", peers.items[i].type);
        cx_out_str(req, "address", peers.items[i].peer);
        cx_out_close(req, '}');
    }

    cx_out_close(req, ']');
    cx_out_close(req, '}');
    cx_export_line_end(req);
    return err;
}


static cx_err
tell_talks(cx_api_request *req, cx_store *s, telling *t, bool *more)
{
    cx_conversation_list  list = { .n = 0 };
    cx_err                err;

    *more = false;
    err = cx_store_customer_talks(s, t->root, t->page, &list);

    for (size_t i = 0; i < list.n; i++) {
        const cx_conversation_row  *r = &list.items[i];

        cx_export_line_begin(req);
        cx_out_open(req, NULL, '{');
        cx_out_id(req, "id", "cv", r->id);
        cx_out_id(req, "customer", "cu", r->customer_id);
        cx_out_str(req, "channel", r->channel);
        cx_out_str(req, "address", r->peer);
        cx_out_str(req, "state", r->state);
        cx_out_time(req, "opted_out_at", r->opted_out_at);
        cx_out_time(req, "created_at", r->created_at);
        cx_out_close(req, '}');
        cx_export_line_end(req);
    }

    return err;
}


static cx_err
tell_messages(cx_api_request *req, cx_store *s, telling *t, bool *more)
{
    cx_message_list  list = { .n = 0 };
    cx_err           err;

    err = cx_store_customer_messages(s, t->root, t->after, CX_EXPORT_PAGE,
                                     t->page, &list);

    for (size_t i = 0; i < list.n; i++) {
        cx_export_line_begin(req);
        cx_out_message(req, &list.items[i]);
        cx_export_line_end(req);
        t->after = list.items[i].id;
    }

    *more = list.n == CX_EXPORT_PAGE;
    return err;
}


static cx_err
tell_media(cx_api_request *req, cx_store *s, telling *t, bool *more)
{
    cx_told_medias  list = { .n = 0 };
    cx_err          err;

    err = cx_store_told_media(s, t->root, t->after, CX_EXPORT_PAGE,
                              t->page, &list);

    for (size_t i = 0; i < list.n; i++) {
        const cx_told_media  *r = &list.items[i];

        cx_export_line_begin(req);
        cx_out_open(req, NULL, '{');
        cx_out_id(req, "id", "md", r->id);
        cx_out_id(req, "message", "ms", r->message_id);
        cx_out_str(req, "name", r->name);
        cx_out_str(req, "type", r->type);
        cx_out_int(req, "bytes", r->size);
        cx_out_str(req, "sha256", r->sha256);
        cx_out_str(req, "place", r->place);
        cx_out_str(req, "transcript", r->transcript);
        cx_out_close(req, '}');
        cx_export_line_end(req);
        t->after = r->id;
    }

    *more = list.n == CX_EXPORT_PAGE;
    return err;
}


static const struct {
    const char  *name;
    cx_err     (*tell)(cx_api_request *req, cx_store *s, telling *t,
        bool *more);
} parts[] = {
    { "customer.json",       tell_customer },
    { "conversations.jsonl", tell_talks },
    { "messages.jsonl",      tell_messages },
    { "reviews.jsonl",       cx_export_reviews },
    { "labels.jsonl",        cx_export_labels },
    { "summaries.jsonl",     cx_export_summaries },
    { "models.jsonl",        cx_export_calls },
    { "media.jsonl",         tell_media },
};

#define PARTS  (sizeof(parts) / sizeof(parts[0]))


/* --- files --------------------------------------------------------------- */

static void
open_file(cx_api_request *req, telling *t, const cx_told_media *m)
{
    char         path[4608];
    const char  *dir = cx_worker_media_dir(req->worker);

    t->file = -1;

    if (dir == NULL || m->place.len == 0
        || cx_str_starts(m->place, CX_STR("http"))
        || (size_t) snprintf(path, sizeof(path), "%s/%.*s", dir,
                             CX_ARG(m->place)) >= sizeof(path))
    {
        return;
    }

    t->file = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);

    if (t->file != -1) {
        cx_archive_begin(&t->archive);
    }
}


/* Under our id: what the sender called it is no name for a file of ours. */
static void
close_file(cx_api_request *req, telling *t)
{
    cx_str  id = cx_id_text(req->arena, "md", t->media.items[t->next].id);
    cx_str  root = cx_id_text(req->arena, "cu", t->root);

    cx_archive_end(&t->archive, cx_printf(req->arena, "%.*s/media/%.*s",
                                          CX_ARG(root), CX_ARG(id)));
    (void) close(t->file);
    t->file = -1;
    t->next++;
}


static cx_err
next_media(cx_store *s, telling *t)
{
    if (t->next < t->media.n) {
        return CX_OK;
    }

    if (t->media.n > 0) {
        t->after = t->media.items[t->media.n - 1].id;
    }

    cx_arena_reset(t->page);
    t->next = 0;
    return cx_store_told_media(s, t->root, t->after, CX_EXPORT_PAGE, t->page,
                               &t->media);
}


static cx_err
copy_files(cx_api_request *req, cx_store *s, telling *t, bool *more)
{
    cx_err  err;

    *more = true;

    if (t->file != -1) {
        if (!cx_archive_copy(&t->archive, t->file, FILE_BYTES)) {
            close_file(req, t);
        }

        return CX_OK;
    }

    err = next_media(s, t);
    *more = t->next < t->media.n;

    if (err == CX_OK && *more) {
        open_file(req, t, &t->media.items[t->next]);
        t->next += t->file == -1;
    }

    return err;
}


/* --- page by page -------------------------------------------------------- */

static void
entry_end(cx_api_request *req, telling *t, const char *name)
{
    cx_archive_end(&t->archive,
                   cx_printf(t->page, "%.*s/%s",
                             CX_ARG(cx_id_text(t->page, "cu", t->root)),
                             name));
    t->after = 0;
    (void) req;
}


static cx_err
tell_part(cx_api_request *req, cx_store *s, telling *t)
{
    bool    more = false;
    cx_err  err;

    cx_arena_reset(t->page);
    req->arena = t->page;
    cx_out_begin(req, 200);
    err = parts[t->part].tell(req, s, t, &more);
    cx_archive_add(&t->archive, cx_buf_str(&req->out));

    if (req->out.failed || cx_arena_failed(t->page)) {
        err = CX_NOMEM;
    }

    if (err == CX_OK && !more) {
        entry_end(req, t, parts[t->part].name);
        t->part++;

        if (t->part < PARTS) {
            cx_archive_begin(&t->archive);
        }
    }

    req->arena = t->arena;
    cx_buf_init(&req->out, req->arena, 0, 1);
    return err;
}


static cx_err
finish(cx_api_request *req, telling *t)
{
    int64_t  size;

    cx_archive_begin(&t->archive);
    cx_archive_add(&t->archive, CX_STR(readme));
    entry_end(req, t, "README.txt");

    if (!cx_archive_finish(&t->archive, &size)) {
        return cx_api_refuse(req, CX_IO, "", "the archive could not be "
                             "written: is the disk of [media] dir full?");
    }

    req->fd = t->archive.fd;
    req->fd_size = (uint64_t) size;
    t->archive.fd = -1;
    cx_out_begin(req, 200);
    req->mime = "application/x-tar";
    return CX_OK;
}


static void
let_go(telling *t)
{
    if (t->archive.fd != -1) {
        (void) close(t->archive.fd);
        t->archive.fd = -1;
    }

    if (t->file != -1) {
        (void) close(t->file);
        t->file = -1;
    }

    cx_arena_free(t->page);
    t->page = NULL;
}


static cx_err
tell_on(cx_api_request *req)
{
    telling  *t = req->state;

    if (t->page != NULL) {
        cx_api_then(req, CX_API_READ, tell, tell_on);
    }

    return CX_OK;
}


static cx_err
tell(cx_api_request *req, cx_store *s)
{
    telling  *t = req->state;
    bool      more = true;
    cx_err    err;

    err = t->part < PARTS ? tell_part(req, s, t)
                          : copy_files(req, s, t, &more);

    if (err == CX_OK && t->archive.failed) {
        err = CX_IO;
    }

    if (err == CX_OK && !more) {
        err = finish(req, t);
    }

    if (err != CX_OK || !more) {
        let_go(t);
    }

    return err;
}


/* --- beginning ----------------------------------------------------------- */

static cx_err
check_export(cx_api_request *req)
{
    telling  *t = CX_NEW(req->arena, telling);

    if (t == NULL) {
        return CX_NOMEM;
    }

    t->archive.fd = t->file = -1;
    t->arena = req->arena;
    req->state = t;

    return cx_api_id(req, "cu");
}


static cx_err
find_root(cx_api_request *req, cx_store *s)
{
    telling          *t = req->state;
    cx_customer_row   row;
    cx_err            err;

    err = cx_store_customer(s, req->id, false, req->arena, &row);

    if (err == CX_OK) {
        t->root = row.root_id;
        err = cx_api_audit(req, s, "customer.export", "cu", t->root);
    }

    return err;
}


static cx_err
begin(cx_api_request *req)
{
    telling     *t = req->state;
    const char  *dir = cx_worker_media_dir(req->worker);

    t->page = cx_arena_new(PAGE_ARENA);

    if (t->page == NULL
        || !cx_archive_open(&t->archive, dir != NULL ? dir : "/tmp",
                            req->now_ms / 1000))
    {
        let_go(t);
        return cx_api_refuse(req, CX_IO, "", "no room for an archive");
    }

    cx_archive_begin(&t->archive);
    return tell_on(req);
}


const cx_api_route  cx_api_export_routes[] = {
    { "GET", "/api/v1/customers/{}/export", "", CX_API_NO_BODY, CX_API_WRITE,
      check_export, find_root, begin, "customers:read" },
    { NULL, NULL, NULL, CX_API_NO_BODY, CX_API_LOOP, NULL, NULL, NULL,
      NULL },
};
