/* What deliveries of Meta's channels share: signature, handshake, and the
 * envelope of Messenger's and Instagram's events. */

#ifndef CX_CTL_SAMPLE_META_H
#define CX_CTL_SAMPLE_META_H

#include "ctl/sample.h"

bool ctl_meta_sign(ctl *c, const ctl_sample *s, const ctl_key *key,
    ctl_post *post);
bool ctl_meta_handshake(ctl *c, cx_str token, cx_str word, ctl_post *post,
    cx_str *answer);

/* What an event holds beside its parties and time; of: another message's id,
 * mid: its own. */
typedef json_t *(*ctl_meta_fn)(const char *text, const char *of,
    const char *mid);

typedef struct {
    const char   *name;         /* --type */
    ctl_meta_fn   build;
    const char   *text;         /* when --text is left out */
    bool          echo;         /* our side speaks */
} ctl_meta_kind;

/* Number i of those both have; NULL behind the last. */
const ctl_meta_kind *ctl_meta_common(size_t i);

/* The body of a message of that kind; k NULL: there is none.  malloc'd. */
char *ctl_meta_message(ctl *c, const ctl_sample *s, const char *object,
    const ctl_meta_kind *k);
/* Of any event: takes own over. */
char *ctl_meta_event(ctl *c, const ctl_sample *s, const char *object,
    json_t *own, bool echo);
/* --from wants digits. */
ctl_exit ctl_meta_check(ctl *c, ctl_sample *s);

#define CTL_META_KIND(fn, ...)                                               \
    static json_t *                                                          \
    fn(const char *text, const char *of, const char *mid)                    \
    {                                                                        \
        (void) text;                                                         \
        (void) of;                                                           \
        (void) mid;                                                          \
        return json_pack(__VA_ARGS__);                                       \
    }

#endif /* CX_CTL_SAMPLE_META_H */
