/*
 * What is said to a customer, independent of the channel, and what a channel
 * can do of it.  cx_out_fit turns a message into one or more that its channel
 * accepts, by the rules of docs/CHANNELS.md, so that no adapter ever sees what
 * its provider would refuse.
 */

#ifndef CX_CHANNEL_OUT_H
#define CX_CHANNEL_OUT_H

#include "core/arena.h"
#include "core/err.h"
#include "core/text.h"

/* Also the content word of an outbound message in the record.  READ and
 * TYPING leave no message. */
#define CX_OUT_KINDS(X)                                                       \
    X(TEXT,     "text")                                                       \
    X(TEMPLATE, "template")                                                   \
    X(BUTTONS,  "buttons")                                                    \
    X(LIST,     "list")                                                       \
    X(IMAGE,    "image")                                                      \
    X(VIDEO,    "video")                                                      \
    X(AUDIO,    "audio")                                                      \
    X(DOCUMENT, "document")                                                   \
    X(STICKER,  "sticker")                                                    \
    X(LOCATION, "location")                                                   \
    X(CONTACTS, "contacts")                                                   \
    X(REACTION, "reaction")                                                   \
    X(READ,     "read")                                                       \
    X(TYPING,   "typing")

typedef enum {
#define X(name, word)  CX_OUT_##name,
    CX_OUT_KINDS(X)
#undef X
    CX_OUT_COUNT
} cx_out_kind;

#define CX_OUT_BIT(name)  (UINT32_C(1) << CX_OUT_##name)

#define CX_OUT_CHOICES_MAX  32
#define CX_OUT_ID_MAX       200     /* bytes: the least a provider takes */
#define CX_OUT_PARTS_MAX    16      /* messages one may become */

/* A reply button or the row of a list.  url or phone: a link or a call
 * instead of an answer. */
typedef struct {
    cx_str  id;             /* comes back as payload; empty: the title */
    cx_str  title;
    cx_str  description;    /* of a row */
    cx_str  section;        /* heading above the row, when it changes */
    cx_str  url;
    cx_str  phone;
} cx_out_choice;

typedef struct {
    cx_out_kind           kind;
    cx_str                to;         /* the peer the message came from */
    cx_str                to_alt;
    cx_str                text;       /* body, caption, emoji of a reaction */
    cx_str                reply_to;   /* provider's message id; what "read"
                                       * marks and a reaction is put on */
    cx_str                intent;     /* ours; comes back as evidence */
    bool                  typing;     /* with READ: show typing as well */
    bool                  human;      /* a person wrote it */
    /* Sent outside the provider's window with its human-agent tag: only ever
     * set by the governor, only for text of a person. */
    bool                  human_tag;

    cx_str                header;     /* BUTTONS, LIST */
    cx_str                footer;
    cx_str                button;     /* LIST: label that opens it */
    const cx_out_choice  *choices;
    size_t                nchoices;

    cx_str                media_url;  /* or the provider's id */
    cx_str                media_id;
    cx_str                media_mime;
    cx_str                media_name;
    int64_t               media_size; /* bytes, 0: unknown */

    double                latitude;
    double                longitude;
    cx_str                place;      /* name */
    cx_str                address;

    cx_str                contacts;   /* JSON array, WhatsApp's contact form */

    cx_str                name;       /* TEMPLATE: name or content SID */
    cx_str                language;
    const cx_str         *params;     /* of its body, in order */
    size_t                nparams;
    cx_str                components; /* JSON array, instead of params */

    /* E-mail. */
    cx_str                subject;
    cx_str                references; /* Message-IDs, space separated */
} cx_out;

typedef struct {
    cx_out  *items;
    size_t   n;
    size_t   room;
} cx_outs;

const char *cx_out_word(cx_out_kind kind);
bool cx_out_parse_kind(cx_str word, cx_out_kind *kind);

/* The record keeps kind and text in columns, the rest as one JSON object
 * (empty when there is nothing).  CX_INVALID, with *error for people naming
 * the member; CX_NOMEM.  Views point into json or a. */
cx_err cx_out_decode(cx_str content, cx_str text, cx_str json, cx_arena *a,
    cx_out *out, const char **error);
void cx_out_encode(const cx_out *out, cx_buf *b);

/* --- what a channel can do ----------------------------------------------- */

#define CX_MEDIA_LIMITS  8

typedef struct {
    cx_out_kind  kind;
    int64_t      max_size;          /* bytes */
    const char  *types;             /* "image/jpeg image/png"; NULL: any */
} cx_media_limit;

/* 0 in a limit: none of it, or no limit where that makes no sense. */
typedef struct {
    uint32_t        kinds;          /* CX_OUT_BIT of what it does itself */
    cx_unit         unit;           /* of all lengths below */
    size_t          text_max;
    size_t          caption_max;    /* 0: a caption is a text of its own */
    size_t          body_max;       /* of BUTTONS and LIST */
    size_t          header_max;
    size_t          footer_max;
    size_t          buttons_max;    /* count */
    size_t          title_max;      /* of a button */
    size_t          rows_max;       /* count, of a list */
    size_t          row_title_max;
    size_t          row_text_max;   /* description */
    size_t          label_max;      /* that opens a list */
    bool            links;          /* choices with url */
    bool            calls;          /* choices with phone */
    bool            card_media;     /* buttons may stand below a picture */
    bool            media_ids;      /* files that the provider has by an id */
    bool            reply_to;
    bool            typing;         /* own action, not only with READ */
    cx_media_limit  media[CX_MEDIA_LIMITS];

    /* The provider's rules; times in ms, 0: no such rule. */
    int64_t         window_ms;      /* since the customer's last message */
    int64_t         human_window_ms;    /* for a person's text, with tag */
    bool            templates_outside;  /* a template may open it */
    bool            opt_out;        /* words like STOP bind us here */
    int64_t         pair_gap_ms;    /* between two messages to one peer */
    int64_t         pair_burst;     /* so many at once before that */
    int64_t         rate_per_s;     /* of one account */
} cx_caps;

/*
 * Appends to list what the channel can take instead of out, in order (one
 * that fits is appended as it is).  READ and TYPING that cannot be append
 * nothing.  CX_INVALID with *error: no rule makes it fit (an empty message, a
 * template where there are none).
 */
cx_err cx_out_fit(const cx_caps *caps, const cx_out *out, cx_arena *a,
    cx_outs *list, const char **error);
cx_out *cx_outs_add(cx_outs *list, cx_arena *a);

/* --- the send governor --------------------------------------------------- */

/* Everything the answer depends on; nothing else is asked. */
typedef struct {
    const cx_caps  *caps;
    const cx_out   *out;
    int64_t         now_ms;
    int64_t         last_in_ms;      /* the customer's last message, 0: none */
    bool            opted_out;
    bool            template_known;  /* its state is known ... */
    bool            template_usable; /* ... and approved, not paused */
    int64_t         pair_free_ms;    /* earliest by the pair's rate, 0: now */
    int64_t         rate_free_ms;    /* earliest by the account's rate */
} cx_govern_in;

typedef enum {
    CX_GOVERN_ALLOW,
    CX_GOVERN_ALLOW_TAGGED,          /* set human_tag, then as allow */
    CX_GOVERN_TEMPLATE,              /* only a template may go now */
    CX_GOVERN_WAIT,                  /* not before until_ms */
    CX_GOVERN_REFUSE
} cx_govern_word;

typedef struct {
    cx_govern_word  word;
    int64_t         until_ms;
    const char     *reason;          /* "window_closed", "opted_out", ... */
} cx_governed;

cx_governed cx_govern(const cx_govern_in *in);

/* What a customer's whole message asks for: -1 no more of ours, 1 to hear
 * from us again, 0 neither. */
int cx_optout_word(cx_str text);

/* What was sent of late: one per pair of account and peer, one per account.
 * Zeroed: nothing. */
typedef struct {
    int64_t  due_us;
} cx_rate;

/* From when on one more may be sent, with a gap between two and so many at
 * once before that; gap 0: now. */
int64_t cx_rate_free_ms(const cx_rate *r, int64_t gap_us, int64_t burst);
void cx_rate_take(cx_rate *r, int64_t gap_us, int64_t now_ms);

#endif /* CX_CHANNEL_OUT_H */
