#include "worker/seeing.h"

#include "core/base64.h"
#include "core/sniff.h"
#include "worker/keep.h"

#include <stdlib.h>
#include <string.h>


#define IMAGES_MAX   4
#define IMAGE_BYTES  (4 * 1024 * 1024)
#define ALL_BYTES    (6 * 1024 * 1024)
#define ARENA_BYTES  (9 * 1024 * 1024)      /* of these, in base64 */

#define IMAGE_MS     5000       /* is waited for that long ... */
#define VOICE_MS     20000      /* ... and a transcript that long */
#define LOOK_MS      150        /* between two looks at the record */
#define TRIES_MAX    2          /* a file that was asked for so often in vain
                                 * is not waited for */

typedef struct {
    char   place[CX_KEEP_PLACE];
    char   mime[32];
    cx_str base64;
} picture;

struct cx_seeing_s {
    uv_work_t       work;
    cx_worker      *worker;
    cx_conv        *conv;           /* NULL: nobody waits for it any more */
    const cx_keep  *keep;
    cx_arena       *arena;
    int64_t         turn_id;        /* of which it is, with so many ... */
    int64_t         inputs;
    int64_t         since;
    bool            reading;
    bool            read;
    picture         pictures[IMAGES_MAX];
    size_t          n;
};

/* What every model that sees can read. */
static const cx_str  shown[] = {
    CX_STR_INIT("image/jpeg"), CX_STR_INIT("image/png"),
    CX_STR_INIT("image/gif"), CX_STR_INIT("image/webp"),
};


/* --- life ---------------------------------------------------------------- */

static void
seeing_free(cx_seeing *s)
{
    cx_arena_free(s->arena);
    free(s);
}


void
cx_seeing_end(cx_conv *c)
{
    cx_seeing  *s = c->seeing;

    c->seeing = NULL;
    c->prompt.images = NULL;
    c->prompt.nimages = 0;

    if (s == NULL) {
        return;
    }

    if (s->reading) {
        s->conv = NULL;             /* read_done frees it */

    } else {
        seeing_free(s);
    }
}


static bool
is_of(const cx_seeing *s, const cx_conv *c)
{
    return s != NULL && s->turn_id == c->recall.turn_id
           && s->inputs == c->recall.inputs;
}


/* NULL: no memory. */
static cx_seeing *
seeing_of(cx_conv *c)
{
    cx_seeing  *s;

    if (is_of(c->seeing, c)) {
        return c->seeing;
    }

    cx_seeing_end(c);
    s = calloc(1, sizeof(*s));

    if (s != NULL) {
        s->worker = c->worker;
        s->conv = c;
        s->turn_id = c->recall.turn_id;
        s->inputs = c->recall.inputs;
        s->since = cx_now_ms();
        s->work.data = s;
        c->seeing = s;
    }

    return s;
}


int64_t
cx_seeing_since(const cx_conv *c)
{
    return is_of(c->seeing, c) ? c->seeing->since : cx_now_ms();
}


void
cx_seeing_join(cx_worker *w)
{
    while (w->reading > 0) {
        (void) uv_run(w->loop, UV_RUN_ONCE);
    }
}


/* --- what there is ------------------------------------------------------- */

static bool
is_kind(const cx_media_row *m, cx_str kind)
{
    return m->state == CX_MEDIA_STORED
           ? cx_str_starts(m->type, kind)
           : m->mime.len == 0 || cx_str_starts(m->mime, kind);
}


static bool
is_shown(const cx_media_row *m)
{
    if (m->state != CX_MEDIA_STORED || m->size <= 0 || m->size > IMAGE_BYTES
        || m->place.len == 0 || m->place.len >= CX_KEEP_PLACE)
    {
        return false;
    }

    for (size_t i = 0; i < sizeof(shown) / sizeof(shown[0]); i++) {
        if (cx_str_eq(m->type, shown[i])) {
            return true;
        }
    }

    return false;
}


static bool
is_coming(const cx_media_row *m)
{
    return m->state == CX_MEDIA_WANTED && m->attempts < TRIES_MAX;
}


/* Something of the turn is on its way that may still be in time. */
static bool
must_wait(const cx_conv *c, const cx_seeing *s, const cx_agent_config *config)
{
    const int64_t         ms = cx_now_ms() - s->since;
    const int64_t         most = (config->total_ms > 0
                                  ? config->total_ms
                                  : c->worker->conf->ai_deadline_ms) / 2;
    const bool            see = config->images && ms < IMAGE_MS && ms < most;
    const bool            hear = config->transcribe_url.len > 0
                                 && ms < VOICE_MS && ms < most;
    const cx_media_list  *list = &c->recall.media;

    for (size_t i = 0; i < list->n; i++) {
        const cx_media_row  *m = &list->items[i];

        if ((see && is_coming(m) && is_kind(m, CX_STR("image/")))
            || (hear && (m->heard == CX_HEARD_WANTED
                         || (is_coming(m) && is_kind(m, CX_STR("audio/"))))))
        {
            return true;
        }
    }

    return false;
}


/* --- reading ------------------------------------------------------------- */

static void
read_picture(cx_seeing *s, picture *p)
{
    size_t       len = 0;
    char        *bytes = cx_keep_read(s->keep, cx_strz(p->place), IMAGE_BYTES,
                                      &len);
    const char  *mime = bytes != NULL ? cx_sniff((cx_str) { len, bytes }) : "";

    /* It is what the record says it is, or nobody sees it. */
    if (bytes != NULL && strcmp(mime, p->mime) == 0) {
        p->base64 = cx_base64_encode(s->arena, CX_BASE64_STD,
                                     (cx_str) { len, bytes });
    }

    free(bytes);
}


static void
read_work(uv_work_t *work)
{
    cx_seeing  *s = work->data;

    for (size_t i = 0; i < s->n; i++) {
        read_picture(s, &s->pictures[i]);
    }
}


static void
read_done(uv_work_t *work, int status)
{
    cx_seeing  *s = work->data;
    cx_worker  *w = s->worker;
    cx_conv    *c = s->conv;

    (void) status;
    s->reading = false;
    s->read = true;
    w->handles--;
    w->reading--;

    if (c == NULL) {
        seeing_free(s);
        cx_worker_check_drained(w);
        return;
    }

    if (!cx_conv_back(c)) {
        return;
    }

    /* More has come meanwhile, or a person has spoken: look again. */
    cx_conv_go(c, c->turn_id == s->turn_id && c->inputs == s->inputs
                  ? CX_STEP_THINK : CX_STEP_RECALL);
}


/* The newest, in the order they came. */
static void
choose(cx_seeing *s, const cx_media_list *list)
{
    const cx_media_row  *chosen[IMAGES_MAX];
    int64_t              bytes = 0;
    size_t               n = 0;

    for (size_t i = list->n; i > 0 && n < IMAGES_MAX; i--) {
        const cx_media_row  *m = &list->items[i - 1];

        if (is_shown(m) && bytes + m->size <= ALL_BYTES) {
            bytes += m->size;
            chosen[n++] = m;
        }
    }

    for (s->n = 0; s->n < n; s->n++) {
        const cx_media_row  *m = chosen[n - 1 - s->n];
        picture             *p = &s->pictures[s->n];

        memcpy(p->place, m->place.p, m->place.len);
        memcpy(p->mime, m->type.p, m->type.len);
    }
}


static bool
start_reading(cx_conv *c, cx_seeing *s)
{
    cx_worker  *w = c->worker;

    choose(s, &c->recall.media);
    s->keep = cx_media_keep(w);
    s->read = true;                 /* or never */

    if (s->n == 0 || s->keep == NULL
        || (s->arena = cx_arena_new(ARENA_BYTES)) == NULL
        || uv_queue_work(w->loop, &s->work, read_work, read_done) != 0)
    {
        s->n = 0;
        return false;
    }

    s->reading = true;
    w->handles++;
    w->reading++;
    return true;
}


bool
cx_seeing_wait(cx_conv *c, const cx_dir_agent *agent)
{
    const cx_agent_config  *config = &agent->config;
    cx_seeing              *s;

    if (c->recall.media.n == 0 || c->recall.taken || c->worker->media == NULL
        || (!config->images && config->transcribe_url.len == 0)
        || (s = seeing_of(c)) == NULL)
    {
        return false;
    }

    if (!s->read && must_wait(c, s, config)) {
        cx_conv_timer(c, cx_now_ms() + LOOK_MS);
        return true;
    }

    return config->images && !s->read && start_reading(c, s);
}


/* --- showing ------------------------------------------------------------- */

/* Of a model that does not see, nobody expects it. */
void
cx_seeing_fill(cx_conv *c)
{
    const cx_dir_agent   *agent = cx_directory_agent(c->worker,
                                                     c->recall.agent_id);
    const cx_media_list  *list = &c->recall.media;
    cx_seeing            *s = is_of(c->seeing, c) ? c->seeing : NULL;
    cx_ai_image          *images = CX_NEW_N(c->arena, IMAGES_MAX, cx_ai_image);
    cx_ai_prompt         *p = &c->prompt;
    size_t                all = 0;

    if (images == NULL || agent == NULL || !agent->config.images) {
        return;
    }

    for (size_t i = 0; s != NULL && i < s->n; i++) {
        if (s->pictures[i].base64.len > 0) {
            images[p->nimages++] = (cx_ai_image) {
                .mime = cx_strz(s->pictures[i].mime),
                .base64 = s->pictures[i].base64,
            };
        }
    }

    for (size_t i = 0; i < list->n; i++) {
        all += is_kind(&list->items[i], CX_STR("image/"));
    }

    p->images = images;
    p->unseen = all > p->nimages ? all - p->nimages : 0;
}
