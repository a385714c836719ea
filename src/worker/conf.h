/*
 * The worker's settings: an INI file ([section] key = value, read by libinih)
 * with one table of keys, types, limits and defaults.  An unknown key, a
 * wrong type or a missing file is an error that names file and line; the
 * process then exits with 78 (EX_CONFIG).
 */

#ifndef CX_WORKER_CONF_H
#define CX_WORKER_CONF_H

#include "core/arena.h"
#include "core/err.h"

/*    section    key               type  default                     min   max        what */
#define CX_CONF(X)                                                                             \
    X(store,     url,              STR,  "sqlite:/var/lib/connext/connext.db", 0, 0,           \
      "sqlite:/path of the database, or postgresql://user@host/name")                          \
    X(redis,     address,          STR,  "unix:/run/redis/redis-server.sock", 0, 0,            \
      "unix:/path or host:port")                                                               \
    X(redis,     user,             STR,  "",                         0,    0,                  \
      "ACL user; empty: default")                                                              \
    X(redis,     password_file,    STR,  "",                         0,    0,                  \
      "file with the password")                                                                \
    X(redis,     db,               INT,  "0",                        0,    1000000,            \
      "database number")                                                                       \
    X(redis,     prefix,           STR,  "cx",                       0,    0,                  \
      "prefix of the keys, as in connext_prefix")                                              \
    X(api,       socket,           STR,  "/run/connext/api.sock",    0,    0,                  \
      "unix socket of the management API, for its owner")                                      \
    X(api,       http_socket,      STR,  "",                         0,    0,                  \
      "unix socket of it for a proxy: nothing without a key; empty: none")                     \
    X(log,       level,            STR,  "info",                     0,    0,                  \
      "debug, info, warn, error")                                                              \
    X(log,       format,           STR,  "json",                     0,    0,                  \
      "json or logfmt")                                                                        \
    X(worker,    jobs,             INT,  "1000",                     1,    100000,             \
      "conversations worked on at once")                                                       \
    X(worker,    sends,            INT,  "64",                       1,    10000,              \
      "sends under way at once")                                                               \
    X(worker,    partitions,       INT,  "64",                       1,    64,                 \
      "at most this many partitions are owned by one process")                                 \
    X(worker,    lease_ms,         INT,  "10000",                    500,  600000,             \
      "a partition of a dead worker is free after this")                                       \
    X(worker,    quiet_ms,         INT,  "1500",                     0,    60000,              \
      "a turn waits this long for another message")                                            \
    X(worker,    quiet_cap_ms,     INT,  "8000",                     0,    600000,             \
      "but not longer than this after the first")                                              \
    X(worker,    flood_messages,   INT,  "20",                       0,    100000,             \
      "more messages of one customer at once are a flood; 0: nothing is")                      \
    X(worker,    flood_ms,         INT,  "30000",                    0,    3600000,            \
      "a flood is answered so long after it began, all of it at once")                         \
    X(worker,    history,          INT,  "20",                       0,    1000,               \
      "messages of context")                                                                   \
    X(worker,    reconcile_ms,     INT,  "120000",                   100,  86400000,           \
      "a send of unknown outcome is held for a person after this")                             \
    X(worker,    drain_ms,         INT,  "25000",                    0,    600000,             \
      "SIGTERM: calls under way may take this long")                                           \
    X(worker,    human_quiet_ms,   INT,  "43200000",                 0,    2592000000,         \
      "no AI answer for so long after a person answered in the provider's own app")            \
    X(worker,    typing,           BOOL, "on",                       0,    0,                  \
      "mark as read and show typing while thinking")                                           \
    X(ai,        timeout_ms,       INT,  "30000",                    100,  600000,             \
      "deadline of one model call")                                                            \
    X(ai,        deadline_ms,      INT,  "45000",                    100,  600000,             \
      "deadline of the answer, retries included; then the built-in answerer")                  \
    X(ai,        first_token_ms,   INT,  "15000",                    10,   600000,             \
      "a model that has said nothing after this is not waited for")                            \
    X(ai,        stream,           BOOL, "on",                       0,    0,                  \
      "answers are read as they come; off: whole, and first_token_ms is nothing to them")      \
    X(ai,        retries,          INT,  "2",                        0,    100,                \
      "calls of a model after one that failed, when another model stands behind it")           \
    X(ai,        breaker_failures, INT,  "5",                        1,    1000000,            \
      "failures in a row after which a model is not asked for a while")                        \
    X(ai,        breaker_calls,    INT,  "20",                       1,    1000000,            \
      "also when half of at least so many calls of the last 10 s failed")                      \
    X(ai,        breaker_open_ms,  INT,  "30000",                    10,   3600000,            \
      "then one call tries whether it is back")                                                \
    X(ai,        turns_max,        INT,  "60",                       0,    100000,             \
      "replies to one customer within an hour, then a person is asked; 0: any number")         \
    X(ai,        loops,            BOOL, "on",                       0,    0,                  \
      "machines that answer each other are stopped and given to a person")                     \
    X(tools,     hosts,            STR,  "",                         0,    0,                  \
      "hosts that functions of agents may call, separated by spaces; empty: any public one")   \
    X(tools,     allow_private,    BOOL, "off",                      0,    0,                  \
      "functions that are marked insecure may go to http and private addresses")               \
    X(http,      ca_file,          STR,  "",                         0,    0,                  \
      "PEM file of certificates that servers are trusted by; empty: the system's")             \
    X(send,      timeout_ms,       INT,  "8000",                     100,  600000,             \
      "deadline of one send")                                                                  \
    X(send,      retries,          INT,  "8",                        0,    100,                \
      "attempts of a send before it is a dead letter")                                         \
    X(send,      retry_base_ms,    INT,  "1000",                     1,    3600000,            \
      "first wait; then four times as long, with jitter")                                       \
    X(media,     dir,              STR,  "",                         0,    0,                  \
      "folder of customers' attachments; empty: media beside the database; off: none")         \
    X(media,     max_size,         INT,  "26214400",                 1024, 1073741824,         \
      "bytes of one attachment")                                                               \
    X(media,     jobs,             INT,  "4",                        1,    64,                 \
      "attachments fetched at once")                                                           \
    X(media,     timeout_ms,       INT,  "60000",                    100,  3600000,            \
      "deadline of one attachment")                                                            \
    X(media,     allow_private,    BOOL, "off",                      0,    0,                  \
      "also http and private addresses; for tests")                                            \
    X(media,     s3_url,           STR,  "",                         0,    0,                  \
      "https://host/bucket of an S3-compatible storage; empty: they stay in dir")              \
    X(media,     s3_region,        STR,  "us-east-1",                0,    0,                  \
      "its region")                                                                            \
    X(media,     s3_key_id,        STR,  "",                         0,    0,                  \
      "id of the access key")                                                                  \
    X(media,     s3_secret_file,   STR,  "",                         0,    0,                  \
      "file with the secret of the access key")                                                \
    X(hooks,     retry_ms,         INT,  "5000",                     10,   3600000,            \
      "first wait of a delivery that failed; then 60, 360, 1440, 3600 and 7200 times that")    \
    X(hooks,     allow_private,    BOOL, "off",                      0,    0,                  \
      "also http and private addresses")                                                       \
    X(notify,    smtp_url,         STR,  "",                         0,    0,                  \
      "smtp(s)://host:port of hooks that are mailto:; empty: there are none")                  \
    X(notify,    from,             STR,  "",                         0,    0,                  \
      "the address they come from")                                                            \
    X(secrets,   key_file,         STR,  "",                         0,    0,                  \
      "file with the keys of sealed credentials; empty: there are none")                       \
    X(conversations, close_after,  STR,  "72h",                      0,    0,                  \
      "a conversation is closed when nobody has said anything for so long; off: never")        \
    X(conversations, archive_after, STR, "90d",                      0,    0,                  \
      "a closed one is archived after this; off: never")                                       \
    X(retention, messages,         STR,  "off",                      0,    0,                  \
      "how long messages are kept, as in 400d; off: for ever")                                 \
    X(store,     synchronous,      STR,  "full",                     0,    0,                  \
      "full; off only for tests")

typedef struct {
#define STR   cx_str
#define INT   int64_t
#define BOOL  bool
#define X(section, key, type, def, min, max, what)  type section##_##key;
    CX_CONF(X)
#undef X
#undef STR
#undef INT
#undef BOOL
} cx_conf;

/* file may be NULL: defaults.  Strings live in a. */
cx_err cx_conf_load(const char *file, cx_arena *a, cx_conf *conf,
    char *error, size_t error_size);
/* Prints every key with its value; file names of secrets, not secrets. */
void cx_conf_dump(const cx_conf *conf);

/* A secret from a file: one trailing newline stripped.  CX_IO, CX_INVALID
 * (empty, over 64 KiB, more than one line and no JSON or PEM). */
cx_err cx_secret_load(cx_str path, cx_arena *a, cx_str *secret,
    char *error, size_t error_size);
/* Whether a text could be one: a line, JSON or PEM. */
bool cx_secret_is_plain(cx_str s);
/* A file of keys as it is, several lines; the caller wipes it. */
cx_err cx_key_file_load(cx_str path, cx_arena *a, cx_str *text,
    char *error, size_t error_size);

#endif /* CX_WORKER_CONF_H */
