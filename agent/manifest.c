/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/manifest.h"

#include <errno.h>
#include <string.h>

#include "base/file.h"
#include "base/log.h"

static void tell(const char *path, enum err e, size_t line)
{
	if (e == ERR_FORMAT && line)
		log_tell("manifest %s, line %zu: no digest in hex", path, line);
	else if (e == ERR_FORMAT)
		log_tell("manifest %s: no digest in it, so nothing could be signed", path);
	else if (e)
		log_tell("manifest %s: %s", path, e == ERR_IO ? strerror(errno) : err_text(e));
}

enum err agent_manifest_load(const char *path, struct pka_manifest **out, struct pka_limits *limits)
{
	struct wr content;
	size_t line = 0;
	enum err e;

	*out = NULL;
	wr_init_heap(&content, MANIFEST_MAX);
	e = file_read(path, MANIFEST_MAX, &content);
	if (!e)
		e = pka_manifest_read(wr_view(&content), out, &line);
	tell(path, e, line);
	wr_free(&content);
	if (e)
		return e;
	limits->has_manifest = true;
	memcpy(limits->manifest, pka_manifest_hash(*out).p, sizeof(limits->manifest));
	return ERR_OK;
}
