/* SPDX-License-Identifier: Apache-2.0 */
/* What this command believes: roots from [trust], and what may be shown as UNVERIFIED. */
#ifndef CLI_TRUST_TRUST_H
#define CLI_TRUST_TRUST_H

#include "attest/keyatt.h"
#include "cli/line/verb.h"
#include "cli/remote/request.h"
#include "pka/file.h"

/* Those that --root names, and no other; without it the production root and [trust] roots. Said. */
MUST enum err cli_trust_load(const struct cli *cli, struct att_anchors **out);
/* May this device do without a chain: --unverified, or named in [trust] unverified. */
bool cli_trust_is_waived(const struct cli *cli, const char *device_id);
/*
 * Genuine, or without a chain and waived (then chain->is_genuine is false and the caller says UNVERIFIED). A chain
 * that ends at an unknown root is never waived. ERR_ATTESTATION; not said: cli_verdict_tell.
 */
MUST enum err cli_trust_chain(const struct cli *cli, const struct att_anchors *anchors, struct rd devaut,
			      struct att_chain *out, struct att_verdict *v);
/*
 * A PKA file by pka_file_check, or by the same checks under the device's own certificate if waived; *genuine tells
 * which.
 */
MUST enum err cli_trust_pka_file(const struct cli *cli, const struct att_anchors *anchors, const struct pka_file *f,
				 bool *genuine, struct att_verdict *v);
/*
 * A custodian's own judgement of a request (pka/approval.h): everything the server says is checked here again, and what
 * does not pass is refused, whatever he wants. In per-key mode a challenge is believed only when it comes with his own
 * turn, so it is left out. ERR_REFUSED. Said.
 */
MUST enum err cli_trust_request(const struct cli *cli, const struct cli_request *r, struct pka_approval **out);
#define CLI_TRUST_HELP "roots stand in [trust], a card without a chain needs --unverified"
/* Every check that did not pass, one line each. what: the card, key or file. */
void cli_verdict_tell(const char *what, const struct att_verdict *v);
/* Every check, for programs. NULL: no memory. */
json_t *cli_verdict_json(const struct att_verdict *v);

#endif
