#include "worker/migrate.h"

#include "store/store.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#define URL_ROOM  4096


static int
complain(const char *text)
{
    fprintf(stderr, "connext-worker: %s\n", text);
    return EX_CONFIG;
}


static int
look(const char *url)
{
    char     error[512];
    int64_t  has, needs;

    if (cx_store_look(url, &has, &needs, error, sizeof(error)) != CX_OK) {
        return complain(error);
    }

    if (has == needs) {
        printf("the schema is %" PRId64 ", up to date\n", has);
        return EXIT_SUCCESS;
    }

    if (has > needs) {
        printf("the schema is %" PRId64 ", newer than this program (%" PRId64
               "): use the newer one\n", has, needs);

    } else {
        printf("the schema is %" PRId64 ", this program needs %" PRId64
               ": connext-worker migrate\n", has, needs);
    }

    return EXIT_FAILURE;
}


static int
migrate(const char *url)
{
    char       error[512];
    cx_store  *store;

    if (cx_store_open(url, true, &store, error, sizeof(error)) != CX_OK) {
        return complain(error);
    }

    cx_store_close(store);
    return look(url);
}


int
cx_migrate(cx_str url, bool only_look)
{
    char  name[URL_ROOM];

    if (url.len >= sizeof(name)) {
        return complain("the store's URL is too long");
    }

    memcpy(name, url.p, url.len);
    name[url.len] = '\0';

    return only_look ? look(name) : migrate(name);
}
