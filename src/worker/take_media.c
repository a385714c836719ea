#include "worker/take.h"

#include "core/json.h"


/*
 * A message's attachments: the one of its own fields and, where a provider
 * sends several in one message (Twilio), those in "media" of its extra.  They
 * are counted on the loop, which gives out the ids, and noted with TAKE.
 */

static void
read_one(cx_json_reader *r, cx_take_media *m)
{
    cx_str  key;

    if (!cx_json_enter(r, CX_JSON_OBJECT)) {
        cx_json_skip(r);
        return;
    }

    while (cx_json_key(r, &key)) {
        if (CX_STR_IS(key, "url")) {
            (void) cx_json_string(r, &m->url);

        } else if (CX_STR_IS(key, "mime_type")) {
            (void) cx_json_string(r, &m->mime);

        } else {
            cx_json_skip(r);
        }
    }
}


static void
read_list(cx_json_reader *r, cx_take_item *it)
{
    cx_take_media  m;

    if (!cx_json_enter(r, CX_JSON_ARRAY)) {
        cx_json_skip(r);
        return;
    }

    while (cx_json_item(r)) {
        m = (cx_take_media) { .url = CX_NOSTR };
        read_one(r, &m);

        if (m.url.len > 0 && it->nmedia < CX_TAKE_MEDIA) {
            it->media[it->nmedia++] = m;
        }
    }
}


void
cx_take_media_note(cx_take_batch *b, cx_take_item *it)
{
    cx_str          key;
    const cx_msg   *m = &it->msg;
    cx_json_reader  r;

    if (m->media_id.len == 0 && m->media_url.len == 0) {
        return;
    }

    it->media = CX_NEW_N(b->arena, CX_TAKE_MEDIA, cx_take_media);
    if (it->media == NULL) {
        return;
    }

    it->media[it->nmedia++] = (cx_take_media) {
        .ref = m->media_id, .url = m->media_url, .name = m->media_name,
        .mime = m->media_mime,
    };

    cx_json_open(&r, m->extra, b->arena);

    if (m->extra.len > 0 && cx_json_enter(&r, CX_JSON_OBJECT)) {
        while (cx_json_key(&r, &key)) {
            if (CX_STR_IS(key, "media")) {
                read_list(&r, it);

            } else {
                cx_json_skip(&r);
            }
        }
    }

    for (size_t i = 0; i < it->nmedia; i++) {
        it->media[i].id = cx_worker_new_id(b->worker);
    }
}


cx_err
cx_take_media_add(cx_store *s,
    const cx_take_item *it)
{
    cx_err  err = CX_OK;

    if (it->taken.duplicate) {
        return CX_OK;
    }

    for (size_t i = 0; i < it->nmedia && err == CX_OK; i++) {
        const cx_media_row  row = {
            .id = it->media[i].id,
            .message_id = it->taken.message_id,
            .channel_id = it->take.channel_id,
            .partition = it->taken.partition,
            .ref_id = it->media[i].ref,
            .ref_url = it->media[i].url,
            .name = it->media[i].name,
            .mime = it->media[i].mime,
            .created_at = it->take.now_ms,
        };

        err = cx_store_media_add(s, &row);
    }

    return err;
}
