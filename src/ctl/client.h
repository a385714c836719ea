/* What the API's client and the webhook poster share of libcurl. */

#ifndef CX_CTL_CLIENT_H
#define CX_CTL_CLIENT_H

#include "core/version.h"
#include "ctl/ctl.h"

#include <curl/curl.h>

#define CTL_VERSION  CX_VERSION_TEXT

/* No proxy, no signal, no other protocol; deadlines. */
void ctl_curl_set(CURL *h, int64_t timeout_ms);

#endif /* CX_CTL_CLIENT_H */
