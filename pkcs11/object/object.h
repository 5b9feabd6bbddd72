/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The objects of a card, in memory. Token objects are made once and stay where they are until they are gone and their
 * room is needed; session objects end, and are freed, with their session or when they are destroyed. So between two
 * calls an object is known by its handle alone.
 */
#ifndef PKCS11_OBJECT_OBJECT_H
#define PKCS11_OBJECT_OBJECT_H

#include "base/crypto_ec.h"
#include "base/secret.h"
#include "pkcs11/ck/vendor.h"
#include "sc-hsm/file.h"
#include "sc-hsm/p15.h"

#define P11_UNIQUE_SIZE 33              /* hexadecimal digits and the end */

enum p11_trust {                         /* is what we know what the card has? see p11_token_confirm */
	P11_DOUBTED,                    /* another process read it, or it was read before this login */
	P11_READ,                       /* this process read it, at some time */
	P11_COMPARED                    /* ... and once more, before its first use as a key */
};
struct p11_object {
	CK_OBJECT_HANDLE handle;        /* of a private object: until a logout */
	CK_OBJECT_CLASS class;
	CK_BBOOL is_private;            /* seen only when logged in */
	bool gone;                      /* destroyed; the memory stays until another object needs the room */
	enum p11_trust trust;
	CK_BBOOL is_token, modifiable, copyable, destroyable;
	char unique[P11_UNIQUE_SIZE];
	CK_SESSION_HANDLE session;      /* of a session object */
	uint8_t key;                    /* number of the key on the card it belongs to; 0: none */
	uint16_t fid;                   /* file of a certificate or of data */
	uint16_t about;                 /* file of the description */

	/* what attributes are made of; views into bytes that the set of objects keeps */
	struct rd label, id;
	CK_KEY_TYPE type;
	CK_ULONG bits;                  /* modulus or field; 0 not known */
	enum ec_curve curve;
	CK_BBOOL sign, verify, encrypt, decrypt, derive, local;
	CK_BBOOL sensitive, extractable, always_sensitive, never_extractable;
	CK_MECHANISM_TYPE made_by;
	struct rd modulus, exponent;    /* unsigned, without leading zeros */
	struct rd ec_params;            /* DER OBJECT IDENTIFIER */
	struct rd ec_point;             /* DER OCTET STRING */
	struct rd q;                    /* the point in it */
	struct rd spki;                 /* DER SubjectPublicKeyInfo */
	struct rd value, subject, issuer, serial, check;
	struct rd attestation;          /* of both halves of a pair */
	struct rd car, chr, ced, cxd;   /* of a card verifiable certificate */
	struct rd counter, algorithms, domain, mechanisms;      /* p NULL: not asked of the card */
	struct rd application, object_id;
	struct rd from, to;             /* CK_DATE */
	CK_ULONG category, certificate, profile;
	struct secret *secret;          /* value of a session's secret key */
	CK_ULONG secret_size;
	struct p11_chunk *own;          /* a session object's bytes */
	struct rd about_file, file;     /* what it was made of; of private data the description alone */
};

#define P11_SESSION_OBJECTS_MAX 4096
#define P11_DEVICE_OBJECTS 3
#define P11_OBJECTS_MAX (P11_DEVICE_OBJECTS + 3 * KEYS_MAX + 2 * 256 + P11_SESSION_OBJECTS_MAX)

struct p11_chunk;
struct p11_objects {
	size_t n;
	struct p11_object *v[P11_OBJECTS_MAX];
	struct p11_chunk *kept;         /* bytes that views of objects point to */
	struct rd device;               /* EF.C_DevAut, which tells cards apart */
	CK_OBJECT_HANDLE last;          /* never given twice */
	bool loaded;
};

void p11_objects_clear(struct p11_objects *o);
/* NULL if there is none or it was destroyed. */
struct p11_object *p11_objects_get(const struct p11_objects *o, CK_OBJECT_HANDLE h);
/* Like this, with a handle and a unique id of its own. ERR_LIMIT, ERR_NOMEM. */
MUST enum err p11_objects_add(struct p11_objects *o, const struct p11_object *like, CK_OBJECT_CLASS class);
struct p11_object *p11_objects_of_key(const struct p11_objects *o, uint8_t key, CK_OBJECT_CLASS class);
/* What counts of a file: not the tail of an older, longer one. */
struct rd p11_object_content(struct rd file);
/* Card verifiable, so that only who asks for its type finds it. */
bool p11_object_is_cvc(const struct p11_object *o);
/*
 * P11_DEVICE_OBJECTS: the device's certificate and its issuer's, of EF.C_DevAut, and what the token is for programs
 * (PKCS#11 3.0 4.13). Comes first, as the unique ids of all others are made with it. ERR_FORMAT: none of these.
 */
MUST enum err p11_objects_add_device(struct p11_objects *o, struct rd devaut);
/*
 * All files; the caller has begun a sequence. cache: those that an earlier process kept may do, and what is read is
 * kept; otherwise what was kept is forgotten. On failure nothing is kept.
 */
MUST enum err p11_objects_load(struct p11_objects *o, struct hsm_card *card, struct rd devaut, bool cache,
			       struct deadline *dl);
/* The files that an object is made of, read anew. ERR_NOT_FOUND: the card has something else. */
MUST enum err p11_objects_compare(const struct p11_object *obj, struct hsm_card *card, struct deadline *dl);
/* Another program may have changed the card: what is made of its files is to be compared before it is used again. */
void p11_objects_doubt(struct p11_objects *o);
/*
 * What fresh has, which becomes empty: objects that are the same stay where they are with their handles, those that
 * fresh does not have are gone, session objects stay. ERR_LIMIT.
 */
MUST enum err p11_objects_renew(struct p11_objects *o, struct p11_objects *fresh);
/*
 * The objects of one key from its files C4 and CE (which may be empty): private key, public key, certificate.
 * ERR_FORMAT, ERR_UNSUPPORTED: not a key of ours, nothing is added. ERR_NOMEM, ERR_LIMIT.
 */
MUST enum err p11_objects_add_key(struct p11_objects *o, uint8_t key, struct rd prkd, struct rd ee);
MUST enum err p11_objects_add_ca(struct p11_objects *o, uint16_t fid, struct rd cd, struct rd der);
/* A data object from its description C9kk, and its value, where everybody may read it. out may be NULL. */
MUST enum err p11_objects_add_data(struct p11_objects *o, uint8_t low, struct rd dcod, struct rd value,
				   const struct p11_object **out);
/* All objects with this description, which is now file; p NULL: stays as it is. */
MUST enum err p11_objects_rename(struct p11_objects *o, uint16_t about, struct rd label, struct rd id, struct rd file);
/* The card has nothing any more in this file, which was part of a key. */
void p11_objects_forget_file(struct p11_objects *o, uint16_t fid);
/*
 * A new X.509 certificate of a key, which its file CE holds now; the objects of the key stay, an older certificate
 * goes.
 */
MUST enum err p11_objects_add_cert(struct p11_objects *o, uint8_t key, struct rd der);
struct p11_object *p11_objects_cert_of_fid(const struct p11_objects *o, uint16_t fid);
/*
 * A session object as like says; takes its secret and its own bytes, also on failure. ERR_LIMIT, ERR_NOMEM. out: lives
 * until the object is destroyed.
 */
MUST enum err p11_objects_add_session(struct p11_objects *o, struct p11_object *like, const struct p11_object **out);
void p11_objects_end_object(struct p11_objects *o, CK_OBJECT_HANDLE h);
/* All objects of a session; 0: of all sessions. */
void p11_objects_end_session(struct p11_objects *o, CK_SESSION_HANDLE session);
/* Private session objects do not outlive the login (PKCS#11 2.40 5.6, C_Logout). */
void p11_objects_end_private(struct p11_objects *o);
/* Their old handles are invalid from now on. */
void p11_objects_renew_private(struct p11_objects *o);
/* Forget all objects of a key. */
void p11_objects_forget_key(struct p11_objects *o, uint8_t key);
/* The key whose public key has this SubjectPublicKeyInfo; 0: none. */
uint8_t p11_objects_key_of_spki(const struct p11_objects *o, struct rd spki);

#endif
