/* SPDX-License-Identifier: Apache-2.0 */
/* The server, for whoever shows the operator's token; and which thing of it a command line names. */
#ifndef CLI_ENROL_OPERATOR_H
#define CLI_ENROL_OPERATOR_H

#include "cli/remote/api.h"

struct cli_operator {
	struct cli_api *api;
	struct secret *token;
};

/* url NULL: [login] url. Without --token-file ERR_ARG. Said. Close it, whatever the answer. */
MUST enum err cli_operator_open(struct cli *cli, const char *url, struct cli_operator *out);
void cli_operator_close(struct cli_operator *o);

struct cli_operands {
	const char *url, *name, *file;          /* url NULL: not given; file: "" where none belongs */
};

/* The operands [URL] NAME [FILE]; what: what NAME is, for people. ERR_ARG, said. */
MUST enum err cli_operands_read(const struct cli_args *a, const char *what, bool file, struct cli_operands *out);

/* The path of what is asked of NAME, which is percent-encoded between before and after. ERR_BUFFER. */
#define OPERATOR_PATH_SIZE 256
MUST enum err cli_operator_path(const char *before, const char *name, const char *after,
				char out[OPERATOR_PATH_SIZE]);

#endif
