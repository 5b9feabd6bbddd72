/* SPDX-License-Identifier: Apache-2.0 */
#include "sc-hsm/share.h"

#include "base/crypto_aes.h"
#include "base/crypto_pbe.h"
#include "base/rand.h"

#define MAGIC "Salted__"
/* PKCS#7: a whole block more, since a share has whole blocks. */
#define PADDED (HSM_SHARE_SIZE + AES_BLOCK)

enum err hsm_share_seal(const struct secret *share, const struct secret *password, unsigned rounds, struct wr *file)
{
	uint8_t salt[PBE_SALT_SIZE], key[PBE_KEY_SIZE], iv[PBE_IV_SIZE], bytes[PADDED];
	struct wr plain;
	enum err e;

	if (secret_size(share) != HSM_SHARE_SIZE)
		return ERR_ARG;
	WR_ARR(&plain, bytes);
	wr_put(&plain, secret_view(share));
	for (size_t i = 0; i < AES_BLOCK; i++)
		wr_u8(&plain, AES_BLOCK);
	e = rand_bytes(salt, sizeof(salt));
	if (!e)
		e = pbe_md5(secret_view(password), salt, rounds, key, iv);
	if (!e) {
		wr_text(file, MAGIC);
		wr_put(file, RD_ARR(salt));
		e = aes_cbc_encrypt(RD_ARR(key), iv, wr_view(&plain), file);
	}
	wr_free(&plain);
	wipe(key, sizeof(key));
	wipe(iv, sizeof(iv));
	return e;
}

static bool is_padding(struct rd r)
{
	for (size_t i = 0; i < r.n; i++)
		if (r.p[i] != AES_BLOCK)
			return false;
	return true;
}

enum err hsm_share_open(struct rd file, const struct secret *password, unsigned rounds, struct secret **share)
{
	uint8_t key[PBE_KEY_SIZE], iv[PBE_IV_SIZE], bytes[PADDED];
	struct rd magic, salt;
	struct wr plain;
	enum err e;

	if (file.n != HSM_SHARE_FILE_SIZE || !rd_take(&file, sizeof(MAGIC) - 1, &magic) || !rd_eq_str(magic, MAGIC) ||
	    !rd_take(&file, PBE_SALT_SIZE, &salt))
		return ERR_FORMAT;
	WR_ARR(&plain, bytes);
	e = pbe_md5(secret_view(password), salt.p, rounds, key, iv);
	if (!e)
		e = aes_cbc_decrypt(RD_ARR(key), iv, file, &plain);
	if (!e && !is_padding(rd_of(bytes + HSM_SHARE_SIZE, AES_BLOCK)))
		e = ERR_SIGNATURE;
	if (!e)
		e = secret_new(rd_of(bytes, HSM_SHARE_SIZE), share);
	wr_free(&plain);
	wipe(key, sizeof(key));
	wipe(iv, sizeof(iv));
	return e;
}
