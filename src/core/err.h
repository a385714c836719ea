/*
 * The one table of outcomes.  Edge, worker, API and logs all ask it; a new
 * outcome is a new row.
 *
 * http    what the edge answers to the provider
 * word    $connext_reason, metrics label, log word
 * text    for people
 */

#ifndef CX_CORE_ERR_H
#define CX_CORE_ERR_H

/*    name             http  word                 text                                        */
#define CX_OUTCOMES(X)                                                                           \
    X(OK,              200, "-",                 "done")                                         \
    X(NOMEM,           503, "no_memory",         "out of memory or over the byte cap")           \
    X(NO_SIGNATURE,    401, "no_signature",      "the signature header is missing or empty")     \
    X(BAD_SIGNATURE,   401, "bad_signature",     "the signature does not match the body")        \
    X(DUP_SIGNATURE,   401, "dup_signature",     "the signature header is repeated")             \
    X(NO_SECRET,       401, "no_secret",         "the channel has no secret")                    \
    X(EXPIRED,         401, "expired",           "the token or signature is too old")            \
    X(ORIGIN,          403, "origin",            "no page of this origin may ask")               \
    X(BAD_TOKEN,       403, "bad_token",         "the verify token or mode is wrong")            \
    X(BAD_CHALLENGE,   400, "bad_challenge",     "the challenge is missing, repeated or odd")    \
    X(BAD_REQUEST,     400, "bad_request",       "the request is malformed")                     \
    X(EMPTY_BODY,      400, "empty_body",        "a webhook needs a body")                       \
    X(BAD_METHOD,      405, "bad_method",        "only GET and POST are answered here")          \
    X(BAD_ENCODING,    415, "bad_encoding",      "an encoded body is never a webhook")           \
    X(TOO_LARGE,       413, "too_large",         "the body is over the limit")                   \
    X(UNKNOWN_CHANNEL, 404, "unknown_channel",   "no channel of this name")                      \
    X(MALFORMED,       200, "malformed",         "authentic, but not readable: quarantined")     \
    X(REDIS_CONNECT,   503, "redis_connect",     "Redis cannot be reached")                      \
    X(REDIS_TIMEOUT,   503, "redis_timeout",     "Redis did not answer in time")                 \
    X(REDIS_ERROR,     503, "redis_error",       "Redis refused the event")                      \
    X(BUSY,            503, "busy",              "too much is waiting already")                  \
    X(NOT_FOUND,       404, "not_found",         "there is no such thing")                       \
    X(CONFLICT,        409, "conflict",          "it exists already or was changed meanwhile")   \
    X(INVALID,         400, "invalid",           "a value is not allowed")                       \
    X(FENCED,          503, "fenced",            "another worker owns this partition now")       \
    X(STALE,           503, "stale",             "something newer arrived meanwhile")            \
    X(IO,              503, "io",                "the disk or the database failed")              \
    X(VERSION,         503, "version",           "written by a newer version")                   \
    X(TIMEOUT,         503, "timeout",           "no answer in time")                            \
    X(CANCELLED,       503, "cancelled",         "cancelled")                                    \
    X(NO_KEY,          401, "no_key",            "a valid key is needed")                        \
    X(FORBIDDEN,       403, "forbidden",         "the key does not allow that")                  \
    X(INTERNAL,        500, "internal",          "a defect of ours")

typedef enum {
#define X(name, http, word, text)  CX_##name,
    CX_OUTCOMES(X)
#undef X
    CX_ERR_COUNT
} cx_err;

int cx_err_http(cx_err err);
const char *cx_err_word(cx_err err);
const char *cx_err_text(cx_err err);

#endif /* CX_CORE_ERR_H */
