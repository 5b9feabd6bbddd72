/* SPDX-License-Identifier: Apache-2.0 */
/* A custodian's later statement "end": the approval of one login is over. Bytes only. */
#ifndef PKA_END_H
#define PKA_END_H

#include "base/limits.h"
#include "pka/statement.h"

/*
 * Does the statement end this login of this device? It must be signed by the PKA file's key, say "end", name that
 * key, hold login_id and the SHA-256 of host_json, and as its message the SHA-256 of the device id. The key is the
 * server's word: ending takes nothing but time from anybody, which a server may do (docs/ARCHITECTURE.md, promise 1).
 * who: the key's holder reference, "" on failure; printable, so it can be shown. ERR_SIGNATURE: signed by another key,
 * or a good statement about something else; ERR_FORMAT: file or statement is malformed.
 */
MUST enum err pka_end_check(struct rd pka_file, struct rd statement, struct rd statement_sig, struct rd device_id,
			    struct rd login_id, struct rd host_json, char who[CHR_MAX + 1]);

#endif
