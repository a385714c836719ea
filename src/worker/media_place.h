/* Where attachments go, by the settings of [media]. */

#ifndef CX_WORKER_MEDIA_PLACE_H
#define CX_WORKER_MEDIA_PLACE_H

#include "worker/conf.h"
#include "worker/keep.h"

#define CX_MEDIA_PATH  4096

/* keep refers to the texts beside it. */
typedef struct {
    cx_keep  keep;
    char     dir[CX_MEDIA_PATH];
    char     s3_url[CX_MEDIA_PATH];
    char     s3_region[64];
    char     s3_key_id[256];
    char     s3_secret[512];
} cx_media_place;

/* Makes the folder.  False: error tells what is wrong with the settings. */
bool cx_media_place_set(cx_media_place *m, const cx_conf *conf, cx_arena *a,
    char *error, size_t size);

#endif /* CX_WORKER_MEDIA_PLACE_H */
