/* SPDX-License-Identifier: Apache-2.0 */
#include "pka/read.h"

#define READ_SIZE 1024
#define READ_LEAST 32               /* who claims to take less is asked for this all the same */

size_t pka_read_size(size_t answer_max)
{
	if (!answer_max || answer_max >= READ_SIZE + 2)
		return READ_SIZE;
	return answer_max < READ_LEAST + 2 ? READ_LEAST : answer_max - 2;
}
