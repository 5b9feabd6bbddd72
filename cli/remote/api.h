/* SPDX-License-Identifier: Apache-2.0 */
/* The management server's JSON interface (docs/API.md), as its client. */
#ifndef CLI_REMOTE_API_H
#define CLI_REMOTE_API_H

#include <jansson.h>

#include "base/secret.h"
#include "cli/line/verb.h"

#define API_URL_MAX 2048

struct cli_api;
/* url: "https://host:port", a path behind it is kept, "/rt/hsm" (a login's address) is not; NULL: [login] url. Said. */
MUST enum err cli_api_open(const struct cli *cli, const char *url, struct cli_api **out);
/* Send the operator's token from now on; borrowed. */
void cli_api_authorize(struct cli_api *a, const struct secret *token);
/*
 * When the server asks who calls (401), or says that it is another's to see (403, 404): next gives further tokens to
 * try, as long as it has any (ERR_NOT_FOUND ends that; any other error is the call's). It is called with first = true
 * once in each call, and may call the server itself; then nobody is asked. NULL: nobody.
 */
typedef enum err cli_api_next(void *ctx, struct cli *cli, int status, bool first, const struct secret **token);
void cli_api_when_asked(struct cli_api *a, cli_api_next *next, void *ctx);
void cli_api_close(struct cli_api **a);
const char *cli_api_url(const struct cli_api *a);

/* Does the server answer at all? Nothing is said; why: if not, safe to show. */
MUST enum err cli_api_ping(struct cli_api *a, char *why, size_t cap, struct deadline *dl);

/*
 * One request. body NULL: GET, otherwise POST of it (taken). Any status with a JSON object is ERR_OK: look at it.
 * Said: no connection, no JSON. answer: json_decref it.
 */
MUST enum err cli_api_call(struct cli *cli, struct cli_api *a, const char *path, json_t *body, int *status,
			   json_t **answer);
/* As cli_api_call, but PUT. */
MUST enum err cli_api_put(struct cli *cli, struct cli_api *a, const char *path, json_t *body, int *status,
			  json_t **answer);
/* The error of a status outside 200..299; says the server's message, escaped. */
enum err cli_api_fail(const struct cli_api *a, int status, const json_t *answer, const char *what);

/* Members of an object; ERR_PROTOCOL, not said, if missing, of another type or malformed. */
MUST enum err cli_api_text(const json_t *o, const char *key, const char **out);
MUST enum err cli_api_number(const json_t *o, const char *key, int64_t min, int64_t max, int64_t *out);
/* base64url, appended; null counts as nothing. */
MUST enum err cli_api_bytes(const json_t *o, const char *key, struct wr *out);
json_t *cli_api_from_bytes(struct rd bytes);                    /* NULL: no memory */

/* 32 hex digits, lower case: what names a request. */
bool cli_api_is_id(const char *text);
#define REQUEST_LINK_SIZE 43            /* base64url of 32 bytes: what comes after /r/ in a link */
bool cli_api_is_link(const char *text);

#endif
