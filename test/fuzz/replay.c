/* SPDX-License-Identifier: Apache-2.0 */
/* In place of libFuzzer: each file that is named, once; a fuzzer that finds something ends the program. */
#include <stdio.h>

#include "base/file.h"

#define INPUT_MAX 65536

int LLVMFuzzerInitialize(int *argc, char ***argv) __attribute__((weak));
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int main(int argc, char **argv)
{
	if (LLVMFuzzerInitialize && LLVMFuzzerInitialize(&argc, &argv))
		return 1;
	for (int i = 1; i < argc; i++) {
		struct wr w;
		enum err e;

		wr_init_heap(&w, INPUT_MAX);
		e = file_read(argv[i], INPUT_MAX, &w);
		if (e) {
			fprintf(stderr, "%s: %s\n", argv[i], err_text(e));
			return 1;
		}
		(void)LLVMFuzzerTestOneInput(w.p, w.n);
		wr_free(&w);
	}
	return 0;
}
