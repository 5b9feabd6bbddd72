// SPDX-License-Identifier: Apache-2.0
//
// A card with a PIN, used by Node's pkcs11js: use.js MODULE PIN. Signs the file data with the keys rsa and ec to
// node.rsa.sig and node.ec.sig, decrypts what it has encrypted, and agrees with the key of peer.pem on node.secret.
"use strict";

const assert = require("assert");
const crypto = require("crypto");
const fs = require("fs");
const p = require("pkcs11js");

const [, , library, pin] = process.argv;
const data = fs.readFileSync("data");
const module_ = new p.PKCS11();

function find(session, kind, label) {
	module_.C_FindObjectsInit(session, [{ type: p.CKA_CLASS, value: kind }, { type: p.CKA_LABEL, value: label }]);
	const found = module_.C_FindObjects(session, 2);
	module_.C_FindObjectsFinal(session);
	assert.strictEqual(found.length, 1, label);
	return found[0];
}

// A pair of integers as in X.509 of r and s one after the other.
function der(raw) {
	const half = raw.length / 2;
	const integer = (b) => {
		let at = 0;
		while (at < b.length - 1 && b[at] === 0)
			at++;
		const value = b[at] & 0x80 ? Buffer.concat([Buffer.of(0), b.subarray(at)]) : b.subarray(at);
		return Buffer.concat([Buffer.of(2, value.length), value]);
	};
	const both = Buffer.concat([integer(raw.subarray(0, half)), integer(raw.subarray(half))]);
	return Buffer.concat([Buffer.of(0x30, both.length), both]);
}

function signs(session, key, mechanism, to, shape) {
	module_.C_SignInit(session, { mechanism }, find(session, p.CKO_PRIVATE_KEY, key));
	const signature = module_.C_Sign(session, data, Buffer.alloc(512));
	const verify = (text) => {
		module_.C_VerifyInit(session, { mechanism }, find(session, p.CKO_PUBLIC_KEY, key));
		return module_.C_Verify(session, text, signature);
	};
	assert(verify(data), key);
	let taken = true;
	try {
		taken = verify(Buffer.from("something else"));
	} catch (e) {
		assert.strictEqual(e.code, p.CKR_SIGNATURE_INVALID);
		taken = false;
	}
	assert(!taken, "a signature of something else");
	fs.writeFileSync(to, shape(signature));
}

function decrypts(session) {
	const mechanism = {
		mechanism: p.CKM_RSA_PKCS_OAEP,
		parameter: { type: p.CK_PARAMS_RSA_OAEP, hashAlg: p.CKM_SHA256, mgf: p.CKG_MGF1_SHA256, source: 1 },
	};
	module_.C_EncryptInit(session, mechanism, find(session, p.CKO_PUBLIC_KEY, "rsa"));
	const secret = module_.C_Encrypt(session, data, Buffer.alloc(512));
	assert(!secret.includes(data));
	module_.C_DecryptInit(session, mechanism, find(session, p.CKO_PRIVATE_KEY, "rsa"));
	assert(module_.C_Decrypt(session, secret, Buffer.alloc(512)).equals(data));
}

function agrees(session) {
	const spki = crypto.createPublicKey(fs.readFileSync("peer.pem")).export({ type: "spki", format: "der" });
	const mechanism = {
		mechanism: p.CKM_ECDH1_DERIVE,
		parameter: { type: p.CK_PARAMS_EC_DH, kdf: p.CKD_NULL, publicData: spki.subarray(-65) },
	};
	const key = module_.C_DeriveKey(session, mechanism, find(session, p.CKO_PRIVATE_KEY, "ec"), [
		{ type: p.CKA_CLASS, value: p.CKO_SECRET_KEY },
		{ type: p.CKA_KEY_TYPE, value: p.CKK_GENERIC_SECRET },
		{ type: p.CKA_TOKEN, value: false },
		{ type: p.CKA_SENSITIVE, value: false },
		{ type: p.CKA_EXTRACTABLE, value: true },
		{ type: p.CKA_VALUE_LEN, value: 32 },
	]);
	fs.writeFileSync("node.secret", module_.C_GetAttributeValue(session, key, [{ type: p.CKA_VALUE }])[0].value);
}

module_.load(library);
module_.C_Initialize();
const [slot] = module_.C_GetSlotList(true);
assert.strictEqual(module_.C_GetTokenInfo(slot).label.trim(), "card");
const session = module_.C_OpenSession(slot, p.CKF_RW_SESSION | p.CKF_SERIAL_SESSION);
module_.C_Login(session, p.CKU_USER, pin);
assert.notDeepStrictEqual(module_.C_GenerateRandom(session, Buffer.alloc(20)), Buffer.alloc(20));
signs(session, "rsa", p.CKM_SHA256_RSA_PKCS, "node.rsa.sig", (s) => s);
signs(session, "ec", p.CKM_ECDSA_SHA256, "node.ec.sig", der);
decrypts(session);
agrees(session);
module_.C_Logout(session);
module_.C_CloseSession(session);
module_.C_Finalize();
module_.close();
