/*
 * One JSON line an event on stderr: ts level msg, then keys.  Never a
 * message's text, a secret, or a phone number: log ids, lengths, words.
 *
 * cx_log(CX_LOG_INFO, "plan", CX_FID("turn", "tn", id), CX_FI("n", 3));
 */

#ifndef CX_WORKER_LOG_H
#define CX_WORKER_LOG_H

#include "core/str.h"

typedef enum {
    CX_LOG_DEBUG,
    CX_LOG_INFO,
    CX_LOG_WARN,
    CX_LOG_ERROR
} cx_log_level;

typedef struct {
    const char  *key;
    enum { CX_FIELD_STR, CX_FIELD_INT, CX_FIELD_ID } kind;
    cx_str       s;
    int64_t      i;
} cx_field;

#define CX_FS(key, str)  { (key), CX_FIELD_STR, (str), 0 }
#define CX_FZ(key, z)    { (key), CX_FIELD_STR, cx_strz(z), 0 }
#define CX_FI(key, int)  { (key), CX_FIELD_INT, CX_NOSTR, (int) }
/* A record's id as the API shows it; 0 is left empty. */
#define CX_FID(key, prefix, id)  { (key), CX_FIELD_ID, CX_STR_INIT(prefix), \
                                   (id) }

#define cx_log(level, msg, ...)                                              \
    cx_log_write((level), (msg), (cx_field []) { __VA_ARGS__ },              \
                 sizeof((cx_field []) { __VA_ARGS__ }) / sizeof(cx_field))

void cx_log_write(cx_log_level level, const char *msg,
    const cx_field *fields, size_t n);
void cx_log_set(cx_log_level least, bool json);    /* false: logfmt */
bool cx_log_level_parse(cx_str word, cx_log_level *out);

#endif /* CX_WORKER_LOG_H */
