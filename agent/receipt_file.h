/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The file of a receipt (pka/receipt.h) while it grows: what append has returned ERR_OK for is on the disk. After a
 * failure nothing more is taken, so that no later line hides a lost one.
 */
#ifndef AGENT_RECEIPT_FILE_H
#define AGENT_RECEIPT_FILE_H

#include "pka/receipt.h"

struct agent_receipt;
/*
 * A new file of mode 0600; path NULL: DEVICE-YYYYMMDDTHHMMSSZ-N.receipt in folder. ERR_CONDITIONS: path exists; ERR_IO,
 * said.
 */
MUST enum err agent_receipt_open(const char *path, const char *folder, const char *device_id, int64_t when,
				 struct agent_receipt **out);
MUST enum err agent_receipt_head(struct agent_receipt *r, const struct receipt_head *h);
MUST enum err agent_receipt_use(struct agent_receipt *r, const struct receipt_use *u);
MUST enum err agent_receipt_end(struct agent_receipt *r, const struct receipt_end *e);
const char *agent_receipt_path(const struct agent_receipt *r);
/* NULL-safe; a file without a head is removed: nobody was let in. */
void agent_receipt_close(struct agent_receipt **r);

#endif
