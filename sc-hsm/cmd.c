/* SPDX-License-Identifier: Apache-2.0 */
#include "sc-hsm/cmd.h"

#include "base/tlv.h"

#define ALL 0xff
#define ANY 0x00

/* Who may send it from a network, and how often in a login. Generous where a number depends on keys and people. */
#define LOCAL         0, 0
#define LOGIN(times)  HSM_FOR_LOGIN, times

static const uint8_t aid[] = { 0xE8, 0x2B, 0x06, 0x01, 0x04, 0x01, 0x81, 0xC3, 0x1F, 0x02, 0x01 };
const struct rd hsm_aid = { aid, sizeof(aid) };

/*
 * READ and UPDATE serve private data objects (CDnn), too, and GET CHALLENGE makes the random numbers of
 * C_GenerateRandom: so their contents are secret.
 */
static const struct hsm_cmd rows[HSM_OPS] = {
#define ROW(op, name, cla, ins, p1, p1_mask, p2, p2_mask, data, show, time, sw, who) \
	[op] = { op, name, cla, ins, p1, p2, p1_mask, p2_mask, data, show, time, sw, who },
ROW(HSM_SELECT,        "SELECT",                  0x00, 0xA4, 0x04, ALL, 0x00, ANY, true,
    TX_PUBLIC | RX_PUBLIC, T_SHORT, SW_FILE, LOGIN(1))
ROW(HSM_SELECT_FILE,   "SELECT file",             0x00, 0xA4, 0x00, 0xFD, 0x00, ALL, true,
    TX_PUBLIC | RX_PUBLIC, T_SHORT, SW_FILE, LOCAL)
ROW(HSM_VERIFY,        "VERIFY",                  0x00, 0x20, 0x00, ALL, 0x00, ANY, true,
    TX_SECRET | RX_PUBLIC, T_SHORT, SW_PIN, LOCAL)
ROW(HSM_VERIFY_STATUS, "VERIFY status",           0x00, 0x20, 0x00, ALL, 0x00, ANY, false,
    TX_PUBLIC | RX_PUBLIC, T_SHORT, SW_PIN, LOGIN(1000))
ROW(HSM_KEEP_LOGIN,    "VERIFY keep login",       0x00, 0x20, 0x01, ALL, 0x81, ALL, false,
    TX_PUBLIC | RX_PUBLIC, T_SHORT, SW_PIN, LOCAL)
ROW(HSM_CHANGE_PIN,    "CHANGE REFERENCE DATA",   0x00, 0x24, 0x00, ALL, 0x00, ANY, true,
    TX_SECRET | RX_PUBLIC, T_SHORT, SW_PIN, LOCAL)
ROW(HSM_RESET_RETRY,   "RESET RETRY COUNTER",     0x00, 0x2C, 0x00, 0xFC, 0x81, ALL, true,
    TX_SECRET | RX_PUBLIC, T_SHORT, SW_PIN, LOCAL)
ROW(HSM_INITIALIZE,    "INITIALIZE DEVICE",       0x80, 0x50, 0x00, ALL, 0x00, ALL, true,
    TX_SECRET | RX_PUBLIC, T_KEYOP, SW_INIT, LOCAL)
ROW(HSM_SESSION_PIN,   "GENERATE SESSION PIN",    0x80, 0x5A, 0x01, ALL, 0x81, ALL, false,
    TX_PUBLIC | RX_SECRET, T_SHORT, SW_PLAIN, LOCAL)
ROW(HSM_DEVICE_INFO,   "device information",      0x80, 0x50, 0x00, ALL, 0x00, ALL, false,
    TX_PUBLIC | RX_PUBLIC, T_SHORT, SW_PLAIN, LOCAL)
ROW(HSM_CHALLENGE,     "GET CHALLENGE",           0x00, 0x84, 0x00, ALL, 0x00, ALL, false,
    TX_PUBLIC | RX_SECRET, T_SHORT, SW_PLAIN, LOGIN(PKA_CUSTODIANS_MAX + 2))
ROW(HSM_READ,          "READ BINARY",             0x00, 0xB1, 0x00, ANY, 0x00, ANY, true,
    TX_PUBLIC | RX_SECRET, T_SHORT, SW_READ, LOGIN(4096))
ROW(HSM_UPDATE,        "UPDATE BINARY",           0x00, 0xD7, 0x00, ANY, 0x00, ANY, true,
    TX_SECRET | RX_PUBLIC, T_SHORT, SW_FILE, LOCAL)
ROW(HSM_DELETE,        "DELETE FILE",             0x00, 0xE4, 0x02, ALL, 0x00, 0x7F, true,
    TX_PUBLIC | RX_PUBLIC, T_SHORT, SW_FILE, LOCAL)
ROW(HSM_ENUMERATE,     "ENUMERATE OBJECTS",       0x80, 0x58, 0x00, ALL, 0x00, ALL, false,
    TX_PUBLIC | RX_PUBLIC, T_SHORT, SW_PLAIN, LOGIN(16))
ROW(HSM_GENERATE_PAIR, "GENERATE ASYMMETRIC KEY PAIR", 0x00, 0x46, 0x00, ANY, 0x00, ANY, true,
    TX_PUBLIC | RX_PUBLIC, T_KEYGEN, SW_MAKE, LOCAL)
ROW(HSM_GENERATE_AES,  "GENERATE SYMMETRIC KEY",  0x00, 0x48, 0x00, ANY, 0x00, ANY, true,
    TX_PUBLIC | RX_PUBLIC, T_KEYOP, SW_MAKE_AES, LOCAL)
ROW(HSM_SIGN,          "SIGN",                    0x80, 0x68, 0x00, ANY, 0x00, ANY, true,
    TX_PUBLIC | RX_PUBLIC, T_KEYOP, SW_SIGN, LOCAL)
ROW(HSM_DECIPHER,      "DECIPHER",                0x80, 0x62, 0x00, ANY, 0x00, ANY, true,
    TX_PUBLIC | RX_SECRET, T_KEYOP, SW_DECIPHER, LOCAL)
ROW(HSM_DECIPHER_FILE, "DECIPHER from a file",    0x80, 0x62, 0x00, ANY, 0x80, 0xF0, false,
    TX_PUBLIC | RX_SECRET, T_KEYOP, SW_DECIPHER, LOCAL)
ROW(HSM_CIPHER,        "CIPHER with a symmetric key", 0x80, 0x78, 0x00, ANY, 0x00, ANY, true,
    TX_SECRET | RX_SECRET, T_KEYOP, SW_SIGN, LOCAL)
ROW(HSM_DERIVE_EC,     "DERIVE EC KEY",           0x80, 0x76, 0x00, ANY, 0x00, ANY, true,
    TX_SECRET | RX_PUBLIC, T_KEYOP, SW_DERIVE, LOCAL)
ROW(HSM_WRAP,          "WRAP KEY",                0x80, 0x72, 0x00, ANY, 0x92, ALL, false,
    TX_PUBLIC | RX_SECRET, T_KEYOP, SW_WRAP, LOCAL)
ROW(HSM_UNWRAP,        "UNWRAP KEY",              0x80, 0x74, 0x00, ANY, 0x93, ALL, true,
    TX_SECRET | RX_PUBLIC, T_KEYOP, SW_UNWRAP, LOCAL)
ROW(HSM_UNWRAP_FILE,   "UNWRAP KEY from a file",  0x80, 0x74, 0x00, ANY, 0x93, ALL, false,
    TX_PUBLIC | RX_PUBLIC, T_KEYOP, SW_UNWRAP, LOCAL)
ROW(HSM_KEY_DOMAIN,    "MANAGE KEY DOMAIN",       0x80, 0x52, 0x00, ANY, 0x00, ANY, true,
    TX_SECRET | RX_PUBLIC, T_KEYOP, SW_DOMAIN, LOCAL)
ROW(HSM_DOMAIN_JOIN_FILE, "MANAGE KEY DOMAIN join from a file", 0x80, 0x52, 0x02, ALL, 0x00, ANY, false,
    TX_PUBLIC | RX_PUBLIC, T_KEYOP, SW_DOMAIN, LOCAL)
ROW(HSM_DOMAIN_STATUS, "MANAGE KEY DOMAIN status", 0x80, 0x52, 0x00, ALL, 0x00, ANY, false,
    TX_PUBLIC | RX_PUBLIC, T_SHORT, SW_DOMAIN, LOCAL)
ROW(HSM_DOMAIN_DELETE, "MANAGE KEY DOMAIN delete", 0x80, 0x52, 0x03, ALL, 0x00, ANY, false,
    TX_PUBLIC | RX_PUBLIC, T_SHORT, SW_DOMAIN, LOCAL)
ROW(HSM_DOMAIN_FORGET, "MANAGE KEY DOMAIN forget", 0x80, 0x52, 0x04, ALL, 0x00, ANY, false,
    TX_PUBLIC | RX_PUBLIC, T_SHORT, SW_DOMAIN, LOCAL)
ROW(HSM_PKA_STATUS,    "MANAGE PUBLIC KEY AUTHENTICATION status", 0x80, 0x54, 0x00, ALL, 0x00, ALL, false,
    TX_PUBLIC | RX_PUBLIC, T_SHORT, SW_PKA, LOGIN(1000))
ROW(HSM_PKA_REGISTER,  "MANAGE PUBLIC KEY AUTHENTICATION", 0x80, 0x54, 0x00, 0xFE, 0x00, ANY, true,
    TX_PUBLIC | RX_PUBLIC, T_KEYOP, SW_PKA, LOCAL)
ROW(HSM_PKA_KEY,       "MANAGE PUBLIC KEY AUTHENTICATION key", 0x80, 0x54, 0x02, ALL, 0x00, ANY, false,
    TX_PUBLIC | RX_PUBLIC, T_SHORT, SW_PKA, LOGIN(4 * PKA_CUSTODIANS_MAX))
ROW(HSM_MSE_CHIP,      "MANAGE SE chip authentication", 0x00, 0x22, 0x41, ALL, 0xA4, ALL, true,
    TX_PUBLIC | RX_PUBLIC, T_SHORT, SW_PLAIN, LOGIN(2))
ROW(HSM_MSE_VERIFY,    "MANAGE SE certificate",   0x00, 0x22, 0x81, ALL, 0xB6, ALL, true,
    TX_PUBLIC | RX_PUBLIC, T_SHORT, SW_PLAIN, LOCAL)
ROW(HSM_MSE_AUTH,      "MANAGE SE authentication", 0x00, 0x22, 0x81, ALL, 0xA4, ALL, true,
    TX_PUBLIC | RX_PUBLIC, T_SHORT, SW_PLAIN, LOGIN(4 * PKA_CUSTODIANS_MAX))
ROW(HSM_PSO_VERIFY,    "PSO VERIFY CERTIFICATE",  0x00, 0x2A, 0x00, ALL, 0xBE, ALL, true,
    TX_PUBLIC | RX_PUBLIC, T_KEYOP, SW_AUTH, LOCAL)
ROW(HSM_EXTERNAL_AUTH, "EXTERNAL AUTHENTICATE",   0x00, 0x82, 0x00, ALL, 0x00, ALL, true,
    TX_PUBLIC | RX_PUBLIC, T_KEYOP, SW_AUTH, LOGIN(4 * PKA_CUSTODIANS_MAX))
ROW(HSM_GENERAL_AUTH,  "GENERAL AUTHENTICATE",    0x00, 0x86, 0x00, ALL, 0x00, ALL, true,
    TX_PUBLIC | RX_PUBLIC, T_KEYOP, SW_AUTH, LOGIN(2))
#undef ROW
};

const struct hsm_cmd *hsm_cmd_get(enum hsm_op op)
{
	return &rows[op];
}

const struct hsm_cmd *hsm_cmd_find(const struct apdu *a)
{
	for (size_t i = 0; i < HSM_OPS; i++) {
		const struct hsm_cmd *r = &rows[i];

		if (a->cla == r->cla && a->ins == r->ins && (a->p1 & r->p1_mask) == (r->p1 & r->p1_mask) &&
		    (a->p2 & r->p2_mask) == (r->p2 & r->p2_mask) && (a->data.n != 0) == r->with_data)
			return r;
	}
	return NULL;
}

uint64_t hsm_time_ms(enum hsm_time t)
{
	/* RSA with 4096 bits: a signature takes seconds, a key pair minutes (APDU reference 3.11). */
	static const uint64_t ms[] = { [T_SHORT] = 10 * 1000, [T_KEYOP] = 60 * 1000, [T_KEYGEN] = 15 * 60 * 1000 };

	return ms[t];
}

/* ---- answers ---- */

/*
 * The template of SELECT, reference 1.3: 6F (P2 = 00) or 62 (P2 = 04), in it 85 with the version in the last two
 * bytes, before it the platform and the options where they are.
 */
enum err hsm_dec_select(struct rd data, struct hsm_version *out)
{
	struct rd fci, v;
	uint8_t at[5] = { 0 };

	if (!rd_tlv(&data, 0x6F, &fci) && !rd_tlv(&data, 0x62, &fci))
		return ERR_FORMAT;
	if (!rd_end(&data) || !rd_tlv_find(fci, 0x85, &v) || v.n < 2)
		return ERR_FORMAT;
	/* Right-aligned: options (2), platform, major, minor. */
	for (size_t i = 0; i < sizeof(at) && i < v.n; i++)
		at[sizeof(at) - 1 - i] = v.p[v.n - 1 - i];
	*out = (struct hsm_version){
		.has_options = v.n >= sizeof(at), .options = (uint16_t)(at[0] << 8 | at[1]), .platform = at[2],
		.major = at[3], .minor = at[4],
	};
	return ERR_OK;
}

/* Free memory first, the version last; what stands between them on the vendor's card is not known (reference 15.4). */
enum err hsm_dec_about(struct rd data, struct hsm_about *out)
{
	struct hsm_about a;

	if (!rd_u32(&data, &a.free) || data.n < 2)
		return ERR_FORMAT;
	a.major = data.p[data.n - 2];
	a.minor = data.p[data.n - 1];
	*out = a;
	return ERR_OK;
}

enum err hsm_dec_pka(struct rd data, struct hsm_pka *out)
{
	struct hsm_pka p;

	if (!rd_u8(&data, &p.total) || !rd_u8(&data, &p.missing) || !rd_u8(&data, &p.required) ||
	    !rd_u8(&data, &p.authenticated) || !rd_end(&data))
		return ERR_FORMAT;
	/* Not more: open firmware lets a card be made with required > total, and that must still be shown. */
	if (p.missing > p.total)
		return ERR_FORMAT;
	*out = p;
	return ERR_OK;
}

/* Reference 3.10: two bytes each, in no order; open firmware may append 0000. */
enum err hsm_dec_enumerate(struct rd data, uint16_t fids[OBJECTS_MAX], size_t *n)
{
	uint16_t fid;

	*n = 0;
	while (rd_u16(&data, &fid)) {
		if (fid == 0)
			continue;
		if (*n == OBJECTS_MAX)
			return ERR_LIMIT;
		fids[(*n)++] = fid;
	}
	return rd_end(&data) ? ERR_OK : ERR_FORMAT;
}
