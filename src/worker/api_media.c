/* Customers' attachments: what there is, and their bytes. */

#include "worker/api_request.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#define MEDIA_MAX  200          /* of one message */


static cx_err
check_message(cx_api_request *req)
{
    return cx_api_id(req, "ms");
}


static cx_err
check_media(cx_api_request *req)
{
    return cx_api_id(req, "md");
}


static void
show(cx_api_request *req, const cx_media_row *r)
{
    cx_out_open(req, NULL, '{');
    cx_out_id(req, "id", "md", r->id);
    cx_out_id(req, "message", "ms", r->message_id);
    cx_out_str(req, "state", cx_strz(cx_media_state_word(r->state)));
    cx_out_str(req, "name", r->name);
    cx_out_str(req, "declared_type", r->mime);
    cx_out_str(req, "type", r->type);
    cx_out_int(req, "bytes", r->size);
    cx_out_str(req, "sha256", r->sha256);
    cx_out_str(req, "place", r->place);
    cx_out_str(req, "transcript", r->transcript);
    cx_out_int(req, "attempts", r->attempts);
    cx_out_str(req, "error_text", r->error_text);
    cx_out_time(req, "created_at", r->created_at);
    cx_out_time(req, "updated_at", r->updated_at);
    cx_out_close(req, '}');
}


static cx_err
list_media(cx_api_request *req, cx_store *s)
{
    cx_err          err;
    cx_media_list   list = { 0 };
    cx_message_row  message;

    err = cx_store_message(s, req->id, req->arena, &message);

    if (err == CX_OK) {
        err = cx_store_media_of(s, req->id, req->arena, &list);
    }

    if (err != CX_OK) {
        return err;
    }

    cx_out_list_begin(req);

    for (size_t i = 0; i < list.n && i < MEDIA_MAX; i++) {
        show(req, &list.items[i]);
    }

    cx_out_list_end(req, "md", 0);
    return CX_OK;
}


static cx_err
get_media(cx_api_request *req, cx_store *s)
{
    cx_err        err;
    cx_media_row  row;

    err = cx_store_media(s, req->id, req->arena, &row);

    if (err == CX_OK) {
        cx_out_begin(req, 200);
        show(req, &row);
    }

    return err;
}


/* place is ours, not a customer's: numbers, hex digits and '/'. */
static cx_err
open_file(cx_api_request *req, cx_str place)
{
    char         path[4608];
    const char  *dir = cx_worker_media_dir(req->worker);
    struct stat  st;

    if (dir == NULL || cx_str_starts(place, CX_STR("http"))
        || (size_t) snprintf(path, sizeof(path), "%s/%.*s", dir,
                             CX_ARG(place)) >= sizeof(path))
    {
        return cx_api_refuse(req, CX_NOT_FOUND, "",
                             "it lies in another storage: see \"place\"");
    }

    req->fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);

    if (req->fd == -1 || fstat(req->fd, &st) != 0) {
        return cx_api_refuse(req, CX_NOT_FOUND, "", "its file: %s",
                             strerror(errno));
    }

    req->fd_size = (uint64_t) st.st_size;
    return CX_OK;
}


static cx_err
get_content(cx_api_request *req, cx_store *s)
{
    cx_err        err;
    cx_media_row  row;

    err = cx_store_media(s, req->id, req->arena, &row);
    if (err != CX_OK) {
        return err;
    }

    if (row.state != CX_MEDIA_STORED) {
        return cx_api_refuse(req, CX_NOT_FOUND, "", "it is %s",
                             cx_media_state_word(row.state));
    }

    err = open_file(req, row.place);

    if (err == CX_OK) {
        cx_out_begin(req, 200);
        req->mime = cx_dupz(req->arena, row.type);
    }

    return err;
}


const cx_api_route  cx_api_media_routes[] = {
    { "GET", "/api/v1/messages/{}/media", "", CX_API_NO_BODY, CX_API_READ,
      check_message, list_media, NULL, "conversations:read" },
    { "GET", "/api/v1/media/{}", "", CX_API_NO_BODY, CX_API_READ,
      check_media, get_media, NULL, "conversations:read" },
    { "GET", "/api/v1/media/{}/content", "", CX_API_NO_BODY, CX_API_READ,
      check_media, get_content, NULL, "conversations:read" },
    { NULL, NULL, NULL, CX_API_NO_BODY, CX_API_LOOP, NULL, NULL, NULL,
      NULL },
};
