/*
 * An answer under way, piece by piece to the page that waits for it: events
 * of core/push.h that are in no stream.  Who misses one misses nothing: the
 * message replaces them all.
 *
 * What nobody may see is not in them: thoughts, the model's report of itself,
 * tokens that stand for a customer's numbers.  The gate has not judged yet:
 * what it holds back then is taken back here.
 */

#include "worker/think.h"

#include "ai/report.h"
#include "core/json.h"
#include "core/push.h"
#include "core/utf8.h"

#define PIECE_MAX   (64 * 1024)
#define PUSH_MS     2000


/* Redis has it, or the page learns of the answer when it is there. */
static void
on_pushed(void *ctx, const redisReply *reply)
{
    (void) ctx;
    (void) reply;
}


/* "- <event> <JSON>", to whoever the conversation is with. */
static void
push(cx_conv *c, cx_str text)
{
    char                   tag[CX_PUSH_TAG_LEN], channel[CX_PUSH_KEY_MAX];
    cx_worker             *w = c->worker;
    const cx_dir_channel  *ch = cx_directory_channel(w, c->recall.channel_id);
    cx_str                 argv[3];

    if (c->trial) {
        cx_ask_push(c, text);
        return;
    }

    if (ch == NULL || w->redis == NULL || !cx_redis_up(w->redis)
        || !cx_push_tag(ch->row.account, c->recall.peer, tag))
    {
        return;
    }

    argv[0] = CX_STR("PUBLISH");
    argv[1].p = channel;
    argv[1].len = cx_push_channel(channel, w->conf->redis_prefix,
                                  (cx_str) { sizeof(tag), tag });
    argv[2] = text;
    cx_redis_command(w->redis, 3, argv, PUSH_MS, on_pushed, NULL);
}


void
cx_tokens_init(cx_conv *c, const cx_dir_agent *agent)
{
    const cx_dir_channel  *ch = cx_directory_channel(c->worker,
                                                     c->recall.channel_id);

    if (c->trial) {
        c->thought->tokens.wanted = cx_ask_wants(c);
        return;
    }

    c->thought->tokens.wanted =
        agent->config.stream && !agent->config.suggest && !c->recall.taken
        && ch != NULL && ch->adapter != NULL
        && ch->adapter->via == CX_VIA_PUSH;
}


void
cx_tokens_begin(cx_conv *c)
{
    c->thought->tokens.at = 0;
    c->thought->tokens.begun = false;
}


/* How much of it may be shown now, and cannot become something else. */
static size_t
showable(const cx_conv *c, cx_str unshown)
{
    cx_str  s = unshown;

    s.len -= cx_report_held(&c->prompt, s);
    s.len -= cx_ai_unmask_hold(&c->thought->masks, s);

    return cx_utf8_cut(unshown, s.len).len;
}


void
cx_tokens_show(cx_conv *c, cx_str said)
{
    cx_tokens       *k = &c->thought->tokens;
    cx_worker       *w = c->worker;
    cx_str           piece;
    cx_buf           b;
    cx_json_writer   j;

    if (!k->wanted || said.len <= k->at) {
        return;
    }

    piece = cx_str_sub(said, k->at, said.len);
    piece.len = showable(c, piece);

    if (piece.len == 0) {
        return;
    }

    k->at += piece.len;
    cx_arena_reset(w->scratch);
    cx_buf_init(&b, w->scratch, piece.len + 64, PIECE_MAX);
    cx_buf_add(&b, CX_STR("- delta "));
    cx_json_write_init(&j, &b);
    cx_json_begin(&j, '{');
    cx_json_name(&j, CX_STR("text"));
    cx_json_put_str(&j, cx_ai_unmask(&c->thought->masks, piece, w->scratch));

    if (!k->begun) {
        cx_json_name(&j, CX_STR("first"));
        cx_json_put_bool(&j, true);
    }

    cx_json_end(&j, '}');

    if (!b.failed && !cx_arena_failed(w->scratch)) {
        k->begun = true;
        k->shown = true;
        push(c, cx_buf_str(&b));
    }
}


void
cx_tokens_retract(cx_conv *c)
{
    cx_thought  *t = c->thought;

    if (t != NULL && t->tokens.shown) {
        t->tokens.shown = false;
        push(c, CX_STR("- retract {}"));
    }
}
