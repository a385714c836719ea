/* What the two files of the export share. */

#ifndef CX_WORKER_API_EXPORT_H
#define CX_WORKER_API_EXPORT_H

#include "worker/api_request.h"

#include "store/export.h"
#include "worker/archive.h"

#define CX_EXPORT_PAGE  200

typedef struct {
    cx_archive       archive;
    cx_arena        *arena;             /* of the request, meanwhile */
    cx_arena        *page;
    int64_t          root;
    int64_t          after;             /* id told last */
    size_t           part;              /* of parts */
    cx_told_medias   media;             /* the page whose files are copied */
    size_t           next;              /* of media */
    int              file;              /* under way, or -1 */
} cx_export;

void cx_export_line_begin(cx_api_request *req);
void cx_export_line_end(cx_api_request *req);

/* A page of one file: lines of JSON behind each other.  *more: there is
 * another page. */
cx_err cx_export_reviews(cx_api_request *req, cx_store *s, cx_export *t,
    bool *more);
cx_err cx_export_labels(cx_api_request *req, cx_store *s, cx_export *t,
    bool *more);
cx_err cx_export_summaries(cx_api_request *req, cx_store *s,
    cx_export *t, bool *more);
cx_err cx_export_calls(cx_api_request *req, cx_store *s, cx_export *t,
    bool *more);

#endif /* CX_WORKER_API_EXPORT_H */
