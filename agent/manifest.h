/* SPDX-License-Identifier: Apache-2.0 */
/* The file of digests that an approval covers; its form: pka/manifest.h. */
#ifndef AGENT_MANIFEST_H
#define AGENT_MANIFEST_H

#include "pka/limits.h"
#include "pka/manifest.h"

/* limits get its hash. ERR_FORMAT, ERR_LIMIT, ERR_IO, ERR_NOT_FOUND; said, with path and line. */
MUST enum err agent_manifest_load(const char *path, struct pka_manifest **out, struct pka_limits *limits);

#endif
