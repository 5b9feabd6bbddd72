/* SPDX-License-Identifier: Apache-2.0 */
#include "sc-hsm/file.h"

#include <string.h>

#include "base/log.h"
#include "sc-hsm/ability.h"
#include "sc-hsm/card_int.h"

/* CLA INS P1 P2, extended Lc, 54 02 offset, 53 82 length: what surrounds the data of an UPDATE. */
#define UPDATE_FRAME (4 + 3 + 4 + 4)
/* Data and status word of an answer are about as long as a command may be, less this; reference 1.2. */
#define ANSWER_FRAME 32

/*
 * Fewer bytes than asked for are the end of the file, but before 3.4 (reference 3.7). Without a SELECT of ours the
 * version is not known; then one more READ settles it.
 */
static bool short_is_end(const struct hsm_card *c)
{
	return c->version.major && hsm_can(&c->version, HSM_CAN_END_SHORT);
}

enum err hsm_file_read(struct hsm_card *c, uint16_t fid, struct wr *out, struct deadline *dl)
{
	size_t block = hsm_card_cmd_max(c) - ANSWER_FRAME, offset = 0, got;
	uint16_t sw = 0;
	struct wr cmd;
	enum err e;

	for (;;) {
		wr_init_heap(&cmd, APDU_CMD_MAX);
		hsm_enc_read(&cmd, fid, (uint16_t)offset, block);
		got = out->n;
		e = hsm_card_ask(c, HSM_READ, &cmd, out, &sw, dl);
		if (e)
			return e;
		got = out->n - got;
		/* Exactly at the end cards answer 6282 without data, or that the offset is behind it. */
		if (sw == HSM_SW_BEHIND_END)
			return ERR_OK;
		e = hsm_sw_err(hsm_cmd_get(HSM_READ), sw, &c->detail);
		if (!e && got > block)
			e = ERR_FORMAT;
		if (e || got == 0 || (got < block && short_is_end(c)))
			return e;
		offset += got;
		if (offset >= FILE_SIZE_MAX)
			return ERR_LIMIT;
	}
}

enum err hsm_file_devaut(struct hsm_card *c, struct wr *out, struct deadline *dl)
{
	return hsm_file_read(c, HSM_EF_DEVAUT, out, dl);
}

enum err hsm_file_write(struct hsm_card *c, uint16_t fid, struct rd data, struct deadline *dl)
{
	size_t block = hsm_card_cmd_max(c) - UPDATE_FRAME, offset = 0;
	struct rd part;
	struct wr cmd;
	enum err e;

	if (data.n > FILE_SIZE_MAX)
		return hsm_card_refuse(c, ERR_LIMIT);
	e = hsm_file_delete(c, fid, dl);
	if (e == ERR_NOT_FOUND)
		e = ERR_OK;
	/* At least one command, so that an empty file exists. */
	do {
		if (!e && !rd_take(&data, data.n < block ? data.n : block, &part))
			e = ERR_BUG;
		if (e)
			break;
		wr_init_heap(&cmd, APDU_CMD_MAX);
		hsm_enc_update(&cmd, fid, (uint16_t)offset, part);
		e = hsm_card_send(c, HSM_UPDATE, &cmd, NULL, dl);
		offset += part.n;
	} while (!e && !rd_end(&data));
	return e;
}

enum err hsm_file_delete(struct hsm_card *c, uint16_t fid, struct deadline *dl)
{
	struct wr cmd;

	wr_init_heap(&cmd, APDU_CMD_MAX);
	hsm_enc_delete(&cmd, fid);
	return hsm_card_send(c, HSM_DELETE, &cmd, NULL, dl);
}

enum err hsm_file_write_both(struct hsm_card *c, uint16_t fid, struct rd data, uint16_t about_fid, struct rd about,
			     struct deadline *dl)
{
	const uint16_t both[] = { about_fid, fid };
	enum err e = hsm_file_write(c, fid, data, dl), gone;
	struct err_detail detail;

	if (!e)
		e = hsm_file_write(c, about_fid, about, dl);
	detail = c->detail;
	/* A card that has not answered will not now. */
	for (size_t i = 0; e && detail.sw && i < 2; i++) {
		gone = hsm_file_delete(c, both[i], dl);
		if (gone && gone != ERR_NOT_FOUND)
			log_line(LOG_CARD, LOG_WARN, "%s: file %04X stays though it was not written whole: %s",
				 apdu_link_where(hsm_card_link(c)), both[i], err_text(gone));
	}
	c->detail = detail;
	return e;
}

enum err hsm_file_list(struct hsm_card *c, struct hsm_fids *out, struct deadline *dl)
{
	struct wr cmd, data;
	enum err e;

	wr_init_heap(&cmd, APDU_CMD_MAX);
	wr_init_heap(&data, APDU_RSP_MAX);
	hsm_enc_enumerate(&cmd);
	e = hsm_card_send(c, HSM_ENUMERATE, &cmd, &data, dl);
	if (!e)
		e = hsm_dec_enumerate(wr_view(&data), out->v, &out->n);
	wr_free(&data);
	return e;
}

bool hsm_fids_has(const struct hsm_fids *f, uint16_t fid)
{
	for (size_t i = 0; i < f->n; i++)
		if (f->v[i] == fid)
			return true;
	return false;
}

enum err hsm_file_free_number(struct hsm_card *c, struct rd kinds, uint8_t first, uint8_t *low, struct deadline *dl)
{
	bool used[UINT8_MAX + 1] = { false };
	struct hsm_fids f;
	enum err e = hsm_file_list(c, &f, dl);

	if (e)
		return e;
	for (size_t i = 0; i < f.n; i++)
		if (memchr(kinds.p, f.v[i] >> 8, kinds.n))
			used[f.v[i] & 0xff] = true;
	for (unsigned i = first; i <= UINT8_MAX; i++) {
		if (!used[i]) {
			*low = (uint8_t)i;
			return ERR_OK;
		}
	}
	return ERR_CARD_MEMORY;
}

enum err hsm_card_send_by_file(struct hsm_card *c, enum hsm_op op, struct wr *cmd, struct rd object, struct wr *data,
			       struct deadline *dl)
{
	enum err e = hsm_file_write(c, HSM_EF_BUFFER, object, dl), gone;
	struct err_detail detail;

	if (e) {
		wr_free(cmd);
		return e;
	}
	e = hsm_card_send(c, op, cmd, data, dl);
	detail = c->detail;
	/* Whether the card forgets it is not known. Left there, the next status query would register a key. */
	gone = hsm_file_delete(c, HSM_EF_BUFFER, dl);
	if (!e && gone && gone != ERR_NOT_FOUND)
		return gone;
	c->detail = detail;
	return e;
}
