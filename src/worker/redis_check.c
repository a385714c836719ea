#include "worker/engine.h"

#include <string.h>


/*
 * An event is acknowledged to its provider once Redis confirmed it: that is
 * worth as much as these settings are.  We do not refuse to work (the events
 * are there already), we say it, at every connect.
 */
static const struct {
    const char  *name;
    const char  *want;
    const char  *risk;
} settings[] = {
    { "appendonly", "yes",
      "a restart of Redis loses events that were acknowledged" },
    { "appendfsync", "always",
      "a crash of the machine loses the last second of events" },
    { "maxmemory-policy", "noeviction",
      "Redis may evict the queue when its memory is full" },
};


static const redisReply *
value_of(const redisReply *reply, const char *name)
{
    for (size_t i = 0; i + 1 < reply->elements; i += 2) {
        if (strcmp(reply->element[i]->str, name) == 0) {
            return reply->element[i + 1];
        }
    }

    return NULL;
}


static void
checked(void *ctx, const redisReply *reply)
{
    cx_worker         *w = ctx;
    const redisReply  *v;

    if (reply == NULL) {
        return;
    }

    if (reply->type != REDIS_REPLY_ARRAY) {
        cx_log(CX_LOG_INFO, "redis.unchecked",
               CX_FZ("why", "CONFIG GET is not permitted"));
        return;
    }

    w->stats.redis_durable = true;

    for (size_t i = 0; i < sizeof(settings) / sizeof(settings[0]); i++) {
        v = value_of(reply, settings[i].name);

        if (v != NULL && strcmp(v->str, settings[i].want) != 0) {
            w->stats.redis_durable = false;
            cx_log(CX_LOG_WARN, "redis.not_durable",
                   CX_FZ("setting", settings[i].name), CX_FZ("is", v->str),
                   CX_FZ("should_be", settings[i].want),
                   CX_FZ("risk", settings[i].risk));
        }
    }
}


void
cx_redis_check(cx_worker *w)
{
    cx_str  argv[] = {
        CX_STR("CONFIG"), CX_STR("GET"), cx_strz(settings[0].name),
        cx_strz(settings[1].name), cx_strz(settings[2].name),
    };

    cx_redis_command(w->redis, sizeof(argv) / sizeof(argv[0]), argv, 5000,
                     checked, w);
}
