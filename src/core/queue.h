/*
 * The contract between edge and worker: names of Redis keys, the partition of
 * a conversation, the fingerprint of an event, and the Redis Function that
 * dedupes and enqueues atomically.  docs/QUEUE.md is the text of it.
 *
 * Keys ({pNN} is the hash tag of a partition, cx the configurable prefix):
 *   cx:{pNN}:in    stream of messages, an entry an event: v <version> e <json>
 *   cx:{pNN}:st    stream of delivery statuses, same form
 *   cx:{pNN}:dd:<epoch>:<bucket>   set of fingerprints
 *   cx:{q}:quarantine  stream of authentic but unreadable bodies:
 *                      c <channel> r <reason> b <bytes> t <event id>
 */

#ifndef CX_CORE_QUEUE_H
#define CX_CORE_QUEUE_H

#include "core/msg.h"

#define CX_PARTITIONS        64     /* for life: docs/WHY.md */
#define CX_QUEUE_PREFIX_MAX  32
#define CX_QUEUE_CONSUMER    "w"    /* the one of its reader's own group */
#define CX_DEDUPE_BUCKETS    4096
#define CX_DEDUPE_EPOCH_S    (9 * 86400)   /* window: 9 to 18 days */

typedef enum {
    CX_LANE_IN,
    CX_LANE_ST
} cx_lane;

typedef struct {
    uint32_t  bucket;       /* below CX_DEDUPE_BUCKETS */
    int64_t   member;
} cx_fingerprint;

/* Of a conversation: hash of type, account, peer; of an event with a token
 * for one use: of type and token.  Stable for ever. */
unsigned cx_queue_partition(const cx_msg *m);
cx_lane cx_queue_lane(const cx_msg *m);
/* Truncated SHA-256 over channel, account, kind, id (for a status also its
 * state and recipient), or over channel and token; false only on an OpenSSL
 * error. */
bool cx_queue_fingerprint(const cx_msg *m, cx_fingerprint *fp);

/* "cx:{p07}:in" into buf (CX_QUEUE_PREFIX_MAX + 16 bytes), length returned. */
size_t cx_queue_stream(char *buf, cx_str prefix, unsigned partition,
    cx_lane lane);
/* "cx:{p07}:dd" likewise. */
size_t cx_queue_dedupe(char *buf, cx_str prefix, unsigned partition);
/* "cx:{q}:quarantine" likewise. */
size_t cx_queue_quarantine(char *buf, cx_str prefix);

/*
 * FCALL cx_put <n> <stream>*n (<bucket> <member> <json>)*n
 * answers an array with, per event, the entry id (new), "" (duplicate), or
 * an error, which then wrote nothing of that event; a bare error when nothing
 * was written at all.  The same stream may stand several times.  A repeat of
 * the call is harmless.
 *
 * FCALL_RO cx_ver 0 answers CX_QUEUE_LUA_VERSION.  Whoever gets another
 * answer, or "Function not found", sends FUNCTION LOAD REPLACE <text>: it
 * replaces the whole library at once, calls under way are not disturbed.
 * Raise the version with every change of the text.
 */
extern const char cx_queue_lua[];      /* text for FUNCTION LOAD REPLACE */
#define CX_QUEUE_LIBRARY           "connext"
#define CX_QUEUE_FUNCTION          "cx_put"
#define CX_QUEUE_FUNCTION_VERSION  "cx_ver"
#define CX_QUEUE_LUA_VERSION       "2"

#endif /* CX_CORE_QUEUE_H */
