/*
 * The commands that wait for an answer, and who waits for them.  Slots and
 * parts outlive requests, so they are not of a request's pool.
 */

#include "edge/redis.h"


ngx_int_t
ngx_http_connext_slot_spare(ngx_http_connext_redis_t *redis)
{
    if (redis->spare == NULL) {
        redis->spare = ngx_calloc(sizeof(ngx_http_connext_slot_t),
                                  &redis->quiet);
    }

    if (redis->spare_parts == NULL) {
        redis->spare_parts = ngx_calloc(sizeof(ngx_http_connext_part_t),
                                        &redis->quiet);
    }

    return redis->spare != NULL && redis->spare_parts != NULL ? NGX_OK
                                                              : NGX_ERROR;
}


ngx_http_connext_slot_t *
ngx_http_connext_slot_take(ngx_http_connext_redis_t *redis)
{
    ngx_http_connext_slot_t  *slot;

    slot = redis->spare;
    redis->spare = slot->next;

    ngx_memzero(slot, sizeof(ngx_http_connext_slot_t));

    return slot;
}


/* Events of one data, one after another, are one part. */

void
ngx_http_connext_slot_wait(ngx_http_connext_redis_t *redis,
    ngx_http_connext_slot_t *slot, ngx_uint_t n,
    ngx_http_connext_reply_pt handler, void *data)
{
    ngx_http_connext_part_t  *part;

    slot->n += n;
    part = slot->last;

    if (part != NULL && part->data == data && part->handler == handler) {
        part->n += n;
        return;
    }

    part = redis->spare_parts;
    redis->spare_parts = part->next;

    part->next = NULL;
    part->handler = handler;
    part->data = data;
    part->n = n;

    if (slot->last != NULL) {
        slot->last->next = part;

    } else {
        slot->parts = part;
    }

    slot->last = part;
}


/* Handlers may queue again, and so take what is spare already. */

void
ngx_http_connext_slot_answer(ngx_http_connext_redis_t *redis,
    ngx_http_connext_slot_t *slot, cx_err err,
    const ngx_http_connext_reply_t *reply)
{
    ngx_uint_t                first;
    ngx_http_connext_part_t   part, *next;

    next = slot->parts;
    first = 0;

    slot->next = redis->spare;
    redis->spare = slot;

    while (next != NULL) {
        part = *next;

        next->next = redis->spare_parts;
        redis->spare_parts = next;
        next = part.next;

        part.handler(part.data, first, part.n, err, reply);
        first += part.n;
    }
}


static void
ngx_http_connext_parts_free(ngx_http_connext_part_t *part)
{
    ngx_http_connext_part_t  *next;

    for ( /* void */ ; part != NULL; part = next) {
        next = part->next;
        ngx_free(part);
    }
}


static void
ngx_http_connext_slots_free(ngx_http_connext_slot_t *slot, ngx_uint_t parts)
{
    ngx_http_connext_slot_t  *next;

    for ( /* void */ ; slot != NULL; slot = next) {
        next = slot->next;

        if (parts) {
            ngx_http_connext_parts_free(slot->parts);
        }

        ngx_free(slot);
    }
}


/* Spare ones and those that wait; nobody is told. */

void
ngx_http_connext_slot_free(ngx_http_connext_redis_t *redis)
{
    ngx_http_connext_parts_free(redis->spare_parts);
    ngx_http_connext_slots_free(redis->spare, 0);
    ngx_http_connext_slots_free(redis->head, 1);
    ngx_http_connext_slots_free(redis->batch.slot, 1);

    redis->spare_parts = NULL;
    redis->spare = NULL;
    redis->batch.slot = NULL;
    redis->head = NULL;
    redis->tail = &redis->head;
}
