/* SPDX-License-Identifier: Apache-2.0 */
/* apdu/usb/usb.h where there is no USB: a rehearsal meets no real reader. */
#include "apdu/usb/usb.h"

enum err usb_list(bool polite, struct apdu_readers *out)
{
	(void)polite;
	out->n = 0;
	return ERR_OK;
}

enum err usb_wait(struct deadline *dl)
{
	return deadline_wait(dl, -1);
}

enum err usb_open(const char *reader, struct apdu_link **out)
{
	(void)reader;
	*out = NULL;
	return ERR_NO_READER;
}

enum err usb_survey(struct usb_found *out, size_t max, size_t *n)
{
	(void)out;
	(void)max;
	*n = 0;
	return ERR_OK;
}
