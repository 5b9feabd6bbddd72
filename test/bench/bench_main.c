/* SPDX-License-Identifier: Apache-2.0 */
/* The measured clients of bench.sh; see p11.c, scard.c and load.c for what they take and print. */
#include <stdio.h>
#include <string.h>

#include "test/bench/bench.h"
#include "test/bench/load.h"

int main(int argc, char **argv)
{
	int status = 2;

	if (argc > 1 && strcmp(argv[1], "p11") == 0)
		status = bench_p11(argc - 1, argv + 1);
	if (argc > 1 && strcmp(argv[1], "scard") == 0)
		status = bench_scard(argc - 1, argv + 1);
	if (argc > 1 && strcmp(argv[1], "echo") == 0)
		status = bench_echo(argc - 1, argv + 1);
	if (argc > 1 && strcmp(argv[1], "cpu") == 0)
		status = bench_cpu(argc - 1, argv + 1);
	if (argc > 1 && strcmp(argv[1], "load") == 0)
		status = bench_load(argc - 1, argv + 1);
	if (status == 2)
		fprintf(stderr, "usage: bench p11 MODULE READER COUNT_FILE LABEL PIN_FILE N\n"
			"       bench scard shared|exclusive READER PIN_FILE HEX N\n"
			"       bench echo N\n"
			"       bench cpu PID\n"
			"       bench load PID URL CA_FILE TOKEN_FILE PKI_FOLDER N\n");
	return status;
}
